internal import Serving
internal import Vocabulary

/// What a person decides on: a device's request, or a key that nobody here knows, by its digest. Both stand in one list,
/// a district's keys before its requests.
enum WaitingID: Hashable, Sendable, Encodable, CustomStringConvertible {
  case key(Digest)
  case request(PendingID)

  init?(_ text: String) {
    if let request = PendingID(rawValue: text) {
      self = .request(request)
    } else if let digest = Digest(hex: text) {
      self = .key(digest)
    } else {
      return nil
    }
  }

  var description: String {
    switch self {
    case .key(let digest): digest.description
    case .request(let id): id.rawValue
    }
  }

  var key: Digest? { if case .key(let digest) = self { digest } else { nil } }
  var request: PendingID? { if case .request(let id) = self { id } else { nil } }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// A place in the list of what waits: behind this item.
struct WaitingPlace {
  let district: DistrictID
  let id: WaitingID

  /// - Throws: `request.query`.
  init(_ key: String) throws(ServingError) {
    let parts = key.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let district = DistrictID(rawValue: String(parts[0])), let id = WaitingID(String(parts[1]))
    else { throw ServingError(.query, "'after' is the 'next' of the page before, unchanged.") }
    (self.district, self.id) = (district, id)
  }
}
