import Foundation
import Testing
import Vocabulary

@testable import Wire

@Suite("Messages from outside")
struct CodecTests {
  private func checkIn(_ text: String) -> WireError.Kind? {
    wireFault { () throws(WireError) in _ = try WireCodec.checkIn(from: Array(text.utf8)) }
  }

  private func changed(_ name: String, _ change: (inout [String: Any]) -> Void) throws -> [UInt8] {
    var object = try #require(JSONSerialization.jsonObject(with: Data(golden(name))) as? [String: Any])
    change(&object)
    return Array(try JSONSerialization.data(withJSONObject: object))
  }

  @Test("Unknown sections are ignored and counted once each, unknown fields ignored")
  func unknown() throws {
    let bytes = try changed("checkin-v1.json") { message in
      var facts = message["facts"] as? [String: Any] ?? [:]
      var hashes = message["hashes"] as? [String: Any] ?? [:]
      facts["printers"] = ["lots": [1, 2, 3]]
      hashes["printers"] = "not even a digest"
      hashes["scanners"] = 7
      var identity = facts["identity"] as? [String: Any] ?? [:]
      identity["colour"] = "blue"
      facts["identity"] = identity
      (message["facts"], message["hashes"], message["later"]) = (facts, hashes, ["x": true])
    }
    let request = try WireCodec.checkIn(from: bytes)
    #expect(request.unknownSections == 2)
    #expect(request.facts == (try WireCodec.checkIn(from: golden("checkin-v1.json"))).facts)
  }

  @Test("A reply that wants a section this agent does not know still counts")
  func unknownWant() throws {
    let bytes = try changed("reply-v1.json") { $0["want"] = ["printers", "vitals"] }
    #expect(try WireCodec.decode(CheckInReply.self, from: bytes, as: "a reply").want == [.vitals])
  }

  @Test(
    "A controller understands its own version and the one before",
    arguments: [(1, 1, true), (1, 2, true), (2, 2, true), (1, 3, false), (2, 1, false), (0, 1, false), (-1, 1, false)]
      as [(Int, Int, Bool)])
  func versions(message: Int, own: Int, accepted: Bool) {
    #expect(WireVersion.accepts(message, own: own) == accepted)
    #expect(!WireVersion.accepts(.max) && !WireVersion.accepts(.min))
  }

  @Test("Another version is refused as such, whatever else it holds")
  func otherVersion() throws {
    #expect(try code(changed("checkin-v1.json") { $0["version"] = 2 }) == .unsupportedVersion)
    #expect(checkIn(#"{"version":3,"everything":"else"}"#) == .unsupportedVersion)
    #expect(checkIn(#"{"version":0,"sequence":"one"}"#) == .unsupportedVersion)
  }

  @Test("Who is too old is told: the agent that is behind, the controller of one that is ahead")
  func olderSide() {
    #expect(WireVersion.unsupported(0).message.hasSuffix("This agent is too old; update it."))
    #expect(WireVersion.unsupported(2).message.hasSuffix("Update the controller first, then the agents."))
  }

  @Test("What cannot be read is told with one full stop", arguments: ["not json", "{", "{\"version\":1}", "[1]"])
  func oneStop(body: String) {
    do throws(WireError) {
      _ = try WireCodec.checkIn(from: Array(body.utf8))
      Issue.record("it was read")
    } catch {
      #expect(error.message.hasSuffix(".") && !error.message.contains(".."), "\(error.message)")
    }
  }

  private func code(_ bytes: [UInt8]) -> WireError.Kind? {
    wireFault { () throws(WireError) in _ = try WireCodec.checkIn(from: bytes) }
  }

  @Test(
    "What is no check-in is malformed",
    arguments: [
      "", " ", "null", "[]", "7", "\"text\"", "{", "{}", "{\"version\":1}", "{\"version\":\"1\"}", "{\"version\":1.5}",
      "{\"version\":99999999999999999999}", "{\"version\":1,\"sequence\":1,\"sentAt\":0,\"agent\":\"a\"}",
      "{\"version\":1,\"sequence\":1e400,\"sentAt\":0,\"agent\":\"a\",\"hashes\":{}}",
      "{\"version\":1,\"sequence\":1,\"sentAt\":0,\"agent\":\"a\",\"hashes\":{\"vitals\":\"00\"}}",
      "{\"version\":1,\"sequence\":1,\"sentAt\":0,\"agent\":\"a\",\"hashes\":[]}",
      "{\"version\":1,\"sequence\":1,\"sentAt\":0,\"agent\":\"a\",\"hashes\":{},\"facts\":7}",
      "{\"version\":1,\"sequence\":1,\"sentAt\":0,\"agent\":\"a\",\"hashes\":{},\"facts\":{\"identity\":{}}}",
      "{\"version\":1,\"sequence\":1,\"sentAt\":0,\"agent\":7,\"hashes\":{}}", "\u{feff}{}", "\u{0}",
    ])
  func malformed(text: String) { #expect(checkIn(text) == .malformed) }

  @Test("A software list that is out of order is refused by its own code")
  func softwareCode() {
    let head = "{\"version\":1,\"sequence\":1,\"sentAt\":0,\"agent\":\"a\",\"hashes\":{},\"facts\":{\"software\":"
    #expect(checkIn(head + "\"b\\t1\\tall\\tdpkg\\na\\t1\\tall\\tdpkg\\n\"}}") == .softwareMalformed)
    #expect(checkIn(head + "\"a\\t1\\tall\\tdpkg\\n\"}}") == nil)
  }

  @Test("Nesting as deep as a body allows is malformed, and does not overflow the stack")
  func deep() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      let text = String(repeating: open, count: 100_000) + "1" + String(repeating: close, count: 100_000)
      #expect(checkIn(text) == .malformed)
      #expect(checkIn("{\"version\":1,\"facts\":" + text + "}") == .malformed)
    }
  }

  @Test("A check-in cut at any byte is malformed", arguments: ["checkin-v1.json", "checkin-unchanged-v1.json"])
  func truncated(name: String) throws {
    let whole = try golden(name)
    for count in whole.indices { #expect(code(Array(whole.prefix(count))) == .malformed, "cut at \(count)") }
  }

  @Test("A reply cut at any byte is malformed")
  func truncatedReply() throws {
    let whole = try golden("reply-v1.json")
    for count in whole.indices {
      let fault = wireFault { () throws(WireError) in
        _ = try WireCodec.decode(CheckInReply.self, from: Array(whole.prefix(count)), as: "a reply")
      }
      #expect(fault == .malformed)
    }
  }

  @Test("A check-in with bytes changed never traps, and what is accepted hashes")
  func flipped() throws {
    let whole = try golden("checkin-v1.json")
    var random = FixedRandom(state: 11)
    for index in whole.indices {
      var bytes = whole
      bytes[index] = index % 3 == 0 ? bytes[index] ^ 0x80 : UInt8.random(in: 0...255, using: &random)
      guard let request = try? WireCodec.checkIn(from: bytes) else { continue }
      for section in FactSection.allCases { _ = request.facts.canonical(section) }
    }
  }
}
