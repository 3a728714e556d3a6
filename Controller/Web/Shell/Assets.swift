import HTTPTypes
package import Serving
import Vocabulary

/// A file that pages name: its address holds its content's hash, so that browsers keep it for good.
package struct Asset: Sendable {
  package let path: String
  let type: String
  let bytes: [UInt8]

  package init(_ name: String, _ ending: String, type: String, _ bytes: [UInt8]) {
    path = "/assets/\(name).\(Digest.sha256(bytes).description.prefix(16)).\(ending)"
    self.type = type
    self.bytes = bytes
  }

  static let stylesheet = Asset("rollcall", "css", type: "text/css; charset=utf-8", PackageResources.rollcall_css)
  static let script = Asset(
    "rollcall", "js", type: "text/javascript; charset=utf-8", PackageResources.rollcall_js)
  static let icon = Asset("rollcall", "svg", type: "image/svg+xml", PackageResources.rollcall_svg)

  /// Compressed here, once, and not at each request.
  package var route: PeopleRoute {
    var reply = Reply(
      .ok, headers: [.contentType: type, .cacheControl: "public, max-age=31536000, immutable"], body: bytes)
    reply.packed = Reply.packed(bytes)
    return PeopleRoute(
      .get, path, .open, Operation("asset \(path)", "A file of the pages"), isPage: true
    ) { [reply] _, _ in reply }
  }
}
