import Foundation
import Testing
import Vocabulary

@testable import CheckIn
@testable import Wire

/// The software text is read apart from the rest; the general decoder is what it has to agree with.
@Suite("A message's software text is read as the general decoder reads it")
struct MessageDecodingTests {
  @Test("A real message is read apart, and is the same")
  func real() throws {
    let request = Sample.request(1, Sample.facts(1, packages: 300))
    let body = try WireCodec.encode(request)
    let apart = try #require(SoftwareText(in: body))
    #expect(apart.text == request.facts.software?.encoding && apart.rest.count < body.count - 5_000)
    #expect(try WireCodec.checkIn(from: body) == request)
    #expect(SoftwareText(in: try WireCodec.encode(Sample.request(1, Sample.facts(1), sending: [.vitals]))) == nil)
  }

  @Test("Texts with random escapes are read the same, or refused the same")
  func escapes() {
    let pieces = [
      "a", "lib-1\\t1.0\\tamd64\\tdpkg\\n", "\\n", "\\t", "\\\\", "\\/", "\\\"", "\\r", "\\b", "\\f", "\\u0041",
      "\\u00e9",
      "\\ud83d\\ude00", "\\ud83d", "\\x", "\\", "é", "😀", "\n", "\u{0}", "\u{7f}", "\"", ",", "}", "{", "software",
    ]
    var generator = SplitMix(state: 7)
    for _ in 0..<4_000 {
      let text = (0..<Int(generator.next() % 7)).map { _ in pieces[Int(generator.next() % UInt64(pieces.count))] }
      compare(Array(message(#""software":"\#(text.joined())""#).utf8))
    }
  }

  @Test("Odd and hostile messages are read the same, or refused the same")
  func hostile() {
    let line = "a\\t1\\tx\\td\\n"
    let odd = [
      message(#""software":"\#(line)","software":"b\t1\tx\td\n""#), message(#""softw\u0061re":"\#(line)""#),
      message(#""software":"\#(line)","softw\u0061re":"""#), message(#""software" : "\#(line)""#),
      message(#""software":null"#), message(#""software":7"#), message(#""software":["\#(line)"]"#),
      message(#""software":{"software":"\#(line)"}"#), message(#""x":{"software":"\#(line)"}"#),
      message(#""x":["software","\#(line)"],"software":"\#(line)""#), message(#""software":"\#(line)"#),
      message(#""software":"\#(line)""#) + "}", message(#""software":"\#(line)""#) + " \n",
      message(#""software":"\#(line)","#), message(#""software"::"\#(line)""#), message(#""software":"\#(line)" 1"#),
      message(#""software":"\#(line)""#).replacing(#""facts":{"#, with: #""facts":{},"facts":{"#),
      message(#""software":"\#(line)""#).replacing(#""facts""#, with: #""f\u0061cts""#),
      message(#""software":"\#(line)""#).replacing(#""facts":{"#, with: #""facts":[{"#),
      message(#""software":"\#(line)""#).replacing(#""version":1"#, with: #""version":9"#),
      message(#""software":"\#(line)""#).replacing(#""version":1"#, with: #""version":"1""#),
      "[" + message(#""software":"\#(line)""#) + "]", #"{"facts":{"software":""#, #"{"facts":{"software""#,
      #"{"facts":{"software":"\"#, "{\"facts\":{\"software\":\"a\\", "{}", "{", "\u{feff}" + message(#""software":"""#),
      "}}}}" + message(#""software":"\#(line)""#), "{]" + message(#""software":"\#(line)""#),
    ]
    for body in odd { compare(Array(body.utf8)) }
    let utf16 = message(#""software":"\#(line)""#).data(using: .utf16LittleEndian).map(Array.init) ?? []
    compare(utf16)
  }

  @Test("Mangled messages are read the same, or refused the same")
  func mangled() throws {
    let body = try WireCodec.encode(Sample.request(1, Sample.facts(1, packages: 4)))
    let marks = Array(#""\{}[]:,nu "#.utf8) + [0, 0xff, 0xc3]
    var generator = SplitMix(state: 23)
    for _ in 0..<3_000 {
      var mangled = body
      for _ in 0...Int(generator.next() % 3) {
        let place = Int(generator.next() % UInt64(mangled.count))
        switch generator.next() % 3 {
        case 0: mangled[place] = marks[Int(generator.next() % UInt64(marks.count))]
        case 1: mangled.removeSubrange(place..<min(mangled.count, place + 5))
        default: mangled.insert(marks[Int(generator.next() % UInt64(marks.count))], at: place)
        }
      }
      compare(mangled)
    }
  }

  private func message(_ facts: String) -> String {
    #"{"agent":"0.1.0","facts":{\#(facts)},"hashes":{"software":"\#(Digest.zero)"},"sentAt":1,"sequence":1,"version":1}"#
  }

  private func compare(_ body: [UInt8]) {
    func outcome(_ read: () throws -> CheckInRequest) -> Result<CheckInRequest, Fault> {
      do { return .success(try read()) } catch let error as WireError {
        return .failure(Fault(kind: error.kind, message: error.message))
      } catch { return .failure(Fault(kind: nil, message: "\(error)")) }
    }
    let apart = outcome { try WireCodec.decodeCheckIn(body) }
    let whole = outcome { try WireCodec.decode(CheckInRequest.self, from: body, as: "a check-in") }
    #expect(apart == whole, "\(String(decoding: body, as: UTF8.self))")
  }

  /// Of a message with two faults each decoder may tell another one.
  private struct Fault: Error, Equatable {
    let kind: WireError.Kind?
    let message: String

    static func == (left: Fault, right: Fault) -> Bool { left.kind == right.kind }
  }
}
