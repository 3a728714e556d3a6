import Serving
import Vocabulary

/// Keys by digest, compact: 64 bytes and a slot of 4 for each, 400,000 of them in some 35 MB.
///
/// An open-addressed index into a dense list. Keys are never removed: a revoked one must stay known as such.
struct KeyTable: Sendable {
  /// What is kept of one key.
  struct Entry: Sendable {
    let name: KeyName
    /// The 16 characters of the device's id, without its prefix.
    let device: (UInt64, UInt64)
    var revision: UInt32
    /// The day of its last contact since 1970; 0 until it was seen.
    var day: UInt16
    let district: UInt16
    var state: KeyState
  }

  private var entries: ContiguousArray<Entry> = []
  /// Places in `entries`, plus one; 0 is free. Its count is a power of two.
  private var slots: ContiguousArray<UInt32> = [0, 0, 0, 0]
  private var districts: [DistrictID] = []
  private var districtPlaces: [DistrictID: UInt16] = [:]
  /// So that nobody can choose keys that fall into one slot.
  private let seed = UInt64.random(in: .min ... .max) | 1

  var count: Int { entries.count }

  init(capacity: Int = 0) {
    entries.reserveCapacity(capacity)
    grow(to: capacity)
  }

  func key(_ digest: Digest) -> KnownKey? {
    guard let entry = entry(digest) else { return nil }
    return KnownKey(
      key: digest, district: districts[Int(entry.district)], device: DeviceID(packed: entry.device), state: entry.state)
  }

  func entry(_ digest: Digest) -> Entry? {
    let name = KeyName(digest)
    let place = slots[slot(of: name)]
    return place == 0 ? nil : entries[Int(place) - 1]
  }

  /// Takes over `key` unless a newer revision of it is here.
  mutating func update(_ key: DeviceKey) {
    let name = KeyName(key.digest)
    let revision = UInt32(truncatingIfNeeded: key.revision)
    let slot = slot(of: name)
    if slots[slot] != 0 {
      let place = Int(slots[slot]) - 1
      guard entries[place].revision <= revision else { return }
      entries[place].revision = revision
      entries[place].state = key.state
      entries[place].day = Self.day(key.lastSeen)
      return
    }
    entries.append(
      Entry(
        name: name, device: key.device.packed, revision: revision, day: Self.day(key.lastSeen),
        district: intern(key.district), state: key.state))
    slots[slot] = UInt32(entries.count)
    grow(to: entries.count + 1)
  }

  static func day(_ instant: Instant?) -> UInt16 {
    UInt16(clamping: (instant?.milliseconds ?? 0) / 86_400_000)
  }

  private mutating func intern(_ district: DistrictID) -> UInt16 {
    if let place = districtPlaces[district] { return place }
    let place = UInt16(districts.count)
    districts.append(district)
    districtPlaces[district] = place
    return place
  }

  /// The slot that holds `name`, or the free one where it would go.
  private func slot(of name: KeyName) -> Int {
    let mask = slots.count - 1
    // Digests are uniform already; the seed only hides which slot a chosen one takes.
    let mixed = (name.a ^ seed) &* seed
    var slot = Int(truncatingIfNeeded: mixed >> 20) & mask
    while slots[slot] != 0, entries[Int(slots[slot]) - 1].name != name { slot = (slot + 1) & mask }
    return slot
  }

  /// Keeps the slots at most three quarters full with `count` keys.
  private mutating func grow(to count: Int) {
    var size = slots.count
    while count * 4 > size * 3 { size *= 2 }
    guard size > slots.count else { return }
    slots = ContiguousArray(repeating: 0, count: size)
    for index in entries.indices { slots[slot(of: entries[index].name)] = UInt32(index + 1) }
  }
}

/// A digest without an allocation.
struct KeyName: Sendable, Equatable {
  let a, b, c, d: UInt64

  init(_ digest: Digest) {
    let bytes = digest.bytes
    func word(_ start: Int) -> UInt64 { bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
    (a, b, c, d) = (word(0), word(8), word(16), word(24))
  }
}

extension DeviceID {
  fileprivate var packed: (UInt64, UInt64) {
    let body = Array(rawValue.utf8.dropFirst(Self.prefix.utf8.count + 1))
    func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    return (word(body.prefix(8)), word(body.dropFirst(8)))
  }

  fileprivate init(packed: (UInt64, UInt64)) {
    var text: [UInt8] = Array("\(Self.prefix)_".utf8)
    for word in [packed.0, packed.1] {
      for shift in stride(from: 56, through: 0, by: -8) {
        text.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
      }
    }
    self.init(unchecked: String(decoding: text, as: UTF8.self))
  }
}
