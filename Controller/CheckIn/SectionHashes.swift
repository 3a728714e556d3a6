internal import Vocabulary
internal import Wire

/// The hashes of a device's sections in one short run of bytes: a letter and 32 bytes a section, in a fixed order.
///
/// It is what the state's row holds, and two of them are compared at once on the unchanged path.
struct SectionHashes: Hashable, Sendable {
  private(set) var packed: [UInt8]

  static let none = SectionHashes([:])

  init(_ hashes: [FactSection: Digest]) {
    packed = []
    packed.reserveCapacity(hashes.count * 33)
    for section in FactSection.allCases {
      guard let digest = hashes[section] else { continue }
      packed.append(section.letter)
      packed += digest.bytes
    }
  }

  /// nil where the bytes are not such a run.
  init?(packed: [UInt8]) {
    guard packed.count % 33 == 0, packed.count <= 33 * FactSection.allCases.count else { return nil }
    let letters = stride(from: 0, to: packed.count, by: 33).map { packed[$0] }
    let order = FactSection.allCases.map(\.letter).filter(letters.contains)
    guard letters == order else { return nil }
    self.packed = packed
  }

  subscript(section: FactSection) -> ArraySlice<UInt8>? {
    for start in stride(from: 0, to: packed.count, by: 33) where packed[start] == section.letter {
      return packed[(start + 1)..<(start + 33)]
    }
    return nil
  }

  /// The sections that have a hash here.
  var sections: [FactSection] { FactSection.allCases.filter { self[$0] != nil } }

  /// These hashes with those of `sections` taken from `other`.
  func taking(_ sections: [FactSection], from other: SectionHashes) -> SectionHashes {
    guard !sections.isEmpty else { return self }
    var result = SectionHashes.none
    for section in FactSection.allCases {
      guard let hash = sections.contains(section) ? other[section] : self[section] else { continue }
      result.packed.append(section.letter)
      result.packed += hash
    }
    return result
  }
}

extension FactSection {
  fileprivate var letter: UInt8 {
    switch self {
    case .identity: UInt8(ascii: "i")
    case .hardware: UInt8(ascii: "h")
    case .system: UInt8(ascii: "s")
    case .vitals: UInt8(ascii: "v")
    case .software: UInt8(ascii: "w")
    }
  }
}
