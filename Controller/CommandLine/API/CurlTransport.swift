import CurlClient
import Vocabulary

/// The controller over libcurl.
final class CurlTransport: Requesting {
  /// Bodies up to this, in bytes, need no time of their own.
  private static let small = 1 << 20

  private let endpoint: Endpoint
  private var server: String { endpoint.server }
  private let client: Client

  init(_ endpoint: Endpoint) throws(CommandError) {
    self.endpoint = endpoint
    do throws(TransferError) { client = try Self.client(endpoint, body: 0) } catch {
      throw CommandError(.failure, error.message, code: error.code.text)
    }
  }

  /// A little longer than a controller makes a file.
  private static let longest = Duration.seconds(1000)

  private static func client(_ endpoint: Endpoint, body: Int) throws(TransferError) -> Client {
    try Client(
      trust: endpoint.authorities.map { .pem($0) } ?? .system,
      limits: TransferLimits(connect: .seconds(15), total: time(forBody: body), responseBytes: 64 << 20),
      usesProxyEnvironment: true, agentName: "rollcall/\(Release.version)")
  }

  /// Of a whole exchange: a body has as long as the controller lets it come, at 16 KiB a second.
  static func time(forBody bytes: Int) -> Duration { .seconds(300 + bytes / (16 << 10)) }

  func send(_ request: APIRequest) throws(ConnectionFailure) -> APIAnswer {
    try answer { client, asked throws(TransferError) in
      try client.send(asked)
    } to: {
      request
    }
  }

  func download(_ request: APIRequest, _ take: @escaping ([UInt8]) -> Bool) throws(ConnectionFailure) -> APIAnswer {
    try answer { client, asked throws(TransferError) in
      try client.download(asked, within: Self.longest, take)
    } to: {
      request
    }
  }

  private func answer(
    _ exchange: (Client, Request) throws(TransferError) -> Response, to asked: () -> APIRequest
  ) throws(ConnectionFailure) -> APIAnswer {
    let request = asked()
    let method = Request.Method(rawValue: request.method.rawValue) ?? .get
    do throws(TransferError) {
      let size = request.body?.count ?? 0
      let client = size > Self.small ? try Self.client(endpoint, body: size) : client
      let response = try exchange(
        client,
        Request(
          method, server + request.target, headers: request.headers.map { .init($0.name, $0.value) },
          body: request.body))
      return APIAnswer(
        status: response.status, headers: response.headers.map { ($0.name, $0.value) }, body: response.body)
    } catch {
      throw ConnectionFailure(
        message: "No answer from \(server). \(error.message)", code: error.code.text,
        isTransient: Self.transient.contains(error.kind))
    }
  }

  private static let transient: Set<TransferError.Kind> = [.interrupted, .refused, .unreachable, .timeout]
}
