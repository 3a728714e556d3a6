internal import Registry
internal import Serving
internal import Vocabulary

// What the routes of waiting devices read and write as JSON.

struct Approval: Decodable {
  let device: DeviceID?

  static let schema = Schema.object(
    [("device", .string("The device that it is; by default the one its identity says, or a new one"))], required: [])
}

/// What waits, or waited, for a person: a request to be enrolled, or a key that nobody here knows.
struct PendingItem: Encodable, Sendable {
  let id: WaitingID
  let district: DistrictID
  let batch: BatchID?
  let token: EnrollmentTokenID?
  let key: Digest
  let serial: String?
  let uuid: String?
  let boardSerial: String?
  let macs: [String]
  /// Of ``WaitReason``, or ``unknownKey``.
  let reason: String
  let state: PendingRequest.State
  let device: DeviceID?
  let requestedAt: String
  let seenAt: String?

  init(_ request: PendingRequest) {
    (id, district, batch, token) = (.request(request.id), request.district, request.batch, request.token)
    (key, reason, state, device) = (request.key, request.reason.rawValue, request.state, request.device)
    (serial, uuid, boardSerial, macs) = Self.marks(request.identity)
    (requestedAt, seenAt) = (request.requestedAt.rfc3339, request.seenAt.rfc3339)
  }

  init(_ waiting: WaitingKey) {
    (id, district, batch, token) = (.key(waiting.digest), waiting.district, nil, nil)
    (key, reason, device) = (waiting.digest, Self.unknownKey, waiting.device)
    state =
      switch waiting.state {
      case .pending: .waiting
      case .revoked: .rejected
      case .active, .restricted, .quarantined: .approved
      }
    (serial, uuid, boardSerial, macs) = Self.marks(waiting.identity)
    (requestedAt, seenAt) = (waiting.since.rfc3339, nil)
  }

  /// The certificate is ours, and the key stands in no registry, as after a restore.
  private static let unknownKey = "unknown-key"

  private static func marks(_ identity: ClaimedIdentity) -> (String?, String?, String?, [String]) {
    (identity.serial?.text, identity.uuid?.text, identity.boardSerial?.text, identity.builtInMACs.map(\.text))
  }

  static let schema = Schema.object(
    [
      ("id", .string("The request's id; of a key that is not known, the key's digest")),
      ("district", .string("The token's district, or the device's")),
      ("batch", .string("The token's batch; absent for a key")), ("token", .string("The token's id; absent for a key")),
      ("key", .string("SHA-256 of the key's SubjectPublicKeyInfo")),
      ("serial", .string("As the machine says")), ("uuid", .string("As the machine says")),
      ("boardSerial", .string("As the machine says")),
      ("macs", .array(.string("Of a built-in adapter, as the machine says"))),
      ("reason", .oneOf(WaitReason.allCases.map(\.rawValue) + [unknownKey], "Why it waits")),
      ("state", .oneOf(PendingRequest.State.allCases.map(\.rawValue), "Where it stands")),
      ("device", .string("The device it was approved as, or whose key it is")),
      ("requestedAt", .dateTime("When it asked first")),
      ("seenAt", .dateTime("When it asked last; absent for a key")),
    ],
    required: ["id", "district", "key", "macs", "reason", "state", "requestedAt"])
}
