import ArgumentParser
import Audit
import Foundation
import StoragePostgres
import Vocabulary

struct MigrateDatabase: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate-database",
    abstract: "Copy the SQLite database of a state folder into PostgreSQL, whole and verified.",
    discussion: """
      The controller is stopped meanwhile. The target is an empty database (docs/configuration.md says how to make one).
      Interrupted anywhere, the command is run again and goes on; until every table's rows and digest are found the same
      on both sides, nothing can serve the copy. The source stays as it is.

      EXAMPLES
        rollcalld migrate-database --database 'postgres://rollcall@db.example.org/rollcall?sslmode=verify-full&sslrootcert=/etc/rollcall/db-ca.pem'
        ROLLCALLD_DATABASE=postgres://… rollcalld migrate-database --state /var/lib/rollcall --output json
      """)

  enum Output: String, ExpressibleByArgument, CaseIterable { case table, json }

  @Option(help: "How the tables are shown: table or json.") var output = Output.table
  @OptionGroup var flags: SettingFlags

  func run() async throws {
    try await CommandFailure.reported {
      let settings = try flags.settings()
      guard let address = settings.database else {
        throw ConfigurationError(
          .badValue, "Where the database is copied to is missing. Give --database postgres://… Nothing was changed.")
      }
      try StateArchive.requireWhole(settings.state)
      let lock = try StateLock(settings.state)
      let copy = DatabaseCopy(
        file: settings.state.database, address: address, migrations: Controller.migrations, numbered: Journal.numbered,
        progress: { StandardError.write("\($0)\n") })
      let outcome = try await copy.run(now: SystemClock.now)
      print(output == .json ? try Self.json(outcome, address) : Self.table(outcome, address, settings.state))
      _ = consume lock
    }
  }

  static func table(_ outcome: DatabaseCopy.Outcome, _ address: PostgresAddress, _ state: StateFolder) -> String {
    let width = outcome.tables.map(\.name.count).max() ?? 0
    func line(_ name: String, _ rows: String, _ digest: String) -> String {
      let padding = String(repeating: " ", count: max(0, width - name.count))
      let count = String(repeating: " ", count: max(0, 10 - rows.count)) + rows
      return "\(name)\(padding)  \(count)  \(digest)\n"
    }
    var text = line("Table", "Rows", "SHA-256")
    for table in outcome.tables { text += line(table.name, "\(table.rows)", "\(table.digest)") }
    let total = outcome.tables.reduce(0) { $0 + $1.rows }
    let when = outcome.wasComplete ? "The copy was whole on \(outcome.completed); nothing was changed" : "Copied"
    text += """

      \(when): \(outcome.tables.count) tables, \(total) rows, each the same in \(address.shown) as in \(state.database).
      Next:
        1. Put the address that you gave into \(state.configuration) (0600):  database: postgres://…
        2. Run 'rollcalld doctor --state \(state.path)', then start the controller.
        3. Keep \(state.database) aside until you are sure: from then on it is the past, and nothing reads it.
      """
    return text
  }

  private struct Report: Encodable {
    struct Table: Encodable {
      let name: String
      let rows: Int
      let digest: String
    }
    let database: String
    let completedAt: String
    let wasComplete: Bool
    let tables: [Table]
  }

  static func json(_ outcome: DatabaseCopy.Outcome, _ address: PostgresAddress) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let report = Report(
      database: address.shown, completedAt: outcome.completed.rfc3339, wasComplete: outcome.wasComplete,
      tables: outcome.tables.map { .init(name: $0.name, rows: $0.rows, digest: "\($0.digest)") })
    return String(decoding: try encoder.encode(report), as: UTF8.self)
  }
}
