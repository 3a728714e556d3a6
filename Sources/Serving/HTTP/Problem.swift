package import HTTPTypes
package import Logging
import Storage
import Vocabulary

/// RFC 9457 problem+json, made in this one place.
package struct ProblemBody: Codable, Sendable {
  package var type: String
  package var status: Int
  package var code: String
  package var detail: String
  package var requestID: String
  package var errors: [Fault]?
}

/// What any error becomes for the one who asked.
package enum ProblemReply {
  /// What is told of an error, before it takes the form of JSON or of a page.
  package struct Told: Sendable {
    package let status: HTTPResponse.Status
    package let headers: HTTPFields
    package let body: ProblemBody

    var json: Reply {
      var headers = headers
      headers[.contentType] = "application/problem+json"
      return Reply(status, headers: headers, body: (try? JSONText.encode(body)) ?? [])
    }
  }

  static func logRefusal(
    _ code: ErrorCode?, _ status: HTTPResponse.Status, requestID: String, operation: String?, logger: Logger
  ) {
    logger.info(
      "request refused",
      metadata: [
        "request": "\(requestID)", "operation": "\(operation ?? "none")", "status": "\(status.code)",
        "code": "\(code?.text ?? "none")",
      ])
  }

  static func reply(
    to error: any Error, requestID: String, operation: String? = nil, logger: Logger
  ) -> Reply { told(of: error, requestID: requestID, operation: operation, logger: logger).json }

  /// A ``StatusError`` tells its code and words; anything else is logged with its error and becomes `internal`, telling
  /// nothing. Every refusal is logged, so that its request id finds it: never its words, which may quote the request.
  ///
  /// - Parameter operation: the route's id or pattern, never the address that was sent; nil where there is no route.
  package static func told(
    of error: any Error, requestID: String, operation: String? = nil, logger: Logger
  ) -> Told {
    let fault: any StatusError
    if let known = error as? any StatusError {
      fault = known
      logRefusal(known.code, known.status, requestID: requestID, operation: operation, logger: logger)
    } else if let storage = error as? StorageError, storage.kind == .full || storage.kind == .unavailable {
      logger.error(
        "storage failed",
        metadata: ["error": "\(storage.message)", "code": "\(storage.code)", "request": "\(requestID)"])
      // What took too long may have been a look alone, at too much at once.
      let words =
        storage.kind == .full
        ? "The controller cannot store anything now; nothing was changed. Try again in a minute."
        : "The controller's database did not answer in time; nothing was changed. Try again in a minute, or ask for less at once."
      fault = ServingError(.overloaded, words, headers: [.retryAfter: "60"])
    } else if let storage = error as? StorageError, storage.kind == .unknown {
      logger.error(
        "storage failed",
        metadata: ["error": "\(storage.message)", "code": "\(storage.code)", "request": "\(requestID)"])
      fault = ServingError(
        .unknownOutcome,
        "The database failed while it kept this change: it may be kept or not. Look first, or send it again with the same Idempotency-Key.",
        headers: [.retryAfter: "60"])
    } else {
      logger.error("request failed", metadata: ["error": "\(error)", "request": "\(requestID)"])
      fault = ServingError(
        .internalFault,
        "The controller failed; nothing was changed. Try again; if it goes on, give the operator the request id \(requestID)."
      )
    }
    let body = ProblemBody(
      type: "urn:rollcall:error:\(fault.code)", status: fault.status.code, code: fault.code.text, detail: fault.message,
      requestID: requestID, errors: fault.faults.isEmpty ? nil : fault.faults)
    return Told(status: fault.status, headers: fault.headers, body: body)
  }
}
