import HTTPTypes
import Vocabulary

/// The OpenAPI 3.1 document of the people listener's API, made from the declared routes themselves.
package enum OpenAPIDocument {
  package static func document(of all: [PeopleRoute], version: String) throws -> [UInt8] {
    let routes = all.filter { !$0.isPage }
    var paths: [(String, JSONTree)] = []
    for path in Set(routes.map(\.path)).sorted() {
      let operations = routes.filter { $0.path == path }.map { ($0.method.rawValue.lowercased(), describe($0)) }
      paths.append((path, .object(operations)))
    }
    return JSONTree.object([
      ("openapi", .text("3.1.0")),
      (
        "info",
        .object([
          ("title", .text("Rollcall")), ("version", .text(version)),
          ("license", .object([("name", .text("Apache-2.0")), ("identifier", .text("Apache-2.0"))])),
        ])
      ),
      ("paths", .object(paths)),
      (
        "components",
        .object([
          ("schemas", .object([("Problem", problem.json)])),
          (
            "securitySchemes",
            .object([
              ("token", .object([("type", .text("http")), ("scheme", .text("bearer"))])),
              (
                "session",
                .object([("type", .text("apiKey")), ("in", .text("cookie")), ("name", .text(SessionCookie.name))])
              ),
            ])
          ),
        ])
      ),
    ]).bytes
  }

  private static let problem = Schema.object(
    [
      ("type", .string("A URN with the code")), ("status", .integer("The HTTP status")),
      ("code", .string("The stable code")), ("detail", .string("What happened, what it means, what to do")),
      ("requestID", .string("Finds the request in the logs")),
      (
        "errors",
        .array(
          .object(
            [
              ("file", .string("The file among several")), ("line", .integer("A file's line, from 1")),
              ("field", .string("The field or column")),
              ("value", .string("The value at fault")), ("code", .string("The rule's code")),
              ("message", .string("In words")),
            ], required: ["code", "message"]))
      ),
    ], required: ["type", "status", "code", "detail", "requestID"])

  /// One of them is enough. With a session, a change needs the form token of its pages in `X-Form-Token` too.
  private static let proofs: [JSONTree] = ["token", "session"].map { .object([($0, .array([]))]) }

  private static func describe(_ route: PeopleRoute) -> JSONTree {
    let operation = route.operation
    var members: [(String, JSONTree)] = [
      ("operationId", .text(operation.id)), ("summary", .text(operation.summary)),
      ("description", .text(access(route.rule))),
    ]
    let parameters = pathParameters(route.path) + operation.query.map(queryParameter) + idempotency(route.method)
    if !parameters.isEmpty { members.append(("parameters", .array(parameters))) }
    if let body = operation.body {
      let csv = operation.csv.map { ("text/csv", Schema.string($0)) }
      let types = ([(body.type, body.schema)] + [csv].compactMap(\.self)).map { type, schema in
        (type, JSONTree.object([("schema", schema.ofBody)]))
      }
      members.append(
        (
          "requestBody",
          .object([("required", .boolean(operation.isBodyRequired)), ("content", .object(types))])
        ))
    }
    members.append(("responses", .object(responses(operation))))
    members.append(("security", .array(route.rule == .open ? [] : Self.proofs)))
    return .object(members)
  }

  private static func responses(_ operation: Operation) -> [(String, JSONTree)] {
    var success: [(String, JSONTree)] = [("description", .text(operation.summary))]
    let json = operation.answers.schema.map { ("application/json", JSONTree.object([("schema", $0.json)])) }
    let content = [json].compactMap(\.self) + operation.media.map { ($0, JSONTree.object([])) }
    if !content.isEmpty { success.append(("content", .object(content))) }
    let reference = JSONTree.object([("$ref", .text("#/components/schemas/Problem"))])
    let failure = JSONTree.object([
      ("description", .text("A problem, by RFC 9457")),
      ("content", .object([("application/problem+json", .object([("schema", reference)]))])),
    ])
    // Not 'default', which would let any other success be as described.
    let successes = [operation.answers.status] + [operation.repeats].compactMap(\.self)
    return successes.map { (String($0), JSONTree.object(success)) } + [("4XX", failure), ("5XX", failure)]
  }

  private static func pathParameters(_ path: String) -> [JSONTree] {
    path.split(separator: "/").filter { $0.hasPrefix("{") }.map { segment in
      .object([
        ("name", .text(String(segment.dropFirst().dropLast()))), ("in", .text("path")), ("required", .boolean(true)),
        ("schema", Schema.string("An id").json),
      ])
    }
  }

  private static func queryParameter(_ parameter: Operation.Parameter) -> JSONTree {
    .object([
      ("name", .text(parameter.name)), ("in", .text("query")), ("description", .text(parameter.summary)),
      ("schema", .object([("type", .text("string"))])),
    ])
  }

  private static func idempotency(_ method: HTTPRequest.Method) -> [JSONTree] {
    guard method == .post || method == .patch else { return [] }
    return [
      .object([
        ("name", .text("Idempotency-Key")), ("in", .text("header")),
        ("description", .text("The same key within a day gets the first answer again")),
        ("schema", .object([("type", .text("string")), ("minLength", .number(1)), ("maxLength", .number(255))])),
      ])
    ]
  }

  private static func access(_ rule: AccessRule) -> String {
    func names(_ roles: Set<Role>) -> String { roles.map(\.rawValue).sorted().joined(separator: ", ") }
    return switch rule {
    case .open: "Anybody."
    case .signedIn: "Anybody with a valid token or session."
    case .state(let roles): "For the whole state: \(names(roles))."
    case .district(let roles): "In the district: \(names(roles))."
    case .scoped(let roles): "In any district, limited to it: \(names(roles))."
    case .school(let roles): "In the district, or at a school and limited to it: \(names(roles))."
    case .scopedSchools(let roles): "In any district or at any school, limited to it: \(names(roles))."
    }
  }
}
