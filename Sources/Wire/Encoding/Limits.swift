/// Bounds on everything a message carries; past them it is refused, never cut.
package enum Limits {
  /// A check-in's body after decompression, in bytes.
  package static let messageBytes = 4 << 20
  /// A check-in's body as it travels, in bytes.
  package static let compressedBytes = 1 << 20
  /// The text of a software list, in bytes.
  package static let softwareBytes = 2 << 20
  /// Packages in a list.
  package static let packages = 20_000
  /// A package's line, in bytes.
  package static let packageLineBytes = 512
  /// The canonical encoding of a section other than software, in bytes.
  package static let sectionBytes = 64 << 10
  /// Any one text, in bytes.
  package static let textBytes = 1024
  /// Elements of any one list but the software's.
  package static let listElements = 256
  /// A certificate request's body, in bytes.
  package static let certificateRequestBytes = 16 << 10
  /// A reply to an agent, in bytes.
  package static let replyBytes = 256 << 10
}
