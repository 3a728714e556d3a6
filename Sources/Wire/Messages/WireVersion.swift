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
}
