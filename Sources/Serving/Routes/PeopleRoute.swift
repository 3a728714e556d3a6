package import HTTPTypes
package import Vocabulary

/// One operation of the API or a page on the people listener: where, who, what, and its description.
///
/// A router is built from these alone, so a route without a rule cannot exist, and the OpenAPI document and the
/// generated access tests see every one.
package struct PeopleRoute: Sendable {
  package typealias Handler = @Sendable (Call, OperatorContext) async throws -> Reply

  package let method: HTTPRequest.Method
  /// With parameters in braces: `/api/v1/districts/{district}/devices/{device}`.
  package let path: String
  package let rule: AccessRule
  package let operation: Operation
  /// The largest body that is read, in bytes: none by GET, and little of whom nobody knows.
  package let bodyLimit: Int
  /// What is said of a larger one, for people: such a body is read to its end, for a browser that sends still hears no answer.
  package let larger: String?
  /// Whether it is for browsers: it answers in HTML, errors too, and stands in no description of the API.
  package let isPage: Bool
  /// Whether it tells a page what changes: it asks again by itself, so that it is no use of a session.
  package let isLive: Bool
  package let handle: Handler

  package init(
    _ method: HTTPRequest.Method, _ path: String, _ rule: AccessRule, _ operation: Operation, bodyLimit: Int = 64 << 10,
    larger: String? = nil, isPage: Bool = false, isLive: Bool = false, handle: @escaping Handler
  ) {
    self.method = method
    self.path = path
    self.rule = rule
    self.operation = operation
    self.bodyLimit = BodyBudget.limit(bodyLimit, method, isOpen: rule == .open)
    self.larger = larger
    self.isPage = isPage
    self.isLive = isLive
    self.handle = handle
  }
}

/// What the OpenAPI document says of a route.
package struct Operation: Sendable {
  package struct Parameter: Sendable {
    package let name: String
    package let summary: String
    package init(_ name: String, _ summary: String) {
      self.name = name
      self.summary = summary
    }
  }

  /// Unique, lowerCamelCase: `listDevices`.
  package let id: String
  package let summary: String
  /// Query parameters; path parameters come from the path.
  package let query: [Parameter]
  /// The media type and schema of the body, where there is one.
  package let body: (type: String, schema: Schema)?
  /// Whether nothing may stand for an empty object.
  package let isBodyRequired: Bool
  /// What text/csv in place of `body` holds; nil where it is not taken.
  package let csv: String?
  /// The schema of the answer with this success status.
  package let answers: (status: Int, schema: Schema?)
  /// A success of the same schema with another status: what was asked for was so already.
  package let repeats: Int?
  /// Media types of an answer that is no JSON object.
  package let media: [String]

  package init(
    _ id: String, _ summary: String, query: [Parameter] = [], body: (type: String, schema: Schema)? = nil,
    isBodyRequired: Bool = true, csv: String? = nil, answers: (status: Int, schema: Schema?) = (200, nil),
    repeats: Int? = nil, media: [String] = []
  ) {
    self.isBodyRequired = isBodyRequired
    self.csv = csv
    self.id = id
    self.summary = summary
    self.query = query
    self.body = body
    self.answers = answers
    self.repeats = repeats
    self.media = media
  }
}

extension Operation {
  /// A misspelt filter must not show everything.
  ///
  /// - Throws: `request.query` where the call has a parameter that is not declared.
  package func refuseUnknownQuery(_ call: Call) throws(ServingError) {
    if let nul = call.query.first(where: { $0.value.utf8.contains(0) })?.name {
      throw ServingError(
        .query, "The query parameter '\(nul.prefix(100))' holds the character U+0000, which nothing has.")
    }
    let known = query.map(\.name)
    guard let stray = call.query.first(where: { !known.contains($0.name) })?.name else { return }
    let nearest = Spelling.nearest(to: stray, in: known).map { " Did you mean '\($0)'?" } ?? ""
    throw ServingError(.query, "There is no query parameter '\(stray.prefix(100))' here.\(nearest)")
  }
}

/// A JSON Schema (2020-12, as OpenAPI 3.1 uses it) in the few forms that the API needs.
package indirect enum Schema: Sendable {
  case string(String)
  /// RFC 3339.
  case dateTime(String)
  case integer(String)
  case boolean(String)
  case number(String)
  case oneOf([String], String)
  case array(Schema)
  /// Properties in the document's order; those not `required` may be absent.
  case object([(name: String, schema: Schema)], required: [String])
  /// Any JSON value.
  case any(String)
}

/// What a handler of the people listener knows of its caller.
package struct OperatorContext: Sendable {
  /// nil on open routes only.
  package let caller: Caller?
  /// The districts that the route's rule gives this caller.
  package let scope: TenantScope
  /// The schools to which districts of the scope are limited; nil, or no entry for a district, where it is seen whole.
  package let schools: [DistrictID: Set<SchoolID>]?
  /// The session of a browser; nil where a token proved the caller.
  package let session: BrowserSession?

  package init(
    caller: Caller?, scope: TenantScope, schools: [DistrictID: Set<SchoolID>]? = nil, session: BrowserSession? = nil
  ) {
    self.caller = caller
    self.scope = scope
    self.schools = schools
    self.session = session
  }

  /// What `caller` may see on a route with `rule`.
  ///
  /// - Throws: `access.unauthenticated`, `access.forbidden`, `request.not-found`.
  package init(
    _ caller: Caller?, _ rule: AccessRule, district: String?, session: BrowserSession? = nil
  ) throws(ServingError) {
    self.init(
      caller: caller, scope: try Authorization.authorize(caller, rule, district: district),
      schools: Authorization.schools(caller, rule), session: session)
  }

  /// Whether what belongs to this school of a district in the scope, or to none of its schools, is seen.
  package func shows(_ school: SchoolID?, of district: DistrictID) -> Bool {
    guard let allowed = schools?[district] else { return true }
    return school.map(allowed.contains) ?? false
  }

  /// The principal for the journal.
  ///
  /// - Throws: `access.unauthenticated` on an open route.
  package var actor: PrincipalID {
    get throws(ServingError) {
      guard let caller else { throw ServingError(.unauthenticated, "This needs a valid API token or a session.") }
      return caller.principal
    }
  }
}
