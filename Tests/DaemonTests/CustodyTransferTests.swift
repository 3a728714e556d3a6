import Foundation
import Testing

@testable import rollcalld

/// A device that goes from one district to another, as people and the device itself meet it.
@Suite struct CustodyTransferTests {
  @Test("Transferred, a device enrols in the other district with a token of that one, and not before")
  func enrolsAnew() async throws {
    let sample = try await SampleController()
    let birch = try await SampleDistrict("birch", in: sample)
    let willow = try await SampleDistrict("willow", in: sample)
    let token = await sample.call(
      .post, "/api/v1/districts/willow/batches/\(willow.batch)/tokens", json: #"{"expiresInHours": 1, "uses": 5}"#)
    let secret = try #require(token.body["token"] as? String)
    let before = try await SampleDistrict.enroll("BIRCH-SERIAL", secret, in: sample)
    #expect(before == 202, "nobody announced it there, and it holds a key elsewhere: a person is asked")
    let moved = await sample.call(
      .post, "/api/v1/districts/birch/devices/\(birch.device)/transfer", json: #"{"to": "district:willow"}"#)
    #expect(moved.status == 200, "\(moved)")
    #expect(try await SampleDistrict.enroll("BIRCH-SERIAL", secret, in: sample) == 200)
    let there = await sample.call(.get, "/api/v1/devices?district=willow&serial=BIRCH-SERIAL")
    let device = try #require((there.body["items"] as? [[String: Any]])?.first)
    #expect(device["stage"] as? String == "enrolled" && device["custody"] as? String == "district")
    let former = await sample.call(.get, "/api/v1/districts/birch/devices/\(birch.device)")
    #expect(former.body["stage"] as? String == "retired")
    let keys = former.body["keys"] as? [[String: Any]] ?? []
    #expect(keys.map { $0["state"] as? String } == ["revoked"])
  }
}
