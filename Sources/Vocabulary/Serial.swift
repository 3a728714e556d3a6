/// A manufacturer's serial number: what is printed on the case and read from SMBIOS.
///
/// Compared without regard to case and surrounding space, for people type it and scanners add to it.
package struct Serial: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// As it was first written, trimmed.
  package let text: String
  /// In upper case: what is compared and indexed.
  package let folded: String

  /// The serial, or nil if it is empty, longer than 64 bytes, not printable ASCII, or a maker's placeholder.
  package init?(_ raw: String) {
    let trimmed = Serial.trimmed(raw)
    guard (1...64).contains(trimmed.utf8.count), trimmed.utf8.allSatisfy({ (0x20...0x7e).contains($0) }),
      !Serial.isPlaceholder(trimmed)
    else { return nil }
    text = trimmed
    folded = trimmed.uppercased()
  }

  package var description: String { text }
  package static func == (left: Serial, right: Serial) -> Bool { left.folded == right.folded }
  package static func < (left: Serial, right: Serial) -> Bool { left.folded < right.folded }
  package func hash(into hasher: inout Hasher) { hasher.combine(folded) }

  /// Whether firmware left a filler where a serial should be; such a text is never identity.
  package static func isPlaceholder(_ raw: String) -> Bool {
    let folded = trimmed(raw).uppercased()
    let significant = folded.filter { $0.isLetter || $0.isNumber }
    guard significant.count >= 3 else { return true }
    if placeholders.contains(folded) || placeholders.contains(significant) { return true }
    return Set(significant).count == 1
  }

  private static func trimmed(_ raw: String) -> String {
    let bytes = Array(raw.utf8)
    let space: (UInt8) -> Bool = { $0 <= 0x20 }
    guard let first = bytes.firstIndex(where: { !space($0) }), let last = bytes.lastIndex(where: { !space($0) })
    else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }

  /// Fillers seen in the field, in upper case.
  private static let placeholders: Set<String> = [
    "DEFAULT STRING", "DEFAULTSTRING", "TO BE FILLED BY O.E.M.", "TOBEFILLEDBYOEM", "0123456789", "123456789",
    "1234567890", "SYSTEM SERIAL NUMBER", "SYSTEMSERIALNUMBER", "SERIAL NUMBER", "SERIALNUMBER", "NOT SPECIFIED",
    "NOTSPECIFIED", "NOT APPLICABLE", "NOTAPPLICABLE", "N/A", "NONE", "UNKNOWN", "INVALID", "O.E.M.", "OEM",
    "CHASSIS SERIAL NUMBER", "CHASSISSERIALNUMBER", "BOARD SERIAL NUMBER", "BOARDSERIALNUMBER", "EMPTY", "NULL",
    "NOT AVAILABLE", "NOTAVAILABLE", "FILL BY OEM", "FILLBYOEM", "BASE BOARD SERIAL NUMBER", "BASEBOARDSERIALNUMBER",
    "SERNUM0", "SYSTEM MANUFACTURER", "STANDARD", "UNDEFINED", "TEST", "ABCDEFGH", "0123456789ABCDEF", "12345678",
    "01234567", "123456789ABC", "TBD BY OEM", "TBDBYOEM", "TBD", "NOT SET", "NOTSET", "NOT PRESENT", "NOTPRESENT",
    "SERIALNUMBER0", "TYPE1SERIALNUMBER", "BSN12345678901234567", "MB1234567890", "NB1234567890", "INSYDE", "EVAL",
    "NO ASSET INFORMATION", "NOASSETINFORMATION", "OEM CHASSIS SERIAL NUMBER", "OEMCHASSISSERIALNUMBER",
  ]
}

/// An SMBIOS UUID in its canonical lower-case form; all zeros, all ones and known fillers are not identity.
package struct HardwareUUID: Hashable, Sendable, CustomStringConvertible {
  package let text: String

  package init?(_ raw: String) {
    let text = raw.lowercased()
    let groups = text.split(separator: "-", omittingEmptySubsequences: false)
    guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12], let bytes = Hex.decode(groups.joined()), bytes.count == 16,
      Set(bytes).count > 2, text != "03000200-0400-0500-0006-000700080009",
      text != "12345678-1234-5678-90ab-cddeefaabbcc"
    else { return nil }
    self.text = text
  }

  package var description: String { text }
}

/// A 48-bit MAC address as `aa:bb:cc:dd:ee:ff`.
package struct MACAddress: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let text: String
  private let first: UInt8

  /// The address, or nil unless it has six octets and is neither all zeros nor a group address.
  package init?(_ raw: String) {
    let groups = raw.split(omittingEmptySubsequences: false, whereSeparator: { $0 == ":" || $0 == "-" })
    guard groups.count == 6, groups.allSatisfy({ $0.utf8.count == 2 }), let bytes = Hex.decode(groups.joined()),
      bytes.contains(where: { $0 != 0 }), bytes[0] & 1 == 0
    else { return nil }
    first = bytes[0]
    text = bytes.map { Hex.encode([$0]) }.joined(separator: ":")
  }

  /// Set by software, randomised or virtual: never identity.
  package var isLocallyAdministered: Bool { first & 2 != 0 }
  package var description: String { text }
  package static func < (left: MACAddress, right: MACAddress) -> Bool { left.text < right.text }
}
