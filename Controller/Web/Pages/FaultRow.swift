package import Serving

/// A fault of a list or file in the table of the template `faults`; what the file says in it is cut, and turns no direction.
package struct FaultRow: Sendable {
  package let place: String
  package let field: String
  package let value: String
  package let code: String
  package let message: String

  package init(_ fault: Fault) {
    let file = fault.file.map { ShownText.of($0, limit: 100) }
    place = [file, fault.line.map { "line \($0)" }].compactMap(\.self).joined(separator: ", ")
    (field, value) = (ShownText.of(fault.field ?? "", limit: 40), ShownText.of(fault.value ?? "", limit: 100))
    (code, message) = (fault.code, ShownText.of(fault.plain ?? fault.message, limit: 400))
  }
}
