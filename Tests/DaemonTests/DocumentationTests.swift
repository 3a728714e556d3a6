import Access
import AgentTransport
import Archive
import Audit
import CheckIn
import Compression
import CurlClient
import Enrollment
import Foundation
import Registry
import Reports
import Roster
import Serving
import Storage
import Testing
import Transparency
import Wire

@testable import rollcalld

/// The documents that promise something against the code that keeps it.
@Suite struct DocumentationTests {
  private static func document(_ name: String) throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent("docs/\(name)"), encoding: .utf8)
  }

  /// The cells of the tables' rows whose first cell is code, before the heading `end`.
  private static func rows(_ text: String, until end: String? = nil) -> [[String]] {
    let part = end.flatMap { text.range(of: $0) }.map { String(text[..<$0.lowerBound]) } ?? text
    return part.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }
  }

  private static func code(_ text: String) -> String { "`\(text)`" }

  @Test("docs/configuration.md lists each setting with its variable, unit, default and meaning")
  func settings() throws {
    let controller = Self.rows(try Self.document("configuration.md"), until: "### Endpoints")
    #expect(controller.map { $0[0] } == Setting.allCases.map { Self.code($0.rawValue) })
    for setting in Setting.allCases {
      let row = try #require(controller.first { $0[0] == Self.code(setting.rawValue) }, "\(setting.rawValue)")
      try #require(row.count == 5, "\(setting.rawValue)")
      #expect(row[1] == Self.code(setting.variable))
      #expect(row[2].hasPrefix(setting.unit), "\(setting.rawValue)")
      #expect(row[3] == (setting.fallback.map(Self.code) ?? "computed"), "\(setting.rawValue)")
      #expect(row[4].replacing("`", with: "") == setting.meaning + ".", "\(setting.rawValue)")
    }
  }

  /// Each stable code with the status of an HTTP answer; nil where it never is one.
  private static var codes: [(code: String, status: Int?)] {
    var all: [(String, Int?)] = []
    all += ServingError.Kind.allCases.map { ($0.rawValue, ServingError($0, "").status.code) }
    all += AccessError.Kind.allCases.map { ($0.rawValue, AccessError($0, "").status.code) }
    all += AuditError.Kind.allCases.map { ($0.rawValue, AuditError($0, "").status.code) }
    all += RegistryError.Kind.allCases.map { ($0.rawValue, RegistryError($0, "").status.code) }
    all += EnrollmentError.Kind.allCases.map { ($0.rawValue, EnrollmentError($0, "").status.code) }
    all += CheckInError.Kind.allCases.map { ($0.rawValue, CheckInError($0, "").status.code) }
    all += WireError.Kind.allCases.map { ($0.rawValue, $0 == .tooLarge ? 413 : 400) }
    all += CompressionError.Kind.allCases.map { kind in
      (kind.rawValue, kind == .tooLarge ? 413 : kind == .unavailable ? 503 : 400)
    }
    all += RosterError.Kind.allCases.map { ($0.rawValue, RosterError($0, "").status.code) }
    all += ReportsError.Kind.allCases.map { ($0.rawValue, ReportsError($0, "").status.code) }
    all += ArchiveError.Kind.allCases.map { ($0.rawValue, nil) }
    all += StorageError.Kind.allCases.map { ($0.rawValue, nil) }
    all += TransparencyError.Kind.allCases.map { ($0.rawValue, nil) }
    all += ConfigurationError.Kind.allCases.map { ($0.rawValue, nil) }
    all += MigrationError.Kind.allCases.map { ($0.rawValue, nil) }
    all += AgentError.Kind.allCases.map { ($0.rawValue, nil) }
    all += TransferError.Kind.allCases.map { ($0.rawValue, nil) }
    return all
  }

  @Test("docs/error-codes.md lists every stable code with its status: none disappears, none is added unseen")
  func errorCodes() throws {
    let listed = Self.rows(try Self.document("error-codes.md"), until: "## Faults")
    let names = listed.map { $0[0] }
    let declared = Self.codes.map { Self.code($0.code) }
    #expect(Set(names).count == names.count && Set(declared).count == declared.count)
    #expect(Set(names).subtracting(declared) == [], "listed, and gone from the code")
    #expect(Set(declared).subtracting(names) == [], "in the code, and not listed")
    for (code, status) in Self.codes {
      guard let row = listed.first(where: { $0[0] == Self.code(code) }) else { continue }
      #expect(row.count == 3 && row[1] == (status.map(String.init) ?? "none"), "\(code)")
    }
  }
}
