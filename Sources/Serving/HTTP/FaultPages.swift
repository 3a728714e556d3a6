import HTTPTypes

/// Errors as pages, for people who came with a browser; Web makes them.
package protocol FaultPages: Sendable {
  /// - Parameter caller: nil where nobody is signed in, or where it is not known.
  func page(of told: ProblemReply.Told, _ call: Call, _ context: OperatorContext?) -> Reply
}

extension Call {
  /// Whether a browser asks for something to show to a person.
  var wantsPage: Bool {
    !path.hasPrefix("/api/") && headers[.accept]?.contains("text/html") == true
  }
}
