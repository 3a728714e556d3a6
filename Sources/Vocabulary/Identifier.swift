/// A name that is a text with a rule; two kinds of identifier never mix.
///
/// Identifiers stand in paths, keys and logs, so their alphabet is small and needs no escaping anywhere.
package protocol Identifier: RawRepresentable<String>, Hashable, Comparable, Sendable, Codable, CustomStringConvertible
{
  /// The value if it follows the rule of its kind, else nil.
  init?(rawValue: String)
}

extension Identifier {
  package var description: String { rawValue }

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = Self(rawValue: text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a valid \(Self.self)")
    }
    self = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}

/// A short code that people choose, such as `cedar-falls`: 1 to 40 of a–z, 0–9 and '-', beginning with a letter or digit.
func isSlug(_ text: String) -> Bool {
  let bytes = text.utf8
  guard (1...40).contains(bytes.count), bytes.first != UInt8(ascii: "-") else { return false }
  return bytes.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
}

/// A generated id: its kind's prefix, '_' and 16 characters of Crockford's base32 (80 random bits).
func isGenerated(_ text: String, prefix: String) -> Bool {
  guard text.hasPrefix(prefix + "_") else { return false }
  let body = text.utf8.dropFirst(prefix.utf8.count + 1)
  return body.count == 16 && body.allSatisfy(isLowerAlphanumeric)
}

private func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

/// A district's code, the tenant of every row: a slug that people choose.
package struct DistrictID: Identifier {
  package let rawValue: String
  package init?(rawValue: String) {
    guard isSlug(rawValue) else { return nil }
    self.rawValue = rawValue
  }
}

/// A school's code within its district: a slug that people choose.
package struct SchoolID: Identifier {
  package let rawValue: String
  package init?(rawValue: String) {
    guard isSlug(rawValue) else { return nil }
    self.rawValue = rawValue
  }
}

/// A batch's code within its district: a slug that people choose.
package struct BatchID: Identifier {
  package let rawValue: String
  package init?(rawValue: String) {
    guard isSlug(rawValue) else { return nil }
    self.rawValue = rawValue
  }
}

/// An id that the controller makes; see ``isGenerated(_:prefix:)`` for its shape.
package protocol GeneratedIdentifier: Identifier {
  static var prefix: String { get }
  init(unchecked: String)
}

extension GeneratedIdentifier {
  package init?(rawValue: String) {
    guard isGenerated(rawValue, prefix: Self.prefix) else { return nil }
    self.init(unchecked: rawValue)
  }

  /// A new id from ten bytes of randomness.
  package init(random bytes: some Sequence<UInt8>) {
    self.init(unchecked: Self.prefix + "_" + Base32.encode(Array(bytes.prefix(10))))
  }

  /// A new id from the system's random source.
  package static func random() -> Self {
    var generator = SystemRandomNumberGenerator()
    // Two numbers, for each asks the kernel.
    return withUnsafeBytes(of: (generator.next(), generator.next())) { Self(random: $0) }
  }
}

/// One physical machine.
package struct DeviceID: GeneratedIdentifier {
  package static let prefix = "dev"
  package let rawValue: String
  package init(unchecked: String) { rawValue = unchecked }
}

/// A student or a member of staff of the roster; who signs in is a principal.
package struct PersonID: GeneratedIdentifier {
  package static let prefix = "per"
  package let rawValue: String
  package init(unchecked: String) { rawValue = unchecked }
}

/// A person, a service or a token's holder that may be granted rights.
package struct PrincipalID: GeneratedIdentifier {
  package static let prefix = "prn"
  package let rawValue: String
  package init(unchecked: String) { rawValue = unchecked }
}

/// An operator's API token (not its secret).
package struct APITokenID: GeneratedIdentifier {
  package static let prefix = "api"
  package let rawValue: String
  package init(unchecked: String) { rawValue = unchecked }
}

/// Somebody's being signed in with a browser (not its secret).
package struct SessionID: GeneratedIdentifier {
  package static let prefix = "ses"
  package let rawValue: String
  package init(unchecked: String) { rawValue = unchecked }
}

/// An enrolment token (not its secret).
package struct EnrollmentTokenID: GeneratedIdentifier {
  package static let prefix = "tok"
  package let rawValue: String
  package init(unchecked: String) { rawValue = unchecked }
}

/// A device's request to be enrolled that waits for a person.
package struct PendingID: GeneratedIdentifier {
  package static let prefix = "pen"
  package let rawValue: String
  package init(unchecked: String) { rawValue = unchecked }
}

/// An entry of the journal.
package struct EntryID: GeneratedIdentifier {
  package static let prefix = "ent"
  package let rawValue: String
  package init(unchecked: String) { rawValue = unchecked }
}
