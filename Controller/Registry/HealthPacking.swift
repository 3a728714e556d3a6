internal import Compression
internal import Serving

/// How `registry_contact.health_items` is stored: JSON, packed with what it is likely to say.
///
/// The dictionary is part of the stored format: what is packed with it can be read with it alone. A better one comes
/// beside it, under a mark of its own.
enum HealthPacking {
  /// JSON of a list begins with `[`.
  static let first = Packing(
    mark: 1,
    dictionary: #"""
      could not be read: permission denied."was not reported."How much battery Which updates wait","verdict":"unknown"\#
      Replace it.Plan to replace it.Disk sda says that it is failing. Save its data and replace it."verdict":"failing"\#
       % of its spare blocks left.Remove what is not needed.Updates are installed and wait for a restart."verdict":"attention"\#
      [{"item":"battery","reason":"Battery BAT0 holds 90 % of what it did when new.","verdict":"well"},\#
      {"item":"disk","reason":"Disk nvme0n1 has used 10 % of its endurance.","verdict":"well"},\#
      {"item":"memory","reason":"50 % of the memory is free.","verdict":"well"},\#
      {"item":"space","reason":"80 % of / is free.","verdict":"well"},\#
      {"item":"temperature","reason":"The hottest part, x86_pkg_temp is at 47 °C.","verdict":"well"},\#
      {"item":"clock","reason":"The clock is right.","verdict":"well"},\#
      {"item":"updates","reason":" updates wait.","verdict":"well"},{"item":"updates","reason":"No update waits.","verdict":"well"}]
      """#)

  /// A list of items in bytes, as JSON at most.
  private static let limit = 64 << 10

  static func pack(_ items: [Health.Item]) throws -> [UInt8] { try first.pack(JSONText.encode(items)) }

  /// - Throws: `compression.…`, and what JSON of another shape throws.
  static func unpack(_ stored: [UInt8]) throws -> [Health.Item] {
    try JSONText.decode([Health.Item].self, from: first.unpack(stored, limit: limit))
  }
}

extension Health {
  /// The items of the reports' view of contacts.
  ///
  /// - Throws: `compression.…`, and what JSON of another shape throws.
  package static func items(packed: [UInt8]) throws -> [Item] { try HealthPacking.unpack(packed) }
}
