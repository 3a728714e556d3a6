import Foundation
import ProcessSupport
import Testing

/// What is compressed on its way to a browser, by the real controller and curl.
@Suite struct CompressedAnswersTests {
  private struct Answer {
    let status: String
    let headers: [String: String]
    let body: Data

    /// The body's text, unpacked by gzip itself where it says that it is.
    func text() throws -> String {
      guard headers["content-encoding"] == "gzip" else { return String(decoding: body, as: UTF8.self) }
      return try succeed("/bin/gzip", ["-dc"], input: body)
    }
  }

  private static let gzip = ["-H", "Accept-Encoding: gzip, deflate, br"]

  private func ask(
    _ controller: RunningController, _ folder: TemporaryFolder, _ url: String, _ arguments: [String] = []
  ) throws -> Answer {
    let (head, body) = (folder.file("head"), folder.file("body"))
    try? FileManager.default.removeItem(atPath: body)
    let status = try succeed(
      "/usr/bin/curl",
      ["-sS", "--max-time", "60", "--cacert", controller.root, "-D", head, "-o", body, "-w", "%{http_code}", url]
        + arguments)
    let text = String(decoding: FileManager.default.contents(atPath: head) ?? Data(), as: UTF8.self)
    return Answer(
      status: status, headers: Self.headers(text), body: FileManager.default.contents(atPath: body) ?? Data())
  }

  private static func headers(_ text: String) -> [String: String] {
    var found: [String: String] = [:]
    for line in text.split(separator: "\r\n").dropFirst() {
      let sides = line.split(separator: ":", maxSplits: 1)
      if sides.count == 2 { found[sides[0].lowercased()] = sides[1].trimmingCharacters(in: .whitespaces) }
    }
    return found
  }

  @Test("Pages and their files are compressed for who accepts it, and the same as without")
  func pages() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let page = controller.peopleURL + "/sign-in"
    let plain = try ask(controller, folder, page)
    let sent = try ask(controller, folder, page, Self.gzip)
    #expect(sent.headers["content-encoding"] == "gzip" && plain.headers["content-encoding"] == nil)
    for answer in [plain, sent] {
      #expect(answer.status == "200" && answer.headers["vary"] == "Accept-Encoding")
      #expect(answer.headers["content-length"] == "\(answer.body.count)")
    }
    #expect(try sent.body.count < plain.body.count && sent.text() == plain.text())
    let head = try ask(controller, folder, page, Self.gzip + ["-I"])
    #expect(head.headers["content-length"] == sent.headers["content-length"])
    #expect(head.headers["content-encoding"] == "gzip")

    let files = try plain.text().matches(of: /(?:href|src)="(\/assets\/[^"]+)"/).map { String($0.output.1) }
    #expect(files.contains { $0.hasSuffix(".css") } && files.contains { $0.hasSuffix(".svg") })
    for file in files {
      let plain = try ask(controller, folder, controller.peopleURL + file)
      // As a browser that is signed in asks from another site's page: it is everybody's all the same.
      let sent = try ask(
        controller, folder, controller.peopleURL + file,
        Self.gzip + ["-H", "Cookie: __Host-rollcall=rcs_x", "-H", "Sec-Fetch-Site: cross-site"])
      #expect(sent.headers["content-encoding"] == "gzip" && sent.headers["vary"] == "Accept-Encoding", "\(file)")
      #expect(sent.headers["content-type"] == plain.headers["content-type"])
      #expect(try sent.body.count < plain.body.count && sent.text() == plain.text(), "\(file)")
    }
    let nothing = try ask(
      controller, folder, controller.peopleURL + "/nowhere", Self.gzip + ["-H", "Accept: text/html"])
    #expect(nothing.status == "404" && nothing.headers["content-encoding"] == "gzip")
  }

  @Test("CSV and JSON lines are compressed while they are made; workbooks, events and devices' answers are not")
  func files() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    _ = try controller.prepareBatch(serials: ["PACK-0001"])
    let rows = (0..<3000).map { "PACK\($0),Laptop 14\n" }.joined()
    let imported = try controller.api(
      "POST", "/api/v1/districts/cedar-falls/devices/import", csv: "serial,model\n" + rows)
    #expect((200...204).contains(imported.status), "\(imported)")
    let token = ["-H", "Authorization: Bearer \(try controller.adminToken)"]
    let report = controller.peopleURL + "/api/v1/reports/inventory?district=cedar-falls&format="
    for format in ["csv", "json"] {
      let plain = try ask(controller, folder, report + format, token)
      let sent = try ask(controller, folder, report + format, token + Self.gzip)
      #expect(sent.headers["content-encoding"] == "gzip" && sent.headers["content-length"] == nil, "\(format)")
      #expect(sent.headers["transfer-encoding"] == "chunked" && sent.headers["vary"] == "Accept-Encoding")
      #expect(sent.headers["content-disposition"] == plain.headers["content-disposition"])
      #expect(sent.body.count * 2 < plain.body.count, "\(format): \(sent.body.count) of \(plain.body.count) bytes")
      #expect(try sent.text() == plain.text() && plain.text().contains("PACK2999"), "\(format)")
    }
    let list = try ask(controller, folder, controller.peopleURL + "/api/v1/devices?limit=1000", token + Self.gzip)
    #expect(list.headers["content-encoding"] == "gzip")
    #expect(try list.text().contains(#""items":["#))
    let book = try ask(controller, folder, report + "xlsx", token + Self.gzip)
    #expect(book.status == "200" && book.headers["content-encoding"] == nil && book.headers["vary"] == nil)
    #expect(book.body.prefix(2) == Data("PK".utf8))
    let device = try ask(controller, folder, controller.devicesURL + "/agent/v1/time", Self.gzip)
    #expect(device.status == "200" && device.headers["content-encoding"] == nil && device.headers["vary"] == nil)

    let events = folder.file("events")
    let script = """
      coproc EVENTS { exec /usr/bin/curl -sSN --cacert "$1" -D "$2" -H "$3" -H 'Accept-Encoding: gzip' "$4"; }
      head -c 27 <&"${EVENTS[0]}"
      kill "$EVENTS_PID"
      """
    let told = try run(
      "/bin/bash", ["-c", script, "bash", controller.root, events, token[1], controller.peopleURL + "/pending/live"])
    #expect(told.output == "retry: 5000\nevent: values\nd", "\(told)")
    let text = String(decoding: FileManager.default.contents(atPath: events) ?? Data(), as: UTF8.self)
    let head = Self.headers(text)
    #expect(head["content-type"] == "text/event-stream" && head["content-encoding"] == nil, "\(text)")
  }

  @Test(
    "Who is signed in gets pages compressed that no other site asked for, and a form token of other letters each time")
  func signedIn() throws {
    let folder = try TemporaryFolder()
    let controller = try RunningController(in: folder)
    let link = try String(contentsOfFile: controller.state + "/admin.link", encoding: .utf8)
    let secret = try #require(link.split(separator: "link=").last).trimmingCharacters(in: .whitespacesAndNewlines)
    let (jar, password) = (folder.file("jar"), "heron under seven bridges")
    let own = ["-b", jar, "-c", jar, "-H", "Accept: text/html"] + Self.gzip
    let same = own + ["-H", "Sec-Fetch-Site: same-origin"]
    func post(_ path: String, _ fields: [String]) throws -> Answer {
      let data = fields.flatMap { ["--data-urlencode", $0] }
      return try ask(controller, folder, controller.peopleURL + path, same + data)
    }
    let set = try post("/set-password", ["link=\(secret)", "password=\(password)", "repeated=\(password)"])
    #expect(set.status == "303")
    #expect(try post("/sign-in", ["login=admin", "password=\(password)"]).status == "303")

    let account = controller.peopleURL + "/account"
    var tokens: [String] = []
    for _ in 0..<2 {
      let page = try ask(controller, folder, account, same)
      #expect(page.status == "200" && page.headers["content-encoding"] == "gzip")
      let token = try #require(try page.text().firstMatch(of: /name="form-token" value="([^"]+)"/)).output.1
      tokens.append(String(token))
    }
    #expect(tokens[0] != tokens[1])
    for site in ["cross-site", "same-site"] {
      let page = try ask(controller, folder, account, own + ["-H", "Sec-Fetch-Site: \(site)"])
      #expect(page.status == "200" && page.headers["content-encoding"] == nil, "\(site)")
    }
    #expect(try ask(controller, folder, account, own).headers["content-encoding"] == nil, "nobody says who asked")
    let other = (tokens[0].hasPrefix("A") ? "B" : "A") + tokens[0].dropFirst()
    #expect(try post("/sign-out", ["form-token=\(other)"]).status == "403")
    // The older one is as good as the newer: a page stays open for long.
    #expect(try post("/sign-out", ["form-token=\(tokens[0])"]).status == "303")
  }
}
