import Crypto
package import HTTPTypes
package import Storage
import Vocabulary

/// Writes that may be sent twice: `Idempotency-Key` names a request, and its answer is stored in the transaction of
/// the change itself, so that a repeated one gets the first answer and changes nothing.
///
/// Source: draft-ietf-httpapi-idempotency-key-header.
package enum Idempotency {
  package static let header = HTTPField.Name("Idempotency-Key")
  /// How long an answer is kept.
  package static let retention = Duration.seconds(86_400)

  package static let migrations = [
    Migration(
      "serving", 1,
      [
        """
        CREATE TABLE serving_idempotency (
          principal_id TEXT NOT NULL, key TEXT NOT NULL, request BYTEA NOT NULL, status BIGINT NOT NULL,
          content_type TEXT NOT NULL, body BYTEA NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (principal_id, key)
        )
        """,
        "CREATE INDEX serving_idempotency_at ON serving_idempotency (at)",
      ])
  ]

  /// Runs `body` once for each `Idempotency-Key` of the caller; without the header, simply runs it.
  ///
  /// - Parameter forRepeats: makes what is stored of the answer; a secret that is shown once is left out here.
  /// - Throws: `request.idempotency-mismatch` where the key was used for another request; what `body` throws.
  package static func reply(
    to call: Call, _ context: OperatorContext, in transaction: any Transaction,
    forRepeats: (Reply) throws -> Reply = { $0 }, _ body: () throws -> Reply
  ) throws -> Reply {
    guard let name = header, let key = call.headers[name] else { return try body() }
    guard (1...255).contains(key.utf8.count) else {
      throw ServingError(.idempotencyKey, "An Idempotency-Key has 1 to 255 characters.")
    }
    let actor = try context.actor
    let request = digest(call)
    let query: SQL = """
      SELECT request, status, content_type, body FROM serving_idempotency
      WHERE principal_id = \(actor) AND key = \(key) AND at > \(call.now.advanced(by: .zero - retention))
      """
    if let row = try transaction.row(query) {
      guard try row.get("request", as: [UInt8].self) == request else {
        throw ServingError(.idempotencyMismatch, "This Idempotency-Key was used for another request; make a new key.")
      }
      return try replay(row)
    }
    let reply = try body()
    let stored = try forRepeats(reply)
    // The row that an expired key left, which the sweep may not have come to, is written over.
    try transaction.run(
      """
      INSERT INTO serving_idempotency (principal_id, key, request, status, content_type, body, at)
      VALUES (\(actor), \(key), \(request), \(stored.status.code), \(stored.headers[.contentType] ?? ""),
        \(stored.body), \(call.now))
      ON CONFLICT (principal_id, key) DO UPDATE SET request = excluded.request, status = excluded.status,
        content_type = excluded.content_type, body = excluded.body, at = excluded.at
      """)
    return reply
  }

  /// Removes up to `limit` answers that are past their retention, the oldest first.
  ///
  /// - Returns: how many were removed.
  static func purge(at now: Instant, limit: Int, _ transaction: any Transaction) throws -> Int {
    try transaction.run(
      """
      DELETE FROM serving_idempotency WHERE (principal_id, key) IN (
        SELECT principal_id, key FROM serving_idempotency WHERE at <= \(now.advanced(by: .zero - retention))
        ORDER BY at LIMIT \(limit))
      """)
  }

  private static func replay(_ row: Row) throws -> Reply {
    let type: String = try row.get("content_type")
    return Reply(
      HTTPResponse.Status(code: try row.get("status")), headers: type.isEmpty ? [:] : [.contentType: type],
      body: try row.get("body"))
  }

  /// SHA-256 over method, path, query and body, each with its length, so that no two requests read alike.
  private static func digest(_ call: Call) -> [UInt8] {
    var hash = SHA256()
    let texts = [call.method.rawValue, call.path] + call.query.flatMap { [$0.name, $0.value] }
    for text in texts { hash.update(data: Array("\(text.utf8.count):\(text)".utf8)) }
    hash.update(data: Array("\n\(call.body.count):".utf8))
    hash.update(data: call.body)
    return Array(hash.finalize())
  }
}
