/// The version of the messages between agent and controller.
///
/// A controller accepts its own version and the one before, so that it can be upgraded first. Within a version,
/// fields and sections are only added; what a side does not know it ignores, and the controller counts it.
package enum WireVersion {
  package static let current = 1

  /// Whether a controller of version `own` understands a message of `version`.
  package static func accepts(_ version: Int, own: Int = current) -> Bool {
    version >= 1 && (version == own || version == own - 1)
  }

  static func unsupported(_ version: Int) -> WireError {
    let range = current == 1 ? "version 1" : "versions \(current - 1) to \(current)"
    let advice =
      version > current ? "Update the controller first, then the agents." : "This agent is too old; update it."
    return WireError(
      .unsupportedVersion, "This controller understands \(range); the check-in is version \(version). \(advice)")
  }
}
