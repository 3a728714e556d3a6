internal import Storage
internal import Vocabulary

/// Applies each feature's migrations in order, and remembers them; all of them in one transaction, or none.
///
/// An advisory lock lets one of the controllers that start at once do it; the others then find it done.
struct PostgresMigrator {
  private let session: PostgresSession
  private let role: String

  /// A number of the schema that nothing else of the database uses.
  private static let lock = "hashtextextended('rollcall migration of ' || current_schema(), 0)"

  /// - Throws: ``PostgresFault``; `storage.newer-schema`, `storage.role`, `storage.failed`, `storage.copy-unfinished`,
  ///   `storage.occupied`.
  static func migrate(
    _ address: PostgresAddress, _ migrations: [Migration], role: String, limits: PostgresDatabase.Limits,
    copying: (source: CopySource, now: Instant)?
  ) throws {
    let session = try PostgresSession(address, patience: .milliseconds(limits.answer))
    let migrator = PostgresMigrator(session: session, role: role)
    try migrator.checkServer()
    // The schema is found once: whose name it bears must not matter to the role that transactions run as.
    try session.command("SET search_path = \(session.schema()), pg_temp")
    try migrator.waitForTurn(limits)
    try migrator.checkRole()
    // A step over many rows takes long. The server ends one that takes too long; where it does not, nobody waits for it.
    session.patience = .milliseconds(limits.step + limits.answer)
    // Tables are held to their districts' rows for their owner too: a migration changes those of all.
    try session.command("BEGIN; \(RowSecurity.scope(.state))")
    let mark = CopyMark(session: session)
    if let copying { try mark.begin(copying.source, now: copying.now) } else { try mark.refuseUnfinished() }
    try migrator.apply(migrations, known: try MigrationSteps.last(migrations))
    try migrator.secure()
    // One that waits for a standby holds every table meanwhile: it is let go as any other, and the next start looks.
    session.patience = .milliseconds(limits.answer)
    try session.command("COMMIT")
  }

  /// - Throws: `storage.unavailable` where another controller does not come to its end.
  private func waitForTurn(_ limits: PostgresDatabase.Limits) throws {
    session.patience = .milliseconds(limits.migration + limits.answer)
    do {
      try session.command("SET lock_timeout = \(max(1, limits.migration)); SELECT pg_advisory_lock(\(Self.lock))")
    } catch let fault as PostgresFault where fault.state == "55P03" {
      throw StorageError(
        .unavailable,
        """
        Another controller has been changing the database's schema for over \(limits.migration / 1_000) s. Look at its log; where \
        it is gone, pg_locks (locktype 'advisory') names the process that still holds the lock.
        """)
    }
    try session.command("SET lock_timeout = 120000; SET statement_timeout = \(limits.step)")
    session.patience = .milliseconds(limits.answer)
  }

  private func checkServer() throws {
    let row = try session.run(
      "SELECT current_setting('server_version_num')::bigint AS version, current_setting('server_encoding') AS encoding",
      []
    ).rows()
    guard let row = row.first else { return }
    guard try row.get("version", as: Int.self) >= 150_000 else {
      throw StorageError(.failed, "The database is older than PostgreSQL 15, which is the oldest that is supported.")
    }
    guard try row.get("encoding", as: String.self) == "UTF8" else {
      throw StorageError(
        .failed,
        "The database's encoding is not UTF8. Make it with: CREATE DATABASE rollcall ENCODING 'UTF8' TEMPLATE template0"
      )
    }
  }

  /// The role that transactions run as: made where the address's user may, else told how.
  private func checkRole() throws {
    let isKnown = try session.run("SELECT 1 AS one FROM pg_roles WHERE rolname = $1", [.text(role)]).count > 0
    if isKnown, try mayBecome() { return try requirePowerless() }
    do {
      if !isKnown { try make() }
      try join()
      try session.command(Self.becoming(role))
      try requirePowerless()
    } catch let fault as PostgresFault {
      throw StorageError(
        .role,
        """
        The role '\(role)', which owns nothing and runs every transaction, is not usable: \(fault.message). As an \
        administrator of the database run: CREATE ROLE \(role) NOLOGIN; GRANT \(role) TO <the user of the address>;
        """)
    }
  }

  /// Tried, for what a membership allows is told differently from version to version: since 16 a member may be one that
  /// must not take the role.
  private func mayBecome() throws -> Bool {
    do { try session.command(Self.becoming(role)) } catch let fault as PostgresFault where fault.state == "42501" {
      return false
    }
    return true
  }

  private static func becoming(_ role: String) -> String { "SET ROLE \(role); RESET ROLE" }

  /// - Throws: `storage.role` where row level security would not hold the role.
  private func requirePowerless() throws {
    let found = try session.run(
      """
      SELECT rolsuper OR rolbypassrls OR rolname = session_user
        OR EXISTS (SELECT 1 FROM pg_class WHERE relowner = pg_roles.oid
          AND relnamespace = current_schema()::regnamespace) AS powerful FROM pg_roles WHERE rolname = $1
      """, [.text(role)]
    ).rows().first
    guard try found?.get("powerful", as: Bool.self) == true else { return }
    throw StorageError(
      .role,
      """
      The role '\(role)' runs every transaction and must own nothing, so that row level security holds it to its districts; this \
      one is a superuser, may bypass it, owns tables, or is the user of the address. As an administrator of the database run: \
      ALTER ROLE \(role) NOSUPERUSER NOBYPASSRLS; and give its tables to another owner.
      """)
  }

  /// Roles are of the whole server: another database's controller may be making it now.
  private func make() throws {
    do {
      try session.command("CREATE ROLE \(role) NOLOGIN NOSUPERUSER NOBYPASSRLS")
    } catch let fault as PostgresFault where ["42710", "23505"].contains(fault.state) {}
  }

  /// Another database's controller may be granting it to the same user now.
  private func join() throws {
    do {
      try session.command("GRANT \(role) TO CURRENT_USER")
    } catch let fault as PostgresFault where fault.state == "23505" {}
  }

  private func apply(_ migrations: [Migration], known: [String: Int]) throws {
    try session.command(
      """
      CREATE TABLE IF NOT EXISTS storage_migration (
        feature TEXT COLLATE "C" NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (feature, number))
      """)
    let found = try session.run("SELECT feature, MAX(number) AS number FROM storage_migration GROUP BY feature", [])
    var applied: [String: Int] = [:]
    for row in try found.rows() { applied[try row.get("feature")] = try row.get("number", as: Int.self) }
    try MigrationSteps.refuseNewer(applied, known: known)
    let pending = migrations.filter { $0.number > applied[$0.feature] ?? 0 }
    try holdTables(of: Set(pending.map(\.feature)).subtracting(pending.filter { $0.number == 1 }.map(\.feature)))
    for migration in pending {
      for statement in migration.statements {
        let (text, values) = statement.rendered(for: .postgres)
        _ = try session.run(Self.bytewise(text), values)
      }
      _ = try session.run(
        "INSERT INTO storage_migration (feature, number) VALUES ($1, $2)",
        [.text(migration.feature), .integer(Int64(migration.number))])
    }
  }

  /// Takes the tables of features that change before any of them is changed, in the order in which check-ins go through
  /// them: a check-in at a controller of the version before then waits, and never for what waits for it.
  private func holdTables(of features: Set<String>) throws {
    for feature in features.sorted() {
      let tables = try session.run(
        """
        SELECT quote_ident(relname) AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace
          AND relkind = 'r' AND starts_with(relname::text, $1) ORDER BY relname = 'checkin_state' DESC, relname
        """, [.text(feature + "_")]
      ).rows().map { try $0.get("name", as: String.self) }
      guard !tables.isEmpty else { continue }
      try session.command("LOCK TABLE \(tables.joined(separator: ", ")) IN ACCESS EXCLUSIVE MODE")
    }
  }

  /// Texts of tables are compared byte by byte, as SQLite does: the order of pages must not depend on the server's locale.
  static func bytewise(_ text: String) -> String {
    let start = text.drop { $0.isWhitespace }
    guard start.hasPrefix("CREATE TABLE") || start.hasPrefix("ALTER TABLE") else { return text }
    return text.replacing(#/\bTEXT\b/#, with: "TEXT COLLATE \"C\"")
  }

  /// Every tenant's table gets its policy, and the role what transactions need.
  private func secure() throws {
    let tables = try session.run(
      """
      SELECT quote_ident(c.relname) AS name FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attname = 'district_id'
        AND NOT a.attisdropped
        AND NOT EXISTS (SELECT 1 FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polname = $1)
      ORDER BY c.relname
      """, [.text(RowSecurity.policy)]
    ).rows()
    for row in tables { try session.command(RowSecurity.statements(for: try row.get("name", as: String.self))) }
    if try lacksGrants() { try grant() }
  }

  /// Whether the role may do less than transactions need; at most starts nothing is granted, so that nothing is written.
  private func lacksGrants() throws -> Bool {
    let row = try session.run(
      """
      SELECT NOT has_schema_privilege($1, current_schema(), 'USAGE') OR EXISTS (
        SELECT 1 FROM pg_class AS c WHERE c.relnamespace = current_schema()::regnamespace AND CASE
          WHEN c.relkind = 'S' THEN NOT has_sequence_privilege($1, c.oid, 'USAGE')
          WHEN c.relkind NOT IN ('r', 'p', 'v', 'm') THEN FALSE
          WHEN c.relname IN ('storage_migration', 'storage_copy', 'storage_copy_table') THEN NOT has_table_privilege($1, c.oid, 'SELECT')
            OR has_table_privilege($1, c.oid, 'INSERT, UPDATE, DELETE')
          ELSE NOT (has_table_privilege($1, c.oid, 'SELECT') AND has_table_privilege($1, c.oid, 'INSERT')
            AND has_table_privilege($1, c.oid, 'UPDATE') AND has_table_privilege($1, c.oid, 'DELETE'))
        END) AS lacking
      """, [.text(role)]
    ).rows().first
    return try row?.get("lacking", as: Bool.self) ?? true
  }

  private func grant() throws {
    let schema = try session.run("SELECT quote_ident(current_schema()) AS name", []).rows().first
    let name = try schema?.get("name", as: String.self) ?? "public"
    try session.command(
      """
      GRANT USAGE ON SCHEMA \(name) TO \(role);
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \(name) TO \(role);
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA \(name) TO \(role);
      REVOKE INSERT, UPDATE, DELETE ON storage_migration FROM \(role)
      """)
    try CopyMark(session: session).protect(from: role)
  }
}
