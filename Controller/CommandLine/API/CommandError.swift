/// Why a command ends without success, in words for the one who typed it.
struct CommandError: Error, Equatable, Sendable {
  /// One fault of an input, with its place.
  struct Place: Equatable, Sendable {
    /// The file among several that were sent together.
    var file: String?
    var line: Int?
    var column: String?
    var message: String
    /// What stands there, and the rule that it breaks.
    var value: String?
    var rule: String?
  }

  let exit: ExitStatus
  /// What happened, what it means, what to do.
  let message: String
  /// The controller's stable code.
  var code: String?
  /// Names the request in the controller's log.
  var requestID: String?
  /// The local file that the places are in.
  var file: String?
  var places: [Place] = []

  init(_ exit: ExitStatus, _ message: String, code: String? = nil, requestID: String? = nil) {
    self.exit = exit
    self.message = message
    self.code = code
    self.requestID = requestID
  }
}
