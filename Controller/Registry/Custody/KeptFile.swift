package import Serving
import Storage
package import Vocabulary

/// `registry_kept_file`: files of many moves that were previewed and wait for a yes, of each person in a district the last one. What
/// stands in them, serials and students' numbers, stands in other tables too.
enum KeptFile {
  /// How long one may be agreed to: gone within the hour, for what is too old is looked for every five minutes.
  static let time = Duration.seconds(3300)

  static let schema: [SQL] = [
    """
    CREATE TABLE registry_kept_file (
      district_id TEXT NOT NULL, actor TEXT NOT NULL, at BIGINT NOT NULL, digest BYTEA NOT NULL, content BYTEA NOT NULL,
      PRIMARY KEY (district_id, actor), FOREIGN KEY (district_id) REFERENCES registry_district (district_id)
    )
    """
  ]

  static func keep(
    _ content: [UInt8], of actor: PrincipalID, in district: DistrictID, at now: Instant, _ transaction: any Transaction
  ) throws {
    try transaction.run(
      """
      INSERT INTO registry_kept_file (district_id, actor, at, digest, content)
      VALUES (\(district), \(actor), \(now), \(Digest.sha256(content)), \(content))
      ON CONFLICT (district_id, actor)
        DO UPDATE SET at = excluded.at, digest = excluded.digest, content = excluded.content
      """)
  }

  static func content(
    _ digest: Digest, of actor: PrincipalID, in district: DistrictID, at now: Instant, _ transaction: any Transaction
  ) throws -> [UInt8]? {
    try transaction.row(
      """
      SELECT content FROM registry_kept_file WHERE district_id = \(district) AND actor = \(actor) AND digest = \(digest)
        AND at > \(now.advanced(by: .zero - time))
      """)?.get("content", as: [UInt8].self)
  }

  static func remove(of actor: PrincipalID, in district: DistrictID, _ transaction: any Transaction) throws {
    try transaction.run("DELETE FROM registry_kept_file WHERE district_id = \(district) AND actor = \(actor)")
  }

  /// - Returns: how many there were.
  static func removeOld(at now: Instant, _ transaction: any Transaction) throws -> Int {
    try transaction.run("DELETE FROM registry_kept_file WHERE at <= \(now.advanced(by: .zero - time))")
  }
}

extension CustodyDesk {
  /// Keeps a file that was previewed until it is agreed to, an hour at most; the caller's last one alone.
  ///
  /// - Returns: what it is asked for by.
  package func keep(
    _ file: [UInt8], in district: DistrictID, _ call: Call, _ context: OperatorContext
  ) async throws -> Digest {
    let actor = try context.actor
    try await registry.database.write(in: .district(district)) {
      try KeptFile.keep(file, of: actor, in: district, at: call.now, $0)
    }
    return .sha256(file)
  }

  /// nil where its time is over, or the caller has previewed another one since.
  package func kept(
    _ digest: Digest, in district: DistrictID, _ call: Call, _ context: OperatorContext
  ) async throws -> [UInt8]? {
    let actor = try context.actor
    return try await registry.database.read(in: .district(district)) {
      try KeptFile.content(digest, of: actor, in: district, at: call.now, $0)
    }
  }

  package func forget(in district: DistrictID, _ context: OperatorContext) async throws {
    let actor = try context.actor
    try await registry.database.write(in: .district(district)) { try KeptFile.remove(of: actor, in: district, $0) }
  }
}

extension DeviceRegistry {
  /// Removes files that were previewed and that nobody agreed to in their time, of every district.
  ///
  /// - Returns: how many there were.
  package func removeOldFiles(now: Instant) async throws -> Int {
    try await database.write(in: .state) { try KeptFile.removeOld(at: now, $0) }
  }
}
