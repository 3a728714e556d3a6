internal import Crypto
internal import FoundationEssentials
internal import Vocabulary

/// The public key that verifies notes, with the name that it signs under; as text a C2SP "vkey".
///
/// ```
/// name + hex(key id, 4 bytes) + base64(0x01 ‖ public key)
/// key id = the first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)
/// ```
/// Source: C2SP signed-note, "Verifier keys"
package struct VerifierKey: Sendable, Hashable {
  /// Ed25519.
  static let signatureType: UInt8 = 0x01
  static let longestName = 255

  package let name: String
  let id: [UInt8]
  private let publicKey: [UInt8]

  init(name: String, publicKey: [UInt8]) {
    self.name = name
    self.publicKey = publicKey
    let named = Array(name.utf8) + [0x0a, Self.signatureType] + publicKey
    id = Array(MerkleTree.sha256(named).bytes.prefix(4))
  }

  /// - Throws: `transparency.key`.
  package init(_ text: String) throws(TransparencyError) {
    let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, KeyName.isName(parts[0]), parts[1].utf8.count == 8, let id = Hex.decode(parts[1]),
      let bytes = Base64.decode(parts[2])
    else { throw TransparencyError(.key, "This is no verifier key: name+hash+base64, as in checkpoint.pub.") }
    guard bytes.first == Self.signatureType, bytes.count == 33 else {
      throw TransparencyError(.key, "The verifier key of '\(parts[0])' is not an Ed25519 key.")
    }
    self.init(name: String(parts[0]), publicKey: Array(bytes.dropFirst()))
    guard self.id == id else {
      throw TransparencyError(.key, "The verifier key of '\(name)' is damaged: its hash is not that of the key.")
    }
  }

  package var text: String {
    "\(name)+\(Hex.encode(id))+\(Base64.encode([Self.signatureType] + publicKey))"
  }

  func isSignature(_ signature: [UInt8], of text: String) -> Bool {
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
    return key.isValidSignature(Data(signature), for: Data(text.utf8))
  }
}

/// What signs notes. Its text is a secret.
///
/// ```
/// PRIVATE+KEY + name + hex(key id) + base64(0x01 ‖ seed)
/// ```
/// Source: golang.org/x/mod/sumdb/note, whose programs read the same text
package struct NoteSigner: Sendable {
  private let key: Curve25519.Signing.PrivateKey
  package let verifier: VerifierKey

  /// A new key.
  ///
  /// - Throws: `transparency.key` where the name cannot be one.
  package init(name: String) throws(TransparencyError) {
    guard KeyName.isName(name) else {
      throw TransparencyError(.key, "'\(name)' cannot be a key's name: no space, no plus, 1 to 255 bytes.")
    }
    key = Curve25519.Signing.PrivateKey()
    verifier = VerifierKey(name: name, publicKey: Array(key.publicKey.rawRepresentation))
  }

  /// - Throws: `transparency.key`, which quotes nothing of the text.
  package init(secret text: String) throws(TransparencyError) {
    let damaged = TransparencyError(.key, "This is no key that signs notes, or a damaged one.")
    let parts = text.split(separator: "+", maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0] == "PRIVATE", parts[1] == "KEY", KeyName.isName(parts[2]),
      let bytes = Base64.decode(parts[4]), bytes.count == 33, bytes.first == VerifierKey.signatureType,
      let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.dropFirst())
    else { throw damaged }
    self.key = key
    verifier = VerifierKey(name: String(parts[2]), publicKey: Array(key.publicKey.rawRepresentation))
    guard Hex.encode(verifier.id) == parts[3] else { throw damaged }
  }

  package var secret: String {
    let seed = Base64.encode([VerifierKey.signatureType] + Array(key.rawRepresentation))
    return "PRIVATE+KEY+\(verifier.name)+\(Hex.encode(verifier.id))+\(seed)"
  }

  /// The note of `text`, which ends in a newline.
  ///
  /// - Throws: `transparency.signature`.
  package func note(_ text: String) throws(TransparencyError) -> String {
    guard let signature = try? key.signature(for: Data(text.utf8)) else {
      throw TransparencyError(.signature, "The note could not be signed.")
    }
    return "\(text)\n\(SignedNote.dash)\(verifier.name) \(Base64.encode(verifier.id + Array(signature)))\n"
  }
}

/// The rule of key names.
enum KeyName {
  static func isName(_ text: some StringProtocol) -> Bool {
    (1...VerifierKey.longestName).contains(text.utf8.count)
      && !text.unicodeScalars.contains {
        $0.properties.isWhitespace || $0 == "+" || $0.value < 0x20 || $0.value == 0x7f
      }
  }
}

/// The standard alphabet with padding, and one text only for the same bytes. Source: RFC 4648, section 4
enum Base64 {
  static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    guard let data = Data(base64Encoded: String(text)), data.base64EncodedString() == text else { return nil }
    return Array(data)
  }
}
