import Vocabulary

/// The public API, one request at a time: credentials, one idempotency key a write, retries, refusals as errors.
struct APIClient {
  enum Body {
    case json(JSONValue)
    /// A local file's content and name; the name stands in what is said of its faults.
    case csv([UInt8], file: String)
    /// A ZIP archive.
    case archive([UInt8])
  }

  /// Further attempts after a failure that may pass.
  private static let retries = 3
  /// The longest wait that is obeyed without asking.
  private static let patience: Int64 = 30

  let transport: any Requesting
  let token: String
  let surroundings: Surroundings

  func get(_ target: Target) throws -> JSONValue { try call(.get, target) }
  func post(_ target: Target, _ body: Body? = nil) throws -> JSONValue { try call(.post, target, body) }
  func patch(_ target: Target, _ body: Body) throws -> JSONValue { try call(.patch, target, body) }
  @discardableResult
  func delete(_ target: Target, _ body: Body? = nil) throws -> JSONValue { try call(.delete, target, body) }

  /// Calls `body` with each item of a list, page by page.
  ///
  /// - Returns: whether items were left over at `limit`.
  func each(
    _ target: Target, limit: Int?, page see: (JSONValue) -> Void = { _ in }, item body: (JSONValue) throws -> Void
  ) throws -> Bool {
    var left = limit ?? .max
    var after: String?
    repeat {
      let size = min(left, 1000)
      let page = try get(target.adding("limit", "\(size)").adding("after", after))
      see(page)
      for item in page["items"].items.prefix(left) {
        left -= 1
        try body(item)
      }
      after = page["next"].string
      if left == 0 { return after != nil }
    } while after != nil
    return false
  }

  /// A file as it comes, however long it is.
  ///
  /// - Parameter take: gets its pieces; false gives up.
  /// - Throws: ``CommandError``; what was taken then is not whole.
  func download(_ target: Target, _ take: @escaping ([UInt8]) -> Bool) throws {
    let request = APIRequest(
      method: .get, target: target.text, headers: [("Authorization", "Bearer \(token)"), ("Accept", "*/*")])
    var hasBegun = false
    let exchange = { (request: APIRequest) throws(ConnectionFailure) -> APIAnswer in
      try transport.download(request) { piece in
        hasBegun = true
        return take(piece)
      }
    }
    let answer = try send(request, isRepeatable: { !hasBegun }, by: exchange)
    guard (200..<300).contains(answer.status) else { throw Self.refusal(answer, file: nil) }
  }

  // MARK: - One request

  private func call(_ method: APIRequest.Method, _ target: Target, _ body: Body? = nil) throws -> JSONValue {
    var request = APIRequest(
      method: method, target: target.text,
      headers: [("Authorization", "Bearer \(token)"), ("Accept", "application/json")])
    var file: String?
    switch body {
    case .json(let value):
      request.body = value.bytes
      request.headers.append(("Content-Type", "application/json"))
    case .csv(let bytes, let name):
      request.body = bytes
      file = name
      request.headers.append(("Content-Type", "text/csv"))
    case .archive(let bytes):
      request.body = bytes
      request.headers.append(("Content-Type", "application/zip"))
    case nil: break
    }
    if method != .get { request.headers.append(("Idempotency-Key", surroundings.makeKey())) }
    let answer = try send(request) { request throws(ConnectionFailure) in try transport.send(request) }
    guard (200..<300).contains(answer.status) else { throw Self.refusal(answer, file: file) }
    if answer.body.isEmpty { return .null }
    guard let value = JSONValue(answer.body) else {
      throw CommandError(
        .failure, "The answer is not JSON. Is this address a Rollcall controller?",
        requestID: answer.header("X-Request-Id"))
    }
    return value
  }

  /// Sends the same request, key and all, until there is an answer that says more than "not now".
  private func send(
    _ request: APIRequest, isRepeatable: () -> Bool = { true },
    by exchange: (APIRequest) throws(ConnectionFailure) -> APIAnswer
  ) throws(CommandError) -> APIAnswer {
    for attempt in 0... {
      do throws(ConnectionFailure) {
        let answer = try exchange(request)
        guard [429, 503].contains(answer.status), attempt < Self.retries,
          let wait = answer.header("Retry-After").flatMap({ Int64($0) }), (0...Self.patience).contains(wait)
        else { return answer }
        note("The controller is busy; trying again in \(wait) s.")
        surroundings.pause(.seconds(wait))
      } catch {
        guard error.isTransient, attempt < Self.retries, isRepeatable() else {
          throw CommandError(.unreachable, error.message + Self.advice(error.code), code: error.code)
        }
        surroundings.pause(.milliseconds(200 << attempt))
      }
    }
    throw CommandError(.unreachable, "The controller did not answer.")
  }

  private static func advice(_ code: String) -> String {
    guard code == "transfer.server-certificate-unknown-ca" else { return "" }
    return
      " A controller usually has an authority of its own: name its root.pem with 'rollcall login --ca', or set ROLLCALL_CA."
  }

  private func note(_ text: String) {
    if surroundings.console.errorIsTerminal { surroundings.console.error(text + "\n") }
  }

  static func refusal(_ answer: APIAnswer, file: String?) -> CommandError {
    let problem = JSONValue(answer.body) ?? .null
    var message = problem["detail"].string ?? "The controller answered with status \(answer.status)."
    if answer.status == 401 { message += " Sign in with 'rollcall login'." }
    var error = CommandError(
      .of(httpStatus: answer.status), message, code: problem["code"].string,
      requestID: problem["requestID"].string ?? answer.header("X-Request-Id"))
    error.file = file
    error.places = problem["errors"].items.map { fault in
      CommandError.Place(
        file: fault["file"].string, line: fault["line"].integer.map { Int(clamping: $0) },
        column: fault["field"].string,
        message: fault["message"].string ?? fault["code"].text, value: fault["value"].string,
        rule: fault["message"].string == nil ? nil : fault["code"].string)
    }
    return error
  }
}
