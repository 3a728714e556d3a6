/// A stable code that programs and people may rely on, such as `checkin.stale-sequence`.
package struct ErrorCode: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  package let text: String
  package init(stringLiteral value: String) { text = value }
  package init(_ text: String) { self.text = text }
  package var description: String { text }
}

/// An error of one module: what happened by code, and what it means and what to do in words.
///
/// `message` is shown to people. It never holds a secret, and no student's name.
package protocol CodedError: Error, Sendable, Equatable {
  var code: ErrorCode { get }
  var message: String { get }
}

extension CodedError {
  package static func == (left: Self, right: Self) -> Bool { left.code == right.code }
}
