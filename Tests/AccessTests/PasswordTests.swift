import Dispatch
import Foundation
import Testing
import Vocabulary

@testable import Access

@Suite("Passwords")
struct PasswordTests {
  private let login = LoginName("ada.field@example.org")!

  @Test(
    "Short, known and repeated passwords are refused, and those that hold the login name",
    arguments: [
      "", "short", "elevenchars", "Password1234!", "password 1234", "PASSWORDPASSWORD", "correcthorsebatterystaple",
      "aaaaaaaaaaaa", "abababababab", "abcdefghijklm", "123456789012", "987654321098", "rollcall2026!!",
      "Laptop-2026-01",
      "ada.field@example.org", "ada.field123", "my ada.field",
    ])
  func refused(_ password: String) {
    #expect(throws: AccessError(.password, "")) { try PasswordRule.check(password, of: login) }
  }

  @Test(
    "Long ones of any kind are taken",
    arguments: [
      "heron under seven bridges", "correct horse is not enough", "äöüßéèñçåøœæ", "🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧", "k3 9vTq_zL0xW",
      "            x y z",
      "tttttttttttt which is fine",
    ])
  func taken(_ password: String) throws { try PasswordRule.check(password, of: login) }

  @Test("A password is not longer than 512 bytes")
  func tooLong() {
    let long = "heron under seven bridges " + String(repeating: "x", count: 500)
    #expect(throws: AccessError(.password, "")) { try PasswordRule.check(long, of: login) }
  }

  /// Source: RFC 7914, section 12, third vector: its first 32 bytes.
  @Test("scrypt is the RFC's")
  func vector() throws {
    let hash = try PasswordHash(
      Array("pleaseletmein".utf8), PasswordCost(logN: 14, r: 8, p: 1), salt: Array("SodiumChloride".utf8))
    let wanted = "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
    let stored = hash.stored.split(separator: "$")
    #expect(stored.prefix(4) == ["scrypt", "14", "8", "1"])
    #expect(try Self.hex(String(stored[5])) == wanted)
  }

  private static func hex(_ base64: String) throws -> String {
    Hex.encode(Array(try #require(Data(base64Encoded: base64))))
  }

  @Test("At the full cost a password is kept, found and told from another; the same text in another form is the same")
  func fullCost() async throws {
    let work = PasswordWork()
    let kept = try await work.hash("Ångström under bridges").stored
    #expect(kept.hasPrefix("scrypt$17$8$1$"))
    async let right = work.matches("A\u{30a}ngstro\u{308}m under bridges", stored: kept)
    async let wrong = work.matches("Angstrom under bridges", stored: kept)
    #expect(try await (right, wrong) == (true, false))
    #expect(work.computed == 3)
  }

  @Test("A salt of its own makes two equal passwords two different texts")
  func salted() async throws {
    let work = PasswordWork(cost: PasswordCost(logN: 4))
    #expect(try await work.hash("heron under seven bridges").stored != work.hash("heron under seven bridges").stored)
  }

  @Test(
    "What is no stored password lets nobody in",
    arguments: [
      "", "scrypt", "scrypt$4$8$1$$", "scrypt$40$8$1$AAAA$AAAA", "scrypt$4$8$1$AAAA$AAAA", "bcrypt$4$8$1$AAAA$AAAA",
      "scrypt$4$8$1$AAAAAAAAAAAAAAAAAAAAAA==$!!!", "scrypt$-1$8$1$AAAAAAAAAAAAAAAAAAAAAA==$AAAA",
    ])
  func broken(_ stored: String) async throws {
    let work = PasswordWork(cost: PasswordCost(logN: 4))
    #expect(try await work.matches("", stored: stored) == false)
    #expect(try await work.matches("heron under seven bridges", stored: stored) == false)
    #expect(work.computed == 2, "it takes as long")
  }

  @Test("Past a line people are told to come back, before anything is done for them; who left makes room")
  func line() async throws {
    let work = PasswordWork(cost: PasswordCost(logN: 4))
    func stand(_ others: Int) async throws {
      guard others > 0 else {
        var begun = false
        #expect(try await refusal { try await work.inLine([]) { _ in begun = true } } == "request.overloaded")
        #expect(!begun)
        return
      }
      try await work.inLine([]) { _ in try await stand(others - 1) }
    }
    for _ in 0..<2 { try await stand(PasswordWork.strangers) }
  }

  @Test("Strangers take neither the places nor the thread of those who are known; together they have so many")
  func kept() async throws {
    let work = PasswordWork(cost: PasswordCost(logN: 4))
    func stand(strangers: Int, known: Int) async throws {
      if strangers > 0 {
        return try await work.inLine([]) { _ in try await stand(strangers: strangers - 1, known: known) }
      }
      #expect(try await refusal { try await work.inLine([]) { _ in } } == "request.overloaded")
      guard known > 0 else {
        #expect(try await refusal { try await work.inLine([], isKnown: true) { _ in } } == "request.overloaded")
        return
      }
      try await work.inLine([], isKnown: true) { place in
        _ = try await place.hash("heron under seven bridges")
        try await stand(strangers: 0, known: known - 1)
      }
    }
    try await stand(strangers: PasswordWork.strangers, known: PasswordWork.kept)
    try await stand(strangers: PasswordWork.strangers, known: PasswordWork.kept)
  }

  @Test("Who is known waits for no stranger's password")
  func ownThread() async throws {
    let work = PasswordWork(cost: PasswordCost(logN: 4))
    let (held, letGo) = AsyncStream.makeStream(of: Void.self)
    let gate = DispatchSemaphore(value: 0)
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { gate.signal() }
      group.addTask {
        try await work.run(false) {
          letGo.finish()
          gate.wait()
        }
      }
      for await _ in held {}
      group.addTask { _ = try await work.hash("heron under seven bridges") }
      while work.waiting[0] < 2 { await Task.yield() }
      _ = try await work.inLine([], isKnown: true) { try await $0.hash("an otter by the river") }
      #expect(work.waiting == [2, 0], "the strangers wait still")
      gate.signal()
      try await group.waitForAll()
    }
  }

  @Test("Of one name or address only so many stand in line, and none of them takes another's place")
  func claims() async throws {
    let work = PasswordWork(cost: PasswordCost(logN: 4))
    let (name, other) = (PasswordWork.Claim(key: "name", limit: 2), PasswordWork.Claim(key: "other", limit: 1))
    for _ in 0..<2 {
      try await work.inLine([name]) { _ in
        try await work.inLine([name, other]) { _ in
          for claims in [[name], [other], [PasswordWork.Claim(key: "third", limit: 9), other]] {
            #expect(try await refusal { try await work.inLine(claims) { _ in } } == "request.overloaded")
          }
          try await work.inLine([PasswordWork.Claim(key: "third", limit: 1)]) { _ in }
        }
        try await work.inLine([name]) { _ in }
      }
    }
  }

  @Test("Many at once are computed, or told to come back")
  func bounded() async throws {
    let work = PasswordWork(cost: PasswordCost(logN: 14))
    let outcomes = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<(PasswordWork.strangers + 20) {
        group.addTask { (try? await work.hash("heron under seven bridges")) != nil }
      }
      return await group.reduce(into: [Bool]()) { $0.append($1) }
    }
    #expect(outcomes.filter(\.self).count == work.computed)
    #expect(outcomes.contains(true))
    #expect(try await work.matches("x", stored: nil) == false, "afterwards there is room again")
  }

  @Test(
    "Login names are folded, and hold no sign that could be another's",
    arguments: [
      ("Ada", "ada"), ("  ada.field  ", "ada.field"), ("A_b-c+d@example.org", "a_b-c+d@example.org"), ("ab", nil),
      ("", nil), ("ada field", nil), ("аda", nil), ("ada\u{0}x", nil), ("ada'x", nil),
      (String(repeating: "a", count: 65), nil),
    ] as [(String, String?)])
  func logins(_ text: String, _ wanted: String?) { #expect(LoginName(text)?.text == wanted) }
}

extension PasswordWork {
  fileprivate func hash(_ password: String) async throws -> PasswordHash {
    try await inLine([]) { try await $0.hash(password) }
  }

  fileprivate func matches(_ password: String, stored: String?) async throws -> Bool {
    try await inLine([]) { try await $0.matches(password, stored: stored) }
  }
}
