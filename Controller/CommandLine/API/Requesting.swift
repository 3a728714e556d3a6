/// Sends a request to the controller and returns its answer, whatever the status. The face of the network.
protocol Requesting: AnyObject {
  /// - Throws: ``ConnectionFailure`` where there is no answer.
  func send(_ request: APIRequest) throws(ConnectionFailure) -> APIAnswer

  /// As ``send(_:)``; the body of a success goes to `take` as it comes, and the answer has none.
  ///
  /// - Parameter take: false gives up.
  func download(_ request: APIRequest, _ take: @escaping ([UInt8]) -> Bool) throws(ConnectionFailure) -> APIAnswer
}

struct APIRequest: Equatable, Sendable {
  enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  var method: Method
  /// With its query, everything percent-encoded.
  var target: String
  var headers: [(name: String, value: String)]
  var body: [UInt8]?

  static func == (left: APIRequest, right: APIRequest) -> Bool {
    left.method == right.method && left.target == right.target && left.body == right.body
      && left.headers.elementsEqual(right.headers) { $0 == $1 }
  }
}

struct APIAnswer: Sendable {
  var status: Int
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []

  func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
}

struct ConnectionFailure: Error, Equatable {
  /// What happened and what to look at.
  let message: String
  let code: String
  /// Whether trying again may help, because the network failed and not the trust.
  let isTransient: Bool
}
