import Archive
import Crypto
import Foundation
import HTTPTypes
import Serving
import SwiftASN1
import Testing
import Vocabulary
import X509

@testable import rollcalld

/// A district with one of each thing, made through the API and by EST as people and devices make them.
struct SampleDistrict {
  let id: String
  /// Text that nobody of another district may ever read.
  let secrets: [String]
  let batch: String
  let device: String
  let token: String
  let pending: String
  /// Somebody who works there.
  let principal: String
  /// A student of the roster.
  let person: String
  /// A file that waits to be taken up.
  let upload: String

  /// Value of a path's parameter.
  func value(of parameter: String) -> String? {
    [
      "district": id, "batch": batch, "device": device, "token": token, "pending": pending, "principal": principal,
      "person": person,
      "mapping": "\(id)-mapping", "move": "assign", "upload": upload,
    ][parameter]
  }

  init(_ id: String, in sample: SampleController) async throws {
    self.id = id
    let word = id.uppercased()
    secrets = [
      "\(word) District", "\(word) School", "\(word) Batch", "\(word)-SERIAL", "\(word)-STRANGER", "\(word) Staff",
      "\(word)-STUDENT", "\(word)-PARENT",
    ]
    batch = "\(id)-batch"
    func make(_ path: String, _ json: String) async throws -> [String: Any] {
      let reply = await sample.call(.post, "/api/v1/districts" + path, json: json)
      try #require(reply.status == 201, "\(path): \(reply)")
      return reply.body
    }
    _ = try await make("", #"{"id": "\#(id)", "name": "\#(secrets[0])", "unknownSerials": "pending"}"#)
    _ = try await make("/\(id)/schools", #"{"id": "\#(id)-school", "name": "\#(secrets[1])"}"#)
    _ = try await make(
      "/\(id)/batches", #"{"id": "\#(batch)", "name": "\#(secrets[2])", "serials": ["\#(secrets[3])"]}"#)
    let made = try await make("/\(id)/batches/\(batch)/tokens", #"{"expiresInHours": 1, "uses": 5}"#)
    token = try #require(made["id"] as? String)
    let staff = try await make(
      "/\(id)/people", #"{"login": "\#(id).staff", "name": "\#(secrets[5])", "role": "read-only"}"#)
    principal = try #require(staff["id"] as? String)
    let secret = try #require(made["token"] as? String)
    try #require(try await Self.enroll(secrets[3], secret, in: sample) == 200)
    try #require(try await Self.enroll(secrets[4], secret, in: sample) == 202)
    let devices = await sample.call(.get, "/api/v1/devices?district=\(id)&serial=\(secrets[3])")
    device = try #require((devices.body["items"] as? [[String: Any]])?.first?["id"] as? String)
    let waiting = await sample.call(.get, "/api/v1/pending?district=\(id)")
    pending = try #require((waiting.body["items"] as? [[String: Any]])?.first?["id"] as? String)
    let roster = try Self.roster(of: id, students: [secrets[6]], guardian: secrets[7], school: secrets[1])
    let imported = await sample.call(.post, "/api/v1/districts/\(id)/roster/imports", zip: roster)
    try #require(imported.status == 200, "\(imported)")
    let mapped = await sample.call(
      .post, "/api/v1/districts/\(id)/roster/mappings",
      json:
        #"{"name": "\#(id)-mapping", "role": "staff", "columns": {"number": "N", "givenName": "G", "familyName": "F"}}"#
    )
    try #require(mapped.status == 200, "\(mapped)")
    upload = try await sample.upload(roster, to: id)
    let people = await sample.call(.get, "/api/v1/districts/\(id)/roster/persons")
    person = try #require((people.body["items"] as? [[String: Any]])?.first?["id"] as? String)
  }

  /// Of OneRoster's demographics.csv.
  static let demographicColumns = [
    "sourcedId", "status", "dateLastModified", "birthDate", "sex", "americanIndianOrAlaskaNative", "asian",
    "blackOrAfricanAmerican", "nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces",
    "hispanicOrLatinoEthnicity", "countryOfBirthCode", "stateOfBirthAbbreviation", "cityOfBirth",
    "publicSchoolResidenceStatus",
  ].joined(separator: ",")

  /// A district's OneRoster archive: students of one guardian at one school.
  static func roster(
    of district: String, students: [String], guardian: String = "Guardian", school: String, demographics: String? = nil
  ) throws -> [UInt8] {
    let users = students.enumerated().map { number, name in
      "u\(number),,,true,\(district)-s,student,,,\(name),Example,,1000\(number),,,,g,05,"
    }
    let files = [
      (
        "manifest.csv",
        """
        propertyName,value
        manifest.version,1.0
        oneroster.version,1.1
        file.orgs,bulk
        file.users,bulk
        file.demographics,\(demographics == nil ? "absent" : "bulk")
        """
      ),
      (
        "orgs.csv",
        """
        sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
        \(district)-d,,,\(school) District,district,\(district),
        \(district)-s,,,\(school),school,,\(district)-d
        """
      ),
      (
        "users.csv",
        """
        sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password
        \(users.joined(separator: "\n"))
        g,,,true,\(district)-s,parent,,,\(guardian),Example,,,parent@home.example,,,,,
        """
      ),
    ]
    let more = demographics.map { [("demographics.csv", $0)] } ?? []
    return try ArchiveWriter.pack((files + more).map { ($0.0, Array($0.1.utf8)) })
  }

  /// A device's first request with a new key; the status of its answer.
  static func enroll(_ serial: String, _ secret: String, in sample: SampleController) async throws -> Int {
    let subject = DistinguishedName([
      RelativeDistinguishedName(.init(type: [2, 5, 4, 5], utf8String: serial))
    ])
    let request = try CertificateSigningRequest(
      version: .v1, subject: subject, privateKey: Certificate.PrivateKey(P256.Signing.PrivateKey()),
      attributes: CertificateSigningRequest.Attributes())
    var serializer = DER.Serializer()
    try serializer.serialize(request)
    let body = Array(Data(serializer.serializedBytes).base64EncodedData())
    let headers: HTTPFields = [.authorization: "Bearer \(secret)", .contentType: "application/pkcs10"]
    let call = Call(
      .post, "/.well-known/est/simpleenroll", headers: headers, body: body, now: SampleController.now)
    return await sample.controller.devices.respond(to: call, peer: nil).status.code
  }
}

extension SampleController {
  /// The API token of a new principal with one role in one district, or at one of its schools.
  func token(role: String, district: String, school: String? = nil, name: String) async throws -> String {
    let place = school.map { #", "school": "\#($0)""# } ?? ""
    let principal = await call(.post, "/api/v1/principals", json: #"{"kind": "person", "name": "\#(name)"}"#)
    let id = try #require(principal.body["id"] as? String, "\(principal)")
    let grant = await call(
      .post, "/api/v1/principals/\(id)/grants", json: #"{"role": "\#(role)", "district": "\#(district)"\#(place)}"#)
    try #require((200...204).contains(grant.status), "\(grant)")
    let issued = await call(
      .post, "/api/v1/principals/\(id)/tokens", json: #"{"name": "test", "expiresInDays": 1}"#)
    return try #require(issued.body["token"] as? String, "\(issued)")
  }

  static let password = "heron under seven bridges"

  /// Signs somebody in by the pages, setting the password first where there is a link; the session's id.
  func signIn(_ login: String, link: String?) async throws -> String {
    func post(_ path: String, _ form: String) async -> Reply {
      let headers: HTTPFields = [.contentType: "application/x-www-form-urlencoded", .origin: "https://test"]
      return await controller.people.respond(
        to: Call(.post, path, headers: headers, body: Array(form.utf8), now: Self.now, authority: "test"))
    }
    let password = Self.password.replacing(" ", with: "+")
    if let link {
      let set = await post("/set-password", "link=\(link)&password=\(password)&repeated=\(password)")
      try #require(set.status == .seeOther, "\(String(decoding: set.body, as: UTF8.self))")
    }
    let signedIn = await post("/sign-in", "login=\(login)&password=\(password)")
    try #require(signedIn.status == .seeOther, "\(String(decoding: signedIn.body, as: UTF8.self))")
    let sessions = await call(.get, "/api/v1/sessions")
    return try #require((sessions.body["items"] as? [[String: Any]])?.first?["id"] as? String)
  }

  /// Sends a file by the page of a district's roster; the id under which it waits.
  func upload(
    _ file: [UInt8], to district: String, demographics: Bool = false, token: String? = nil
  ) async throws -> String {
    let reply = await multipart(
      "/districts/\(district)/roster/uploads", demographics ? [("demographics", "yes")] : [], file: file, token: token)
    #expect(reply.status == 303, "\(reply.text)")
    return try #require(reply.place.split(separator: "/").last.map(String.init))
  }

  /// Sends a page's form with fields and a file.
  func multipart(
    _ path: String, _ fields: [(String, String)] = [], file: [UInt8]? = nil, token: String? = nil
  ) async -> (status: Int, place: String, text: String) {
    var body: [UInt8] = []
    for (name, value) in fields {
      body += Array("--edge\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
    }
    let head = "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.bin\"\r\n\r\n"
    body += Array(head.utf8) + (file ?? []) + Array("\r\n--edge--\r\n".utf8)
    let headers: HTTPFields = [
      .authorization: "Bearer \(token ?? adminToken)", .contentType: "multipart/form-data; boundary=edge",
    ]
    let reply = await controller.people.respond(
      to: Call(.post, path, headers: headers, body: body, now: Self.now))
    return (reply.status.code, reply.headers[.location] ?? "", String(decoding: reply.body, as: UTF8.self))
  }

  /// Sends a page's form with a token instead of a session.
  func form(_ path: String, _ fields: String = "", token: String? = nil) async -> (
    status: Int, place: String, text: String
  ) {
    let headers: HTTPFields = [
      .authorization: "Bearer \(token ?? adminToken)", .contentType: "application/x-www-form-urlencoded",
    ]
    let reply = await controller.people.respond(
      to: Call(.post, path, headers: headers, body: Array(fields.utf8), now: Self.now))
    return (reply.status.code, reply.headers[.location] ?? "", String(decoding: reply.body, as: UTF8.self))
  }

  /// A request's answer as text.
  func text(
    _ method: HTTPRequest.Method, _ path: String, query: [(name: String, value: String)] = [], type: String? = nil,
    body: String = "", token: String
  ) async -> (status: Int, text: String) {
    var headers: HTTPFields = [.authorization: "Bearer \(token)"]
    headers[.contentType] = type
    let reply = await controller.people.respond(
      to: Call(method, path, query: query, headers: headers, body: Array(body.utf8), now: SampleController.now))
    return (reply.status.code, String(decoding: (try? await reply.whole()) ?? [], as: UTF8.self))
  }
}
