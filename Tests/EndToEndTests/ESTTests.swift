import Foundation
import Testing

/// Enrolment by the standard, with a client that is none of ours.
@Suite struct ESTTests {
  @Test("A client of openssl and curl alone enrols, checks in and renews")
  func wholeLife() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let token = try controller.prepareBatch(serials: ["EST-0001"])
    let client = try ESTClient(controller, folder, serial: "EST-0001")

    let chain = try client.curl("/.well-known/est/cacerts", [])
    #expect(chain.status == 200)
    try client.keep(chain.body, as: folder.file("chain.pem"))
    #expect(try client.curl("/.well-known/est/csrattrs", []).status == 200)

    try client.enroll(token: token)
    try client.openssl([
      "verify", "-CAfile", controller.root, "-untrusted", folder.file("chain.pem"), "-purpose", "sslclient",
      client.certificate,
    ])
    #expect(try client.checkIn(sequence: 1).status == 200)

    let newKey = folder.file("new.key")
    try client.makeKey(newKey)
    let renewed = try client.post(
      "simplereenroll", try client.request(key: newKey), credentials: client.identity)
    try #require(renewed.status == 200, "\(renewed)")
    let newCertificate = folder.file("new.pem")
    try client.keep(renewed.body, as: newCertificate)
    #expect(try client.checkIn(sequence: 1, identity: ["--cert", newCertificate, "--key", newKey]).status == 200)
    // The new key was seen, so the old one is refused from the next request on.
    let old = try client.checkIn(sequence: 2)
    #expect(old.status == 403 && old.body.contains("device.key-revoked"))
  }

  @Test("The same token with the same key gets the same certificate again, another key none")
  func lostReply() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let token = try controller.prepareBatch(serials: ["EST-0002", "EST-0003"])
    let client = try ESTClient(controller, folder, serial: "EST-0002")
    let request = try client.request()
    let first = try client.post("simpleenroll", request, credentials: ["-u", "x:\(token)"], label: "fall")
    let again = try client.post(
      "simpleenroll", request, credentials: ["-H", "Authorization: Bearer \(token)"], label: "cedar-falls")
    #expect(first.status == 200 && again.status == 200)
    #expect(first.body == again.body)
    let other = try ESTClient(controller, folder, serial: "EST-0003")
    let refused = try other.post("simpleenroll", try other.request(), credentials: ["-u", "x:\(token)"])
    #expect(refused.status == 401 && refused.body.contains("enroll.token-used-up"), "\(refused)")
  }

  @Test("An unknown serial waits as pending with Retry-After, and enrols once a person has approved it")
  func pending() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let token = try controller.prepareBatch(serials: ["EST-0004"], uses: 2)
    let client = try ESTClient(controller, folder, serial: "STRANGER-1")
    let request = try client.request()
    let waits = try client.post("simpleenroll", request, credentials: ["-u", "x:\(token)"])
    #expect(waits.status == 202, "\(waits)")
    #expect(waits.headers.lowercased().contains("retry-after:"))
    let pending = try controller.api("GET", "/api/v1/pending")
    let items = try #require(pending.body["items"] as? [[String: Any]])
    let id = try #require(items.first?["id"] as? String)
    let approved = try controller.api("POST", "/api/v1/districts/cedar-falls/pending/\(id)/approve", json: "{}")
    #expect(approved.status == 200, "\(approved)")
    #expect(try client.post("simpleenroll", request, credentials: ["-u", "x:\(token)"]).status == 200)
  }

  @Test("The same serial with another key quarantines both; approving one revokes the other")
  func quarantine() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let token = try controller.prepareBatch(serials: ["EST-0005"], uses: 5)
    let first = try ESTClient(controller, folder, serial: "EST-0005")
    try first.enroll(token: token)
    let otherFolder = try TemporaryFolder()
    let second = try ESTClient(controller, otherFolder, serial: "EST-0005")
    try second.enroll(token: token)
    for client in [first, second] {
      let reply = try client.checkIn(sequence: 1)
      #expect(reply.status == 200 && reply.body.contains("quarantined"), "\(reply)")
    }
    let list = try controller.api("GET", "/api/v1/devices?serial=EST-0005")
    let device = try #require((list.body["items"] as? [[String: Any]])?.first)
    let keys = try #require(device["keys"] as? [[String: Any]])
    #expect(keys.count == 2 && keys.allSatisfy { $0["state"] as? String == "quarantined" })
    let keep = try #require(keys.first?["key"] as? String)
    let id = try #require(device["id"] as? String)
    let approved = try controller.api(
      "POST", "/api/v1/districts/cedar-falls/devices/\(id)/approve", json: #"{"key": "\#(keep)"}"#)
    #expect(approved.status == 200, "\(approved)")
    let statuses = try [first, second].map { try $0.checkIn(sequence: 2).status }.sorted()
    #expect(statuses == [200, 403])
  }

  @Test(
    "Requests that ask for too much are refused by code",
    arguments: [
      ("basicConstraints=critical,CA:TRUE", "enroll.asks-for-ca"), ("keyUsage=keyCertSign", "enroll.asks-for-ca"),
      ("subjectAltName=DNS:rollcall.example.org", "enroll.foreign-name"),
      ("subjectAltName=URI:urn:rollcall:device:dev_0123456789abcdef", "enroll.another-device"),
    ])
  func excessive(extension text: String, code: String) throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let token = try controller.prepareBatch(serials: ["EST-0006"])
    let client = try ESTClient(controller, folder, serial: "EST-0006")
    let reply = try client.post(
      "simpleenroll", try client.request(more: ["-addext", text]), credentials: ["-u", "x:\(token)"])
    #expect(reply.status == 400 && reply.body.contains("\"\(code)\""), "\(reply)")
  }

  @Test("An address that presents bad tokens is told to wait, and its good ones are taken all the while")
  func throttled() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder, settings: ["--failed-enrollments", "2"])
    let token = try controller.prepareBatch(serials: ["EST-0008"])
    let client = try ESTClient(controller, folder, serial: "EST-0008")
    let request = try client.request()
    let parts = token.split(separator: ".")
    let bad = ["-u", "x:\(parts[0]).\(String(parts[1].reversed())).\(parts[2])"]
    var statuses: [Int] = []
    for _ in 0..<4 {
      let reply = try client.post("simpleenroll", request, credentials: bad)
      statuses.append(reply.status)
      #expect(reply.status == 401 || reply.headers.lowercased().contains("retry-after:"), "\(reply)")
      #expect(reply.status == 401 || reply.body.contains("\"enroll.too-many-failures\""), "\(reply)")
    }
    #expect(statuses.prefix(3) == [401, 401, 429], "\(statuses)")
    try client.enroll(token: token)
    let metrics = try succeed(
      "/usr/bin/curl",
      [
        "-sS", "--cacert", controller.root, "-H", "Authorization: Bearer \(try controller.adminToken)",
        controller.peopleURL + "/metrics",
      ])
    #expect(metrics.contains("rollcall_enrollment_bad_tokens_total 4\n"), "\(metrics)")
    #expect(!metrics.contains("rollcall_enrollment_throttled_total 0\n"))
  }

  @Test("A bad token is 401 with a realm, and garbage is 400")
  func badInput() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let token = try controller.prepareBatch(serials: ["EST-0007"])
    let client = try ESTClient(controller, folder, serial: "EST-0007")
    let none = try client.post("simpleenroll", try client.request(), credentials: [])
    #expect(none.status == 401 && none.headers.lowercased().contains("www-authenticate:"))
    let garbage = try client.post("simpleenroll", "bm90IGEgcmVxdWVzdA==", credentials: ["-u", "x:\(token)"])
    #expect(garbage.status == 400)
    let huge = try client.post(
      "simpleenroll", String(repeating: "A", count: 100_000), credentials: ["-u", "x:\(token)"])
    #expect(huge.status == 413)
  }
}
