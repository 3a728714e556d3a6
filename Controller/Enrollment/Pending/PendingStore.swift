internal import Registry
internal import Storage
internal import Vocabulary

/// A device's request that waits for a person.
struct PendingRequest: Hashable, Sendable {
  enum State: String, CaseIterable, Sendable, Codable, SQLConvertible { case waiting, approved, rejected, issued }

  let district: DistrictID
  let id: PendingID
  let batch: BatchID
  let token: EnrollmentTokenID
  let key: Digest
  let identity: ClaimedIdentity
  let reason: WaitReason
  let state: State
  let device: DeviceID?
  let requestedAt: Instant
  let seenAt: Instant
}

enum PendingStore {
  private static let columns: SQL = """
    district_id, id, batch_id, token_id, key, serial, uuid, board_serial, macs, reason, state, device_id, requested_at, seen_at
    """

  static func request(
    of key: Digest, in district: DistrictID, _ transaction: any Transaction
  ) throws -> PendingRequest? {
    try transaction.row(
      "SELECT \(columns) FROM enrollment_pending WHERE district_id = \(district) AND key = \(key)"
    ).map(PendingRequest.init)
  }

  /// Those of the keys that wait, or waited, in these districts.
  static func requests(
    of keys: [(key: Digest, district: DistrictID)], _ transaction: any Transaction
  ) throws -> [PendingRequest] {
    let wanted = SQL.wanted(keys.map { [$0.district, $0.key] })
    return try transaction.rows(
      """
      SELECT \(columns) FROM \(wanted) CROSS JOIN enrollment_pending
      WHERE enrollment_pending.district_id = wanted.column1 AND enrollment_pending.key = wanted.column2
      """
    ).map(PendingRequest.init)
  }

  static func request(
    _ id: PendingID, in district: DistrictID, _ transaction: any Transaction
  ) throws -> PendingRequest? {
    try transaction.row(
      "SELECT \(columns) FROM enrollment_pending WHERE district_id = \(district) AND id = \(id)"
    ).map(PendingRequest.init)
  }

  /// Those in `state`, by district and id, from behind `after`: from the first of its district where it has no id.
  static func page(
    _ scope: TenantScope, state: PendingRequest.State, after: (district: DistrictID, id: PendingID?)?, limit: Int,
    _ transaction: any Transaction
  ) throws -> [PendingRequest] {
    let district = after?.district.rawValue ?? ""
    let id = after?.id?.rawValue ?? ""
    return try transaction.rows(
      """
      SELECT \(columns) FROM enrollment_pending
      WHERE \(scope) AND state = \(state) AND (district_id > \(district) OR (district_id = \(district) AND id > \(id)))
      ORDER BY district_id, id LIMIT \(limit)
      """
    ).map(PendingRequest.init)
  }

  static func waiting(of batch: BatchID, in district: DistrictID, _ transaction: any Transaction) throws -> Int {
    try transaction.row(
      """
      SELECT COUNT(*) AS count FROM enrollment_pending
      WHERE district_id = \(district) AND batch_id = \(batch) AND state = 'waiting'
      """)?.get("count") ?? 0
  }

  static func waiting(
    of batch: BatchID, in district: DistrictID, after: PendingID?, limit: Int, _ transaction: any Transaction
  ) throws -> [PendingRequest] {
    try transaction.rows(
      """
      SELECT \(columns) FROM enrollment_pending
      WHERE district_id = \(district) AND batch_id = \(batch) AND state = 'waiting' AND id > \(after?.rawValue ?? "")
      ORDER BY id LIMIT \(limit)
      """
    ).map(PendingRequest.init)
  }

  static func waiting(of token: EnrollmentToken, _ transaction: any Transaction) throws -> Int {
    try transaction.row(
      """
      SELECT COUNT(*) AS count FROM enrollment_pending
      WHERE district_id = \(token.district) AND token_id = \(token.id) AND state = 'waiting'
      """)?.get("count") ?? 0
  }

  /// Keeps the request as waiting, or what it says now if its key is kept already, whatever was decided on it before.
  static func keep(_ request: PendingRequest, _ transaction: any Transaction) throws {
    let identity = request.identity
    let macs = identity.builtInMACs.map(\.text).sorted().joined(separator: " ")
    try transaction.run(
      """
      INSERT INTO enrollment_pending (district_id, id, batch_id, token_id, key, serial, uuid, board_serial, macs, reason,
        state, requested_at, seen_at)
      VALUES (\(request.district), \(request.id), \(request.batch), \(request.token), \(request.key),
        \(identity.serial?.text), \(identity.uuid?.text), \(identity.boardSerial?.text), \(macs), \(request.reason),
        \(request.state), \(request.requestedAt), \(request.seenAt))
      ON CONFLICT (district_id, key) DO UPDATE SET
        batch_id = excluded.batch_id, token_id = excluded.token_id, serial = excluded.serial, uuid = excluded.uuid,
        board_serial = excluded.board_serial, macs = excluded.macs, reason = excluded.reason, state = excluded.state,
        device_id = NULL, seen_at = excluded.seen_at
      """)
  }

  static func set(
    _ state: PendingRequest.State, of request: PendingRequest, device: DeviceID?, by principal: PrincipalID? = nil,
    at now: Instant, _ transaction: any Transaction
  ) throws {
    try transaction.run(
      """
      UPDATE enrollment_pending SET state = \(state), device_id = \(device), decided_at = COALESCE(\(principal == nil ? nil : now), decided_at),
        decided_by = COALESCE(\(principal), decided_by)
      WHERE district_id = \(request.district) AND id = \(request.id)
      """)
  }
}

extension WaitReason: SQLConvertible {}

extension PendingRequest {
  init(_ row: Row) throws {
    let serial: String? = try row.get("serial")
    let uuid: String? = try row.get("uuid")
    let board: String? = try row.get("board_serial")
    let macs: String = try row.get("macs")
    self.init(
      district: try row.get("district_id"), id: try row.get("id"), batch: try row.get("batch_id"),
      token: try row.get("token_id"), key: try row.get("key"),
      identity: ClaimedIdentity(
        serial: serial.flatMap(Serial.init), uuid: uuid.flatMap(HardwareUUID.init),
        boardSerial: board.flatMap(Serial.init),
        builtInMACs: macs.split(separator: " ").compactMap { MACAddress(String($0)) }),
      reason: try row.get("reason"), state: try row.get("state"), device: try row.get("device_id"),
      requestedAt: try row.get("requested_at"), seenAt: try row.get("seen_at"))
  }
}
