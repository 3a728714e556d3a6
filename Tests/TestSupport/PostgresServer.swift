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

  /// The cluster's administrator; ``run(sql:)`` alone connects as that.
  private static let administrator = "rollcall_test"
  /// What controllers connect as, as docs/scaling.md tells operators: owns its tables and nothing else.
  package static let owner = "rollcall_owner"
  /// What transactions run as.
  package static let role = "rollcall_app"
  package let folder: String
  private let schemas = Atomic(0)
  private let words: [String]
  /// Hold the servers that were started: they end when this end of their pipes does.
  private let lives = Mutex<[LastingProcess]>([])

  struct Failed: Error, CustomStringConvertible { let description: String }

  /// What of a server lies on a small disk of its own.
  package enum Part: Sendable { case tables, log }

  /// Whether a small disk can be mounted here: it takes root, and a kernel that lets it.
  package static let mayMount =
    geteuid() == 0 && (try? run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"])) != nil

  private let disk: SmallDisk?

  /// A server of the caller's own; ``shared`` is for who does nothing to it.
  ///
  /// - Parameter part: lies on a disk of 24 MiB that ``fillDisk()`` fills; nil where nothing does.
  package init(onSmallDisk part: Part? = nil) throws {
    let programs = try Self.programs()
    folder = "/tmp/rollcall-postgres-\(UUID().uuidString.prefix(8).lowercased())"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    // The server refuses to run as root.
    var unprivileged: [String] = []
    var user: (id: uid_t, group: gid_t)?
    if geteuid() == 0 {
      guard let nobody = getpwnam("nobody"), chown(folder, nobody.pointee.pw_uid, nobody.pointee.pw_gid) == 0 else {
        throw Failed(description: "There is no user 'nobody' to run PostgreSQL as.")
      }
      user = (nobody.pointee.pw_uid, nobody.pointee.pw_gid)
      // In place, so that the process that is started is the server itself and can be ended by its id.
      unprivileged = [
        "setpriv", "--reuid", "\(nobody.pointee.pw_uid)", "--regid", "\(nobody.pointee.pw_gid)", "--clear-groups", "--",
      ]
    }
    let small = folder + "/small"
    disk = part == nil ? nil : try SmallDisk(small, mebibytes: 24, owner: user?.id ?? 0, group: user?.group ?? 0)
    unprivileged = (disk?.inside ?? []) + unprivileged
    let log = part == .log ? ["--waldir", folder + "/small/wal", "--wal-segsize", "1"] : []
    try Self.run(
      unprivileged + [
        "\(programs)/initdb", "--pgdata", folder + "/data", "--username", Self.administrator, "--auth", "trust",
        "--encoding", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US", "--no-sync",
        "--no-instructions",
      ] + log)
    words = unprivileged + ["\(programs)/postgres"]
    try start()
    try run(
      sql: """
        CREATE ROLE \(Self.role) NOLOGIN; CREATE ROLE \(Self.owner) LOGIN; GRANT \(Self.role) TO \(Self.owner)
        """)
    guard part == .tables else { return }
    try Self.run(disk.map { $0.inside + ["install", "-d", "-o", "nobody", $0.folder + "/tables"] } ?? [])
    try run(sql: "CREATE TABLESPACE small LOCATION '\(folder)/small/tables'")
    _ = try ask(sql: "ALTER DATABASE postgres SET TABLESPACE small", of: "template1")
  }

  /// Ends every session of ``owner``, which gets so many again, or as many as it wants where that is -1.
  package func allow(connections: Int) throws {
    try run(sql: "ALTER ROLE \(Self.owner) CONNECTION LIMIT \(connections)")
    try run(sql: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '\(Self.owner)'")
  }

  /// Nothing more fits on the small disk until ``emptyDisk()``.
  package func fillDisk() throws { try disk?.fill() }

  package func emptyDisk() throws { try disk?.empty() }

  /// Starts the server, where it does not run, and waits for it.
  package func start() throws {
    let data = folder + "/data"
    // cat ends when nobody holds the pipe's other end any more.
    let script = """
      "$@" -D '\(data)' -k '\(folder)' -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=500 \
        -c logging_collector=off >> '\(folder).log' 2>&1 &
      server=$!
      cat > /dev/null
      kill -QUIT $server
      wait $server
      rm -rf '\(folder)' '\(folder).log'
      """
    let life = try LastingProcess(script: script, words)
    lives.withLock { $0.append(life) }
    try Self.run(
      [
        "/bin/sh", "-c",
        "for i in $(seq 300); do \(try Self.programs())/pg_isready -q -h '\(folder)' -U \(Self.administrator) && exit 0; sleep 0.1; done; tail '\(folder).log' >&2; exit 1",
      ])
  }

  /// Ends the server as a power cut of the program would, with every session.
  package func crash() throws {
    let main = try mainProcess()
    kill(main, SIGQUIT)
    while FileManager.default.fileExists(atPath: "/proc/\(main)/exe") { sched_yield() }
  }

  /// Stops every process of the server where it is, or lets them go on.
  package func freeze(_ isFrozen: Bool) throws {
    let main = try mainProcess()
    let children = try String(contentsOfFile: "/proc/\(main)/task/\(main)/children", encoding: .utf8)
    for process in [main] + children.split(separator: " ").compactMap({ pid_t($0) }) {
      kill(process, isFrozen ? SIGSTOP : SIGCONT)
    }
  }

  private func mainProcess() throws -> pid_t {
    let text = try String(contentsOfFile: folder + "/data/postmaster.pid", encoding: .utf8)
    guard let id = text.split(separator: "\n").first.flatMap({ pid_t($0) }) else {
      throw Failed(description: "There is no server's process in \(folder).")
    }
    return id
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

  @discardableResult
  static func run(_ words: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    let (output, errors) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, output)
    process.standardError = errors
    try process.start()
    // What these programs say to one of them fits into its pipe while the other is read.
    let answered = output.fileHandleForReading.readDataToEndOfFile()
    let said = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failed(description: "\(words.joined(separator: " ")): \(String(decoding: said, as: UTF8.self))")
    }
    return String(decoding: answered, as: UTF8.self)
  }

  /// The address of a schema that nobody else uses, not yet made.
  package func freshSchema() -> String {
    "test_\(schemas.wrappingAdd(1, ordering: .relaxed).newValue)"
  }

  /// A schema of its own as the setting of a whole controller.
  package static func setting() throws -> String {
    let server = try shared.get()
    let schema = server.freshSchema()
    try server.makeSchema(schema)
    return server.text(schema: schema)
  }

  /// The address of the database, with `schema` as the one that tables are in.
  package func address(schema: String) throws -> PostgresAddress {
    try PostgresAddress(text(schema: schema) + "&connect_timeout=60")
  }

  package func text(schema: String, user: String = owner) -> String {
    "postgres://\(user)@/postgres?host=\(folder)&application_name=\(schema)&options=-csearch_path%3D\(schema)"
  }

  /// Hundreds of tests run at once, each with threads and sessions of its own, and wait for each other on few processors.
  package static var few: PostgresDatabase.Limits {
    var limits = PostgresDatabase.Limits()
    limits.sessions = 4
    (limits.statement, limits.lock, limits.answer) = (180_000, 60_000, 185_000)
    return limits
  }

  /// Makes the schema and opens it.
  package func open(
    schema: String, migrations: [Migration], limits: PostgresDatabase.Limits = few
  ) async throws -> PostgresDatabase {
    try makeSchema(schema)
    return try await PostgresDatabase(try address(schema: schema), migrations: migrations, limits: limits)
  }

  /// A schema that ``owner`` owns, unless there is one.
  package func makeSchema(_ schema: String) throws {
    try run(sql: "CREATE SCHEMA IF NOT EXISTS \(schema) AUTHORIZATION \(Self.owner)")
  }

  /// Statements as the server's administrator.
  package func run(sql: String) throws { _ = try ask(sql: sql) }

  /// What the statements answer, a line for each row, its columns apart by `|`.
  package func ask(sql: String, of database: String = "postgres") throws -> String {
    try Self.run([
      try Self.programs() + "/psql", "-q", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", folder, "-U",
      Self.administrator, "-d", database, "-c", sql,
    ]).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
