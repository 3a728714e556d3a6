import Foundation
import ProcessSupport
import Storage
import StoragePostgres
import Synchronization

/// A PostgreSQL of the tests' own, started when the first one asks, on a socket in a folder of its own; it ends with the
/// tests' process, however that ends.
///
/// Its locale sorts texts otherwise than bytes, so that a query that leaves the order to the server is found out.
package final class PostgresServer: Sendable {
  package static let shared = Result { try PostgresServer() }

  private static let user = "rollcall_test"
  package let folder: String
  private let schemas = Atomic(0)
  private let life: LastingProcess

  struct Failed: Error, CustomStringConvertible { let description: String }

  private init() throws {
    let programs = try Self.programs()
    folder = "/tmp/rollcall-postgres-\(UUID().uuidString.prefix(8).lowercased())"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    // The server refuses to run as root.
    var unprivileged: [String] = []
    if geteuid() == 0 {
      guard let nobody = getpwnam("nobody"), chown(folder, nobody.pointee.pw_uid, nobody.pointee.pw_gid) == 0 else {
        throw Failed(description: "There is no user 'nobody' to run PostgreSQL as.")
      }
      // In place, so that the process that is started is the server itself and can be ended by its id.
      unprivileged = [
        "setpriv", "--reuid", "\(nobody.pointee.pw_uid)", "--regid", "\(nobody.pointee.pw_gid)", "--clear-groups", "--",
      ]
    }
    let data = folder + "/data"
    try Self.run(
      unprivileged + [
        "\(programs)/initdb", "--pgdata", data, "--username", Self.user, "--auth", "trust", "--encoding", "UTF8",
        "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US", "--no-sync", "--no-instructions",
      ])
    // cat ends when nobody holds the pipe's other end any more.
    let script = """
      "$@" -D '\(data)' -k '\(folder)' -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=500 \
        -c logging_collector=off > '\(folder).log' 2>&1 &
      server=$!
      cat > /dev/null
      kill -QUIT $server
      wait $server
      rm -rf '\(folder)' '\(folder).log'
      """
    life = try LastingProcess(script: script, unprivileged + ["\(programs)/postgres"])
    try Self.run(
      [
        "/bin/sh", "-c",
        "for i in $(seq 300); do \(programs)/pg_isready -q -h '\(folder)' -U \(Self.user) && exit 0; sleep 0.1; done; tail '\(folder).log' >&2; exit 1",
      ])
  }

  /// The newest version that Debian's packages installed.
  private static func programs() throws -> String {
    let root = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    guard let newest = versions.compactMap(Int.init).max() else {
      throw Failed(description: "PostgreSQL is not installed: packages/test.txt names the package.")
    }
    return "\(root)/\(newest)/bin"
  }

  private static func run(_ words: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    let errors = Pipe()
    (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, FileHandle.nullDevice)
    process.standardError = errors
    try process.start()
    let said = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failed(description: "\(words.joined(separator: " ")): \(String(decoding: said, as: UTF8.self))")
    }
  }

  /// The address of a schema that nobody else uses, not yet made.
  package func freshSchema() -> String {
    "test_\(schemas.wrappingAdd(1, ordering: .relaxed).newValue)"
  }

  /// A schema of its own as the setting of a whole controller.
  package static func setting() throws -> String {
    let server = try shared.get()
    let schema = server.freshSchema()
    try server.run(sql: "CREATE SCHEMA \(schema)")
    return server.text(schema: schema)
  }

  /// The address of the database, with `schema` as the one that tables are in.
  package func address(schema: String) throws -> PostgresAddress { try PostgresAddress(text(schema: schema)) }

  private func text(schema: String) -> String {
    "postgres://\(Self.user)@/postgres?host=\(folder)&application_name=\(schema)&options=-csearch_path%3D\(schema)"
  }

  /// Makes the schema and opens it.
  package func open(
    schema: String, migrations: [Migration], limits: PostgresDatabase.Limits = PostgresDatabase.Limits()
  ) async throws -> PostgresDatabase {
    try run(sql: "CREATE SCHEMA IF NOT EXISTS \(schema)")
    return try await PostgresDatabase(try address(schema: schema), migrations: migrations, limits: limits)
  }

  /// Statements as the server's administrator.
  package func run(sql: String) throws {
    try Self.run([
      try Self.programs() + "/psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-h", folder, "-U", Self.user, "-d",
      "postgres", "-c",
      sql,
    ])
  }
}
