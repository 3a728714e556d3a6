import HTTPTypes
import Testing
import Vocabulary

@testable import Serving

@Suite("Forms with files")
struct MultipartFormTests {
  private func form(_ body: String, _ type: String = "multipart/form-data; boundary=xyz") throws -> FormBody {
    try FormBody(
      Call(.post, "/", headers: [.contentType: type], body: Array(body.utf8), now: Instant(seconds: 0)))
  }

  private func part(_ name: String, _ content: String, file: String? = nil) -> String {
    let filename = file.map { "; filename=\"\($0)\"" } ?? ""
    return "--xyz\r\nContent-Disposition: form-data; name=\"\(name)\"\(filename)\r\n\r\n\(content)\r\n"
  }

  @Test("Fields and files are read as a browser sends them")
  func whole() throws {
    let body =
      part("a", "one") + part("b", "") + part("a", "two\r\nlines") + part("f", "x,y\r\n--xy\r\n", file: "a.csv")
      + part("empty", "", file: "") + "--xyz--\r\n"
    let form = try form(body)
    #expect(form["a"] == "one" && form.all("a") == ["one", "two\r\nlines"] && form["b"] == nil)
    #expect(form.file("f") == Array("x,y\r\n--xy\r\n".utf8) && form.file("empty") == nil && form.file("a") == nil)
    #expect(form["f"] == nil, "a file is no field")
    let quoted = try self.form(body, #"Multipart/Form-Data; charset=utf-8; boundary="xyz""#)
    #expect(quoted["a"] == "one")
  }

  @Test("Each truncation of a form is refused by code, and none of them traps")
  func truncated() throws {
    let body = part("a", "one") + part("f", "x", file: "a.csv") + "--xyz--"
    for length in 1..<body.utf8.count - 2 {
      #expect(throws: ServingError.self) { try form(String(decoding: Array(body.utf8).prefix(length), as: UTF8.self)) }
    }
    #expect(throws: Never.self) { _ = try form(body) }
  }

  @Test("A form that is changed anywhere never traps")
  func changed() throws {
    let bytes = Array((part("a", "one") + part("f", "P\u{0}K\r\n--xy\r\n", file: "a.zip") + "--xyz--\r\n").utf8)
    for index in bytes.indices {
      for value: UInt8 in [0, 10, 13, 34, 45, 255] {
        var changed = bytes
        changed[index] = value
        let call = Call(
          .post, "/", headers: [.contentType: "multipart/form-data; boundary=xyz"], body: changed,
          now: Instant(seconds: 0))
        _ = try? FormBody(call)["a"]
      }
    }
  }

  @Test(
    "What is no form is refused",
    arguments: [
      "--xyz", "--abc\r\n", "x--xyz\r\n", "--xyz\r\n\r\n\r\n--xyz--", "--xyz\r\nname=a\r\n\r\nx\r\n--xyz--",
      "--xyz\r\nContent-Disposition: form-data\r\n\r\nx\r\n--xyz--",
      "--xyz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\u{0}y\r\n--xyz--",
    ])
  func malformed(_ body: String) {
    #expect(throws: ServingError.self) { try form(body) }
  }

  @Test("Too many parts, and headers that are too long, are refused")
  func limits() {
    let many = String(repeating: part("a", "x"), count: 101) + "--xyz--"
    #expect(throws: ServingError.self) { try form(many) }
    let long =
      "--xyz\r\nX: \(String(repeating: "x", count: 3000))\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--xyz--"
    #expect(throws: ServingError.self) { try form(long) }
  }

  @Test(
    "A boundary is 1 to 70 characters, and without one there is no form",
    arguments: [
      "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=xyz",
      "multipart/form-data; boundary=" + String(repeating: "x", count: 71), "multipart/form-dataX; boundary=x",
    ])
  func boundaries(_ type: String) {
    #expect(MultipartForm.boundary(type) == nil)
    #expect(throws: ServingError.self) { try form(part("a", "x"), type) }
  }
}
