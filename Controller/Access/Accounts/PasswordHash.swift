import Crypto
import CryptoExtras
import FoundationEssentials
import Serving

/// What scrypt costs. Source: RFC 7914, section 2; OWASP, "Password Storage" (N = 2^17, r = 8, p = 1: 128 MiB).
package struct PasswordCost: Sendable, Hashable {
  /// N is two to the power of this.
  package let logN: Int
  package let r: Int
  package let p: Int

  package init(logN: Int = 17, r: Int = 8, p: Int = 1) { (self.logN, self.r, self.p) = (logN, r, p) }
}

/// A password as it is kept: `scrypt$17$8$1$<salt>$<hash>`, the last two in base64.
struct PasswordHash: Sendable {
  private static let name = "scrypt"
  private static let length = 32

  let cost: PasswordCost
  private let salt: [UInt8]
  private let hash: [UInt8]

  /// Takes scrypt's time and memory.
  init(_ password: [UInt8], _ cost: PasswordCost, salt: [UInt8] = RandomBytes.make(16)) throws {
    (self.cost, self.salt) = (cost, salt)
    hash = try Self.derive(password, cost, salt)
  }

  /// nil where the text is no such form: then nobody signs in by it.
  init?(stored: String) {
    let parts = stored.split(separator: "$").map(String.init)
    guard parts.count == 6, parts[0] == Self.name, let logN = Int(parts[1]), let r = Int(parts[2]),
      let p = Int(parts[3]), (1...20).contains(logN), (1...16).contains(r), (1...4).contains(p),
      let salt = Data(base64Encoded: parts[4]), !salt.isEmpty, let hash = Data(base64Encoded: parts[5]),
      hash.count == Self.length
    else { return nil }
    cost = PasswordCost(logN: logN, r: r, p: p)
    (self.salt, self.hash) = (Array(salt), Array(hash))
  }

  var stored: String {
    let texts = [salt, hash].map { Data($0).base64EncodedString() }
    return "\(Self.name)$\(cost.logN)$\(cost.r)$\(cost.p)$\(texts[0])$\(texts[1])"
  }

  /// Takes scrypt's time and memory, and as long whatever comes of it.
  func matches(_ password: [UInt8]) throws -> Bool {
    ConstantTime.equal(try Self.derive(password, cost, salt), hash)
  }

  private static func derive(_ password: [UInt8], _ cost: PasswordCost, _ salt: [UInt8]) throws -> [UInt8] {
    // An empty password has no bytes to point at; nobody's is empty.
    let password = password.isEmpty ? [0] : password
    let key = try KDF.Scrypt.deriveKey(
      from: password, salt: salt, outputByteCount: length, rounds: 1 << cost.logN, blockSize: cost.r,
      parallelism: cost.p)
    return key.withUnsafeBytes { Array($0) }
  }
}
