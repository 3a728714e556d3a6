import Foundation
import Testing

/// An EST client (RFC 7030) made of `openssl` and `curl` alone: what any other maker's client would send.
struct ESTClient {
  let controller: RunningController
  let folder: TemporaryFolder
  let serial: String

  var key: String { folder.file("\(serial).key") }
  var certificate: String { folder.file("\(serial).pem") }

  init(_ controller: RunningController, _ folder: TemporaryFolder, serial: String) throws {
    self.controller = controller
    self.folder = folder
    self.serial = serial
    try makeKey(key)
  }

  func makeKey(_ path: String) throws {
    try openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path])
  }

  /// A request for `key`, as base64 DER.
  func request(key: String? = nil, subject: String? = nil, more: [String] = []) throws -> String {
    let der = folder.file("request.der")
    try openssl(
      ["req", "-new", "-key", key ?? self.key, "-subj", subject ?? "/serialNumber=\(serial)/CN=laptop"]
        + (more.isEmpty ? ["-addext", "subjectAltName=URI:urn:uuid:6f1c7a52-0f57-4a3e-9d0e-6a2b5f0c1d2e"] : more)
        + ["-outform", "DER", "-out", der])
    return try Data(contentsOf: URL(fileURLWithPath: der)).base64EncodedString(options: .lineLength64Characters)
  }

  /// Posts a request and answers the status, the body and the headers.
  func post(
    _ operation: String, _ body: String, credentials: [String], label: String? = nil
  ) throws -> (status: Int, body: String, headers: String) {
    let path = "/.well-known/est/" + (label.map { $0 + "/" } ?? "") + operation
    return try curl(
      path, ["-H", "Content-Type: application/pkcs10", "--data-binary", "@-"] + credentials, input: Data(body.utf8))
  }

  /// Enrols by token and keeps the certificate.
  func enroll(token: String) throws {
    let reply = try post("simpleenroll", try request(), credentials: ["-u", "device:\(token)"])
    try #require(reply.status == 200, "\(reply)")
    #expect(reply.headers.lowercased().contains("content-type: application/pkcs7-mime; smime-type=certs-only"))
    try keep(reply.body, as: certificate)
  }

  /// Writes the certificates of a certs-only reply as PEM.
  func keep(_ body: String, as path: String) throws {
    let compact = body.filter { !$0.isWhitespace }
    let der = try #require(Data(base64Encoded: compact))
    try succeed(
      "/usr/bin/openssl", ["pkcs7", "-inform", "DER", "-print_certs", "-out", path], input: der)
  }

  var identity: [String] { ["--cert", certificate, "--key", key] }

  /// A check-in that knows nothing but its number.
  func checkIn(sequence: Int, identity: [String]? = nil) throws -> (status: Int, body: String, headers: String) {
    let body = #"{"version":1,"sequence":\#(sequence),"sentAt":0,"agent":"curl","hashes":{}}"#
    return try curl(
      "/agent/v1/checkin",
      ["-H", "Content-Type: application/json", "--data-binary", body] + (identity ?? self.identity))
  }

  func curl(
    _ path: String, _ arguments: [String], input: Data? = nil
  ) throws -> (status: Int, body: String, headers: String) {
    let headers = folder.file("headers")
    try? FileManager.default.removeItem(atPath: headers)
    let finished = try run(
      "/usr/bin/curl",
      ["-sS", "--cacert", controller.root, "-D", headers, "-w", "\n%{http_code}", controller.devicesURL + path]
        + arguments, input: input)
    guard finished.status == 0 else { return (-Int(finished.status), finished.errors, "") }
    let newline = try #require(finished.output.lastIndex(of: "\n"))
    let status = try #require(Int(finished.output[finished.output.index(after: newline)...]))
    let seen = (try? String(contentsOfFile: headers, encoding: .utf8)) ?? ""
    return (status, String(finished.output[..<newline]), seen)
  }

  func openssl(_ arguments: [String]) throws { try succeed("/usr/bin/openssl", arguments) }
}
