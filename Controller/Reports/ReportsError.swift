package import HTTPTypes
import Serving
package import Vocabulary

/// What reports refuse, by code.
package struct ReportsError: StatusError {
  package enum Kind: String, CaseIterable, Sendable {
    /// A sheet of XLSX holds no more rows.
    case tooManyRows = "report.too-many-rows"
    /// Who looks at students' names with a browser says why, once a session.
    case purpose = "report.purpose"
    /// A file could not be made on the controller's disk.
    case file = "report.file"
  }

  package let kind: Kind
  package let message: String
  package var code: ErrorCode { ErrorCode(kind.rawValue) }

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  package var status: HTTPResponse.Status {
    switch kind {
    case .tooManyRows: .unprocessableContent
    case .purpose: .forbidden
    case .file: .serviceUnavailable
    }
  }
}
