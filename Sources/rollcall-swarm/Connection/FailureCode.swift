import NIOCore
import NIOPosix
import NIOSSL
import Wire

/// Names what went wrong in the words that a report counts.
enum FailureCode {
  /// A problem's own code, or the status where the body is none.
  static func of(_ answer: Answer) -> String {
    let body = Array(answer.body.readableBytesView)
    if let problem = try? WireCodec.decode(Problem.self, from: body, as: "a problem") {
      return "\(answer.status) \(problem.code)"
    }
    return "\(answer.status)"
  }

  static func of(_ error: (any Error)?) -> String {
    switch error {
    case nil, NIOSSLError.uncleanShutdown?: "connection.ended"
    case is NIOConnectionError, is ChannelError: "connection.refused"
    case NIOSSLError.handshakeFailed?: "tls.handshake"
    case is NIOSSLError, is BoringSSLError: "tls"
    case let error as IOError: "connection.errno-\(error.errnoCode)"
    case let error?: "\(type(of: error))"
    }
  }
}
