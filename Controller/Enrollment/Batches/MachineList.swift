internal import Serving
internal import Vocabulary

/// A list of machines as somebody sent it: read whole, every fault kept with its place.
struct MachineList: Sendable {
  /// A machine and where it stands in what was sent.
  struct Item: Hashable, Sendable {
    let machine: ExpectedMachine
    /// The line of a file, from 1.
    let line: Int?
    /// The field of a JSON body or the column.
    let field: String
  }

  /// The most machines that one request may list: they are listed in one transaction, and other writes wait for it.
  static let limit = 20_000

  private(set) var items: [Item] = []
  private(set) var faults = CSVFaults()
  private var seen: [String: Int] = [:]

  static let columns = [
    CSVColumn("serial", required: true, aliases: ["Serial Number", "Service Tag"]),
    CSVColumn("assetTag", aliases: ["Asset"]),
    CSVColumn("model"),
  ]

  /// From a file with the columns `serial` and optionally `assetTag` and `model`.
  init(csv: [UInt8]) {
    var limits = CSVLimits()
    limits.records = Self.limit + 1
    var list = MachineList()
    do {
      _ = try CSVTable.read(csv, columns: Self.columns, limits: limits) { row, faults -> Int? in
        guard let text = row["serial"] else { return nil }
        return list.add(text, assetTag: row["assetTag"], model: row["model"], line: row.line, field: "serial", &faults)
      }
    } catch {
      for fault in error.faults { list.faults.add(fault) }
    }
    self = list
  }

  /// From the `serials` of a JSON body.
  init(serials: [String]) {
    var list = MachineList()
    var faults = CSVFaults()
    if serials.count > Self.limit {
      faults.add(
        Fault(
          field: "serials", code: EnrollmentError.Kind.faults.rawValue,
          message: "At most \(Self.limit) serials fit into one request."))
    }
    for (index, text) in serials.prefix(Self.limit).enumerated() {
      _ = list.add(text, assetTag: nil, model: nil, line: nil, field: "serials.\(index)", &faults)
    }
    list.faults = faults
    self = list
  }

  /// From lines as they are typed or scanned into a page, a serial each; empty ones are skipped.
  init(lines text: String) {
    var list = MachineList()
    var faults = CSVFaults()
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    for (index, line) in lines.enumerated() where line.contains(where: { !$0.isWhitespace }) {
      guard list.items.count < Self.limit else {
        faults.add(
          Fault(
            line: index + 1, field: "serial", code: EnrollmentError.Kind.faults.rawValue,
            message: "At most \(Self.limit) serials fit into one request."))
        break
      }
      _ = list.add(String(line), assetTag: nil, model: nil, line: index + 1, field: "serial", &faults)
    }
    list.faults = faults
    self = list
  }

  private init() {}

  /// Adds what other batches of the district say, and gives the machines that `batch` does not list yet.
  ///
  /// - Parameter listed: the batch that lists a serial, by the serial's folded form.
  /// - Throws: `enroll.faults` with every fault of the list.
  func new(for batch: BatchID, listed: [String: BatchID]) throws(EnrollmentError) -> [ExpectedMachine] {
    var faults = faults
    var new: [ExpectedMachine] = []
    for item in items {
      switch listed[item.machine.serial.folded] {
      case nil: new.append(item.machine)
      case batch: break
      case .some(let other):
        faults.add(
          Self.fault(
            .serialElsewhere, "The batch '\(other)' lists this serial already; take it out there first.",
            item.machine.serial.text, item.line, item.field))
      }
    }
    try Self.refuse(faults)
    return new
  }

  /// Adds what the batch says, and gives the machines that can be taken out of it, as it lists them.
  ///
  /// - Parameter listed: where a serial is listed, by the serial's folded form.
  /// - Throws: `enroll.faults` with every fault of the list.
  func removable(
    from batch: BatchID, listed: [String: BatchListing]
  ) throws(EnrollmentError) -> [ExpectedMachine] {
    var faults = faults
    var removable: [ExpectedMachine] = []
    for item in items {
      let listing = listed[item.machine.serial.folded]
      if let listing, listing.batch == batch, listing.state == .expected {
        removable.append(
          ExpectedMachine(serial: item.machine.serial, assetTag: listing.assetTag, model: listing.model))
        continue
      }
      let (kind, message): (EnrollmentError.Kind, String) =
        switch listing {
        case .some(let listing) where listing.batch == batch && listing.state == .enrolled:
          (.serialEnrolled, "This device has enrolled; its batch keeps it.")
        case .some(let listing) where listing.batch == batch:
          (.serialEnrolled, "This device has a key that is \(listing.state.rawValue); its batch keeps it.")
        case .some(let listing):
          (.serialUnlisted, "The batch '\(batch)' does not list this serial; '\(listing.batch)' does.")
        case nil: (.serialUnlisted, "The batch '\(batch)' does not list this serial.")
        }
      faults.add(Self.fault(kind, message, item.machine.serial.text, item.line, item.field))
    }
    try Self.refuse(faults)
    return removable
  }

  private static func refuse(_ faults: CSVFaults) throws(EnrollmentError) {
    guard faults.count != 0 else { return }
    throw EnrollmentError(
      .faults,
      "The list has \(faults.count) \(faults.count == 1 ? "fault" : "faults"). Nothing was changed; correct it and send it again.",
      faults: faults.list.sorted { ($0.line ?? 0) < ($1.line ?? 0) })
  }

  private mutating func add(
    _ text: String, assetTag: String?, model: String?, line: Int?, field: String, _ faults: inout CSVFaults
  ) -> Int? {
    guard let serial = Serial(text) else {
      let (kind, message): (EnrollmentError.Kind, String) =
        Serial.isPlaceholder(text)
        ? (.serialPlaceholder, "This is a filler that makers leave in firmware, not a serial.")
        : (.serialMalformed, "A serial has 1 to 64 printable ASCII characters.")
      faults.add(Self.fault(kind, message, text, line, field))
      return nil
    }
    let place = line ?? items.count
    if let first = seen[serial.folded] {
      let known = line == nil ? "" : " It stands in line \(first) already."
      faults.add(Self.fault(.serialDuplicate, "This serial stands in the list twice.\(known)", text, line, field))
      return nil
    }
    for (name, value) in [("assetTag", assetTag), ("model", model)] where (value?.utf8.count ?? 0) > 200 {
      faults.add(
        Fault(
          line: line, field: name, code: EnrollmentError.Kind.faults.rawValue, message: "'\(name)' is over 200 bytes."))
    }
    seen[serial.folded] = place
    items.append(
      Item(machine: ExpectedMachine(serial: serial, assetTag: assetTag, model: model), line: line, field: field))
    return place
  }

  private static func fault(
    _ kind: EnrollmentError.Kind, _ message: String, _ value: String, _ line: Int?, _ field: String
  ) -> Fault {
    Fault(line: line, field: field, value: String(value.prefix(100)), code: kind.rawValue, message: message)
  }
}
