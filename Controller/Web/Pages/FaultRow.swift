package import Serving

/// A fault of a list or file in the table of the template `faults`.
package struct FaultRow: Sendable {
  package let place: String
  package let field: String
  package let value: String
  package let code: String
  package let message: String

  package init(_ fault: Fault) {
    place = [fault.file, fault.line.map { "line \($0)" }].compactMap(\.self).joined(separator: ", ")
    (field, value, code, message) = (fault.field ?? "", fault.value ?? "", fault.code, fault.message)
  }
}
