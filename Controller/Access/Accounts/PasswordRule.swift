import Foundation

/// Which passwords are taken: long ones that are not known to everybody. No composition is asked for, for it makes
/// passwords worse.
///
/// Source: NIST SP 800-63B-4, section 3.1.1.
enum PasswordRule {
  static let shortest = 12
  /// In bytes: past it a text only costs time.
  static let longest = 512

  /// The password as it is hashed: one form for what looks the same, whatever keyboard it was typed on.
  ///
  /// Source: NIST SP 800-63B-4, section 3.1.1.2 (NFKC).
  static func normalised(_ password: String) -> [UInt8] {
    Array(password.precomposedStringWithCompatibilityMapping.utf8)
  }

  /// - Throws: `access.password` with what is wrong.
  static func check(_ password: String, of login: LoginName) throws(AccessError) {
    guard password.utf8.count <= longest else {
      throw AccessError(.password, "The password is over \(longest) bytes; take a shorter one.")
    }
    guard password.unicodeScalars.count >= shortest else {
      throw AccessError(
        .password,
        "The password has fewer than \(shortest) characters. A few words that do not belong together are good.")
    }
    let folded = password.lowercased()
    let letters = folded.filter(\.isLetter)
    let isKnown = known.contains(folded) || (letters.count >= 4 && knownWords.contains(letters))
    guard !isKnown, Set(folded).count > 3, !isRun(folded) else {
      throw AccessError(.password, "Everybody tries this password first, for many people use it. Take another one.")
    }
    let own = login.text.prefix { $0 != "@" }
    guard !folded.contains(login.text), own.count < 4 || !folded.contains(own) || folded.count >= own.count + shortest
    else { throw AccessError(.password, "The password holds the login name. Take one that does not.") }
  }

  /// `abcdefghijkl`, `123456789012`: each character follows the one before it.
  private static func isRun(_ text: String) -> Bool {
    let values = text.unicodeScalars.map { Int($0.value) }
    let steps = Set(zip(values, values.dropFirst()).map { ($1 - $0 + 10) % 10 })
    return steps == [1] || steps == [9]
  }

  /// Of the passwords that are found in leaks most often, those that are long enough.
  private static let known: Set<String> = [
    "qwertyuiopas", "qwertyuiop[]", "qwertyuiop12", "qwertyuiop123", "1q2w3e4r5t6y", "1qaz2wsx3edc", "1qaz2wsx3edc4rfv",
    "zaq12wsxcde3", "asdfghjkl123", "zxcvbnm12345", "q1w2e3r4t5y6", "abc123abc123", "123qwe123qwe", "qwe123qwe123",
    "password1234", "password12345", "password123456", "iloveyou1234", "letmeinletmein", "correcthorsebatterystaple",
    "correct horse battery staple", "passwordpassword", "adminadminadmin", "administrator", "administrator1",
    "changemechangeme", "changeme1234", "welcome12345", "trustno1trustno1", "unbelievable", "1234567890qwerty",
    "qwerty1234567890", "thisismypassword", "ihatepasswords", "mypassword123", "aaaaaa111111", "football1234",
    "basketball12", "sunshine1234", "princess1234", "superman1234", "starwars1234",
  ]

  /// Passwords that are one of these words with digits and signs around it.
  private static let knownWords: Set<String> = [
    "password", "passwort", "qwerty", "qwertyuiop", "letmein", "welcome", "iloveyou", "admin", "administrator",
    "rollcall",
    "changeme", "secret", "monkey", "dragon", "football", "baseball", "basketball", "sunshine", "princess", "superman",
    "starwars", "school", "district", "teacher", "student", "laptop", "computer", "chromebook", "summer", "winter",
    "spring",
    "autumn", "master", "hello", "default", "temporary", "abcabc", "asdfgh", "asdfghjkl", "zxcvbnm",
  ]
}
