import CurlClient
import Vocabulary

/// What one exchange with the controller says about name, connection, TLS and clock.
enum Connection {
  private enum Stage: String, CaseIterable {
    case name = "Name (DNS)"
    case connection = "Connection (TCP)"
    case tls = "TLS"
    case controller = "Controller"
  }

  static func works(_ address: String, offset: Duration) -> [Finding] {
    let before = Stage.allCases.dropLast().map { Finding(verdict: .well, subject: $0.rawValue, state: "works") }
    let far = offset > .seconds(300) || offset < .seconds(-300)
    let span = Words.span(offset > .zero ? offset : .zero - offset)
    let clock = Finding(
      verdict: far ? .attention : .well, subject: "Clock against the controller",
      state: "\(span) \(offset > .zero ? "ahead" : "behind")", advice: far ? "Turn on time synchronisation." : "")
    return before + [Finding(verdict: .well, subject: "Controller", state: "\(address) answers"), clock]
  }

  static func failed(_ error: TransferError) -> [Finding] {
    let (stage, advice) = place(error.kind)
    return Stage.allCases.map { each in
      if each == stage { return Finding(verdict: .wrong, subject: each.rawValue, state: error.message, advice: advice) }
      let isBefore = (Stage.allCases.firstIndex(of: each) ?? 0) < (Stage.allCases.firstIndex(of: stage) ?? 0)
      return Finding(
        verdict: isBefore ? .well : .unknown, subject: each.rawValue, state: isBefore ? "works" : "not tried")
    }
  }

  private static func place(_ kind: TransferError.Kind) -> (Stage, String) {
    switch kind {
    case .nameNotFound:
      (.name, "Is the network up? Does 'getent hosts NAME' answer? Is the address in the configuration right?")
    case .refused: (.connection, "Is rollcalld running, and is the port right?")
    case .unreachable, .timeout: (.connection, "Is the network up? Does a firewall block the port?")
    case .serverExpired:
      (.tls, "If this machine's clock is right, the controller's operator has to renew its certificate.")
    case .serverNotYetValid: (.tls, "Set this machine's clock.")
    case .serverWrongName:
      (.tls, "Use the name that the controller's certificate holds, or have the operator add this one to it.")
    case .serverUnknownCA:
      (.tls, "This is not the controller that the device was enrolled with, or somebody stands between.")
    case .tlsAlert:
      (.tls, "The controller does not accept this device's certificate: look at it there, or enrol again.")
    case .notTLS: (.tls, "The port is another service's: look at the address in the configuration.")
    case .tlsFailed, .trustUnusable, .keyUnusable, .certificateUnusable:
      (.tls, "Look at the files in the state folder; enrol again if they are damaged.")
    case .digestUnavailable: (.tls, "Look at this machine's openssl.cnf: its default provider has to be there.")
    case .interrupted, .tooLarge, .failed, .stopped, .invalidRequest:
      (.controller, "Try again; if it stays, ask the controller's operator.")
    }
  }
}
