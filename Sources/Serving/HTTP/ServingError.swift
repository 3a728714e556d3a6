package import HTTPTypes
package import Vocabulary

/// An error that knows its HTTP status; the one place that makes problem+json reads it.
package protocol StatusError: CodedError {
  var status: HTTPResponse.Status { get }
  /// Such as `Retry-After`.
  var headers: HTTPFields { get }
  /// Places of the faults, where there are several, such as a file's lines.
  var faults: [Fault] { get }
}

extension StatusError {
  package var headers: HTTPFields { [:] }
  package var faults: [Fault] { [] }
}

/// One fault of an input, with its place.
package struct Fault: Sendable, Codable, Hashable {
  /// The file among several, such as `users.csv`.
  package var file: String?
  /// The line of a file from 1, the header being line 1.
  package var line: Int?
  /// The field or column.
  package var field: String?
  package var value: String?
  package var code: String
  package var message: String
  /// The same on pages, for who knows no codes; nil where ``message`` is for them too. Programs get the message.
  package var plain: String?

  private enum CodingKeys: CodingKey { case file, line, field, value, code, message }

  package init(
    file: String? = nil, line: Int? = nil, field: String? = nil, value: String? = nil, code: String, message: String
  ) {
    self.file = file
    self.line = line
    self.field = field
    self.value = value
    self.code = code
    self.message = message
  }
}

/// What is wrong with a request before any feature looks at it.
package struct ServingError: StatusError {
  package enum Kind: String, CaseIterable, Sendable {
    case notFound = "request.not-found"
    case method = "request.method"
    case body = "request.body"
    case tooLarge = "request.too-large"
    case query = "request.query"
    case unauthenticated = "access.unauthenticated"
    case forbidden = "access.forbidden"
    case crossSite = "access.cross-site"
    case idempotencyMismatch = "request.idempotency-mismatch"
    case idempotencyKey = "request.idempotency-key"
    case overloaded = "request.overloaded"
    case unknownOutcome = "request.outcome-unknown"
    case certificateRequired = "device.certificate-required"
    case certificateExpired = "device.certificate-expired"
    case keyRevoked = "device.key-revoked"
    case keyUnknown = "device.key-unknown"
    case keyState = "device.key-state"
    case internalFault = "internal"
  }

  package let kind: Kind
  package let message: String
  package let headers: HTTPFields
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String, headers: HTTPFields = [:]) {
    self.kind = kind
    self.message = message
    self.headers = headers
  }

  /// Also the answer for what belongs to another tenant.
  package static let notFound = ServingError(
    .notFound, "There is no such thing here, or it is not yours to see. Check the address and the ids in it.")

  /// Names what is not there. Only for who may see the place where it would be: what stands elsewhere is not there.
  ///
  /// - Parameter place: such as `district 'cedar-falls'`.
  package static func missing(
    _ kind: String, _ id: some CustomStringConvertible, in place: String? = nil
  ) -> ServingError {
    ServingError(.notFound, "There is no \(kind) '\(id)'\(place.map { " in \($0)" } ?? "").")
  }

  package static func missing(
    _ kind: String, _ id: some CustomStringConvertible, in district: DistrictID
  ) -> ServingError {
    missing(kind, id, in: "district '\(district)'")
  }

  static func otherMethods(_ methods: [HTTPRequest.Method]) -> ServingError {
    let names = methods.map(\.rawValue).joined(separator: ", ")
    return ServingError(.method, "This address answers \(names) only.", headers: [.allow: names])
  }

  package var status: HTTPResponse.Status {
    switch kind {
    case .notFound: .notFound
    case .method: .methodNotAllowed
    case .body, .query, .idempotencyKey: .badRequest
    case .tooLarge: .contentTooLarge
    case .unauthenticated, .certificateRequired: .unauthorized
    case .forbidden, .crossSite, .certificateExpired, .keyRevoked, .keyUnknown, .keyState: .forbidden
    case .idempotencyMismatch: .unprocessableContent
    case .overloaded, .unknownOutcome: .serviceUnavailable
    case .internalFault: .internalServerError
    }
  }
}
