import Crypto
import Vocabulary

/// The key with which guardians' names and contacts are sealed and found, and demographics sealed: whoever reads the database,
/// or a copy of it, has none of them. It lies in a file of the controller, never in the database in the clear.
///
/// Of the one secret two keys are derived: one seals (AES-256-GCM), one makes the HMACs by which an e-mail address or a
/// telephone number is found again, and nothing else about it is told.
package struct ContactKey: Sendable {
  /// Of the secret, in bytes.
  package static let length = 32

  private let sealing: SymmetricKey
  private let matching: SymmetricKey

  /// nil unless the secret has ``length`` bytes.
  package init?(secret: [UInt8]) {
    guard secret.count == Self.length else { return nil }
    let secret = SymmetricKey(data: secret)
    func derived(_ purpose: String) -> SymmetricKey {
      HKDF<SHA256>.deriveKey(inputKeyMaterial: secret, info: Array(purpose.utf8), outputByteCount: 32)
    }
    sealing = derived("rollcall roster seal 1")
    matching = derived("rollcall roster match 1")
  }

  /// A new one that nothing is kept with.
  package static func random() -> ContactKey {
    let key = SymmetricKey(size: .bits256)
    return ContactKey(secret: key.withUnsafeBytes { Array($0) }) ?? random()
  }

  /// By which a database knows the key with which it was sealed.
  var fingerprint: Vocabulary.Digest {
    Vocabulary.Digest(bytes: authentication("fingerprint\n", [])) ?? .zero
  }

  /// The content sealed as that guardian's of that district: it opens as nobody else's.
  func seal(_ content: [UInt8], of guardian: String, in district: DistrictID) throws -> [UInt8] {
    let box = try AES.GCM.seal(content, using: sealing, authenticating: Self.context(guardian, district))
    return [UInt8](box.nonce) + [UInt8](box.ciphertext) + [UInt8](box.tag)
  }

  /// - Throws: `roster.contact-key` where it was sealed with another key, as another's, or was changed.
  func open(_ sealed: [UInt8], of guardian: String, in district: DistrictID) throws -> [UInt8] {
    do {
      return Array(
        try AES.GCM.open(
          AES.GCM.SealedBox(combined: sealed), using: sealing, authenticating: Self.context(guardian, district)))
    } catch {
      throw RosterError(
        .contactKey,
        "What is kept of a guardian, or of a person's birth date and sex, cannot be opened with this controller's contact key. Restore the key that sealed it, or import the roster again."
      )
    }
  }

  /// What is compared with the next file's row: it tells nothing to who has not the key.
  func hash(_ content: some Sequence<UInt8>, in district: DistrictID) -> Int64 {
    Self.number(authentication("row \(district)\n", content))
  }

  /// As a row of a kind is compared: sealed ones by ``hash(_:in:)``, others by their content alone.
  func hash(_ kind: RowKind, _ body: [UInt8], of id: some Sequence<UInt8>, in district: DistrictID) -> Int64 {
    switch kind {
    case .guardian: hash(body, in: district)
    // Few birth dates and sexes are all there are: whose are the same must not be told.
    case .demographics: hash(body + [RowBody.divider] + id, in: district)
    case .org, .schoolClass, .person, .membership: RowHash.of(body)
    }
  }

  /// By which a contact of a district is found.
  func match(_ contact: Contact, in district: DistrictID) -> Vocabulary.Digest {
    Vocabulary.Digest(bytes: authentication("\(contact.kind) \(district)\n", contact.value.utf8)) ?? .zero
  }

  private func authentication(_ context: String, _ content: some Sequence<UInt8>) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Array(context.utf8) + Array(content), using: matching))
  }

  private static func context(_ guardian: String, _ district: DistrictID) -> [UInt8] {
    Array("rollcall guardian 1\n\(district)\n\(guardian)".utf8)
  }

  fileprivate static func number(_ bytes: [UInt8]) -> Int64 {
    Int64(bitPattern: bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }
}

/// The first 64 bits of a row's SHA-256: by it a row is known to be as it was.
enum RowHash {
  static func of(_ body: [UInt8]) -> Int64 {
    SHA256.hash(data: body).withUnsafeBytes { Int64(bigEndian: $0.loadUnaligned(as: Int64.self)) }
  }
}

/// A way to reach a guardian, in the one form in which it is compared.
struct Contact: Sendable, Hashable {
  enum Kind: String, Sendable { case email, phone }

  let kind: Kind
  let value: String

  /// An address in lower case; nil where it is none.
  init?(email text: String) {
    let text = text.lowercased()
    guard text.utf8.count <= 254, let at = text.firstIndex(of: "@"), at > text.startIndex,
      text.index(after: at) < text.endIndex, !text.contains(" ")
    else { return nil }
    (kind, value) = (.email, text)
  }

  /// The digits alone; of a North American number without its leading 1. nil where there are fewer than 7 or over 15.
  init?(phone text: String) {
    // An extension is no part of the number.
    let number = text.lowercased().split(separator: "x", maxSplits: 1, omittingEmptySubsequences: false)[0]
    var digits = number.filter { $0.isASCII && $0.isNumber }
    if digits.count == 11, digits.hasPrefix("1") { digits.removeFirst() }
    guard (7...15).contains(digits.count) else { return nil }
    (kind, value) = (.phone, String(digits))
  }

  /// What somebody typed: an address where it has an '@'.
  init?(typed text: String) {
    guard let found = text.contains("@") ? Contact(email: text) : Contact(phone: text) else { return nil }
    self = found
  }

  /// Those of a guardian, each once.
  static func all(of row: GuardianRow) -> Set<Contact> {
    Set([Contact(email: row.email), Contact(phone: row.phone), Contact(phone: row.mobile)].compactMap(\.self))
  }
}
