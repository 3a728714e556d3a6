import CurlClient
import Vocabulary

/// The controller over libcurl.
final class CurlTransport: Requesting {
  private static let limits = TransferLimits(connect: .seconds(15), total: .seconds(300), responseBytes: 64 << 20)

  private let server: String
  private let client: Client

  init(_ endpoint: Endpoint) throws(CommandError) {
    server = endpoint.server
    do throws(TransferError) {
      client = try Client(
        trust: endpoint.authorities.map { .pem($0) } ?? .system, limits: Self.limits, usesProxyEnvironment: true,
        agentName: "rollcall/\(Release.version)")
    } catch {
      throw CommandError(.failure, error.message, code: error.code.text)
    }
  }

  /// A little longer than a controller makes a file.
  private static let longest = Duration.seconds(1000)

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
