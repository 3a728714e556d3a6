import Foundation
import SwiftASN1
import Testing
import X509

@testable import Enrollment

@Suite("Hostile certificate requests")
struct HostileRequestTests {
  private func read(_ der: [UInt8]) -> EnrollmentError.Kind? {
    do throws(EnrollmentError) {
      _ = try CertificateRequest(body: Array(Data(der).base64EncodedData()))
      return nil
    } catch {
      return error.kind
    }
  }

  private func sample() throws -> [UInt8] {
    let body = try TestKey().request(
      serial: "PF3ABCDE", uris: ["urn:uuid:4c4c4544-0042-3510-8052-b4c04f4d3232", "urn:rollcall:mac:0050569a0001"])
    return Array(try required(Data(base64Encoded: Data(body))))
  }

  @Test("cut short at any length are refused as malformed")
  func truncated() throws {
    let der = try sample()
    #expect(read(der) == nil)
    for length in 0..<der.count { #expect(read(Array(der[..<length])) == .malformed) }
  }

  @Test("with bits turned are refused by a code, and never stop the controller")
  func flipped() throws {
    let der = try sample()
    var generator = Seeded(state: 20_261_121)
    for round in 0..<1000 {
      var bytes = der
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^=
          UInt8(1) << UInt8.random(in: 0...7, using: &generator)
      }
      if bytes != der {
        let places = zip(bytes, der).enumerated().filter { $0.element.0 != $0.element.1 }.map(\.offset)
        #expect(read(bytes) != nil, "round \(round), bytes \(places)")
      }
    }
  }

  @Test("signed by their own key, with nonsense in their extensions, never stop the controller")
  func nonsenseExtensions() throws {
    var generator = Seeded(state: 7)
    let key = TestKey()
    let oids: [ASN1ObjectIdentifier] = [[2, 5, 29, 15], [2, 5, 29, 17], [2, 5, 29, 19], [2, 5, 29, 37]]
    let starts: [[UInt8]] = [
      [], [0x03, 0x02, 0x08], [0x03, 0x01, 0x05], [0x03, 0x03, 0x07, 0xff], [0x30, 0x03, 0x01, 0x01],
      [0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
    ]
    for round in 0..<600 {
      let tail = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
        UInt8.random(in: .min ... .max, using: &generator)
      }
      let value = starts[round % starts.count] + tail
      let odd = Certificate.Extension(oid: oids[round % oids.count], critical: false, value: value[...])
      guard let body = try? key.request(serial: "PF3ABCDE", extra: [odd]) else { continue }
      _ = try? CertificateRequest(body: body)
    }
  }
}

/// The same numbers each time. Source: SplitMix64.
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
