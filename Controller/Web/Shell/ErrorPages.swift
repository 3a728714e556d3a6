import HTTPTypes
package import Serving
import Vocabulary

/// Errors as people see them; who is not signed in is led to the page where that is done, and back.
extension Shell: FaultPages {
  /// To where somebody says why they look at what is linked to students, and back to what was asked for.
  package static func askPurpose(_ call: Call) -> Reply {
    redirect(to: "/account/purpose?next=\(PercentEncoding.encode(call.address))")
  }

  package func page(of told: ProblemReply.Told, _ call: Call, _ context: OperatorContext?) -> Reply {
    if told.body.code == "access.unauthenticated", call.method == .get || call.method == .head {
      return Self.redirect(to: "/sign-in?next=\(PercentEncoding.encode(call.address))")
    }
    let model = Model(detail: told.body.detail, code: told.body.code, request: told.body.requestID)
    let heading = Heading(Self.title(told.status), isNarrow: true, status: told.status)
    guard var reply = try? page("fault", model, heading, context) else {
      return Reply(
        told.status, headers: [.contentType: "text/plain; charset=utf-8"], body: Array(told.body.detail.utf8))
    }
    for name in [HTTPField.Name.retryAfter, .allow] where told.headers[name] != nil {
      reply.headers[name] = told.headers[name]
    }
    return reply
  }

  private struct Model: Sendable {
    let detail: String
    let code: String
    let request: String
  }

  private static func title(_ status: HTTPResponse.Status) -> String {
    switch status.code {
    case 401: "You are not signed in"
    case 403: "This is not for you"
    case 404: "There is nothing here"
    case 429, 503: "Not now"
    case 500...: "The controller failed"
    default: "That cannot be done"
    }
  }
}

extension Call {
  /// What names a student, or somebody's guardian, where people type it: it goes into no address that leads back, for addresses
  /// stay in histories and logs.
  private static let names: Set<String> = ["q", "number", "username", "email", "guardian"]

  /// Path and query as one address of this site, without what was looked for.
  fileprivate var address: String {
    let pairs = query.filter { !Self.names.contains($0.name) }.map {
      "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))"
    }
    return pairs.isEmpty ? path : path + "?" + pairs.joined(separator: "&")
  }
}

/// Where somebody goes after signing in: a page of this site, whatever a link says.
enum NextPage {
  static func checked(_ text: String?) -> String? {
    guard let text, text.utf8.count <= 1000, text.hasPrefix("/"), !text.hasPrefix("//"), !text.hasPrefix("/\\"),
      text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }), !text.hasPrefix("/sign-")
    else { return nil }
    return text
  }
}
