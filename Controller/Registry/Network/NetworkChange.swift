import Serving
import Vocabulary

/// What a request makes of the labels that there are.
struct NetworkChange: Sendable, Hashable {
  private(set) var added: [NetworkLabel] = []
  private(set) var renamed: [NetworkLabel] = []
  private(set) var removed: [NetworkLabel] = []

  var isEmpty: Bool { added.isEmpty && renamed.isEmpty && removed.isEmpty }

  /// Decides, purely, what becomes of the labels that are `known`.
  ///
  /// - Throws: `registry.invalid`, each fault with its place in the request.
  init(_ patch: NetworkPatch, known: [NetworkLabel], now: Instant) throws(RegistryError) {
    var check = FieldCheck()
    let labels = Dictionary(known.map { ($0.addresses, $0) }) { first, _ in first }
    var named: Set<String> = []
    // A label that was removed leaves its number with contacts: none gets one again, for time does not go back.
    let seconds = now.milliseconds / 1000 - Self.begin
    var next = max((known.map(\.number).max() ?? 0) + 1, seconds)
    for (index, text) in (patch.remove ?? []).enumerated() {
      let place = "remove[\(index)]"
      guard let addresses = check.addresses(text, place), check.once(addresses, &named, place) else { continue }
      guard let label = labels[addresses] else {
        check.add(
          place, text, "There is no label for \(addresses); 'rollcall network list' names those that there are.")
        continue
      }
      removed.append(label)
    }
    for (index, wanted) in (patch.set ?? []).enumerated() {
      let place = "set[\(index)]"
      let words = check.text(wanted.label, "\(place).label", limit: NetworkLabel.longest)
      if words.lowercased() == NetworkLabels.elsewhere {
        check.add(
          "\(place).label", words, "'\(NetworkLabels.elsewhere)' is what is said of addresses that have no label.")
      }
      guard let addresses = check.addresses(wanted.addresses, "\(place).addresses"),
        check.once(addresses, &named, "\(place).addresses")
      else { continue }
      if var label = labels[addresses] {
        guard label.label != words else { continue }
        label.label = words
        renamed.append(label)
      } else if let label = NetworkLabel(number: next, addresses: addresses, label: words) {
        added.append(label)
        next += 1
      }
    }
    let count = known.count - removed.count + added.count
    if !added.isEmpty, count > NetworkLabel.most {
      check.add("set", "\(count)", "There are \(NetworkLabel.most) labels at most; these would make \(count).")
    }
    try check.throwFaults()
  }

  /// 2026-01-01, in seconds: numbers begin small.
  private static let begin: Int64 = 1_767_225_600
}

/// A change of labels: those that are set get these words, those that are removed go, all others stay.
struct NetworkPatch: Decodable, Sendable {
  struct Wanted: Decodable, Sendable {
    var addresses: String
    var label: String
  }

  var set: [Wanted]?
  var remove: [String]?

  /// - Throws: `request.body` where it changes nothing, or too much.
  func requireSome() throws(ServingError) {
    let count = (set?.count ?? 0) + (remove?.count ?? 0)
    guard count > 0 else { throw ServingError(.body, "The body changes nothing: give 'set', 'remove' or both.") }
    guard count <= 2 * NetworkLabel.most else {
      throw ServingError(.body, "One request names \(2 * NetworkLabel.most) labels at most.")
    }
  }
}

extension FieldCheck {
  /// Addresses in the one way that they are kept.
  fileprivate mutating func addresses(_ value: String, _ field: String) -> String? {
    guard value.utf8.count <= 64, let range = AddressRange(value), let text = range.text else {
      let meant = value.utf8.count <= 64 ? AddressRange.around(value)?.text : nil
      add(
        field, value,
        meant.map { "'\(field)' has bits behind its length; meant is perhaps \($0)." }
          ?? "'\(field)' are addresses as CIDR writes them, such as 10.20.0.0/16 or 2001:db8:20::/48.")
      return nil
    }
    guard range.origins != nil else {
      add(field, value, "'\(field)': of an IPv6 address the first 64 bits are looked at; a length is at most 64.")
      return nil
    }
    return text
  }

  fileprivate mutating func once(_ addresses: String, _ named: inout Set<String>, _ field: String) -> Bool {
    guard named.insert(addresses).inserted else {
      add(field, addresses, "The request names \(addresses) twice.")
      return false
    }
    return true
  }
}
