internal import Serving
internal import Vocabulary

// What the routes of waiting devices read and write as JSON.

struct Approval: Decodable {
  let device: DeviceID?

  static let schema = Schema.object(
    [("device", .string("The device that it is; by default the one its identity says, or a new one"))], required: [])
}

struct PendingItem: Encodable, Sendable {
  let id: PendingID
  let district: DistrictID
  let batch: BatchID
  let token: EnrollmentTokenID
  let key: Digest
  let serial: String?
  let uuid: String?
  let boardSerial: String?
  let macs: [String]
  let reason: String
  let state: String
  let device: DeviceID?
  let requestedAt: String
  let seenAt: String

  init(_ request: PendingRequest) {
    (id, district, batch, token, key) = (request.id, request.district, request.batch, request.token, request.key)
    serial = request.identity.serial?.text
    uuid = request.identity.uuid?.text
    boardSerial = request.identity.boardSerial?.text
    macs = request.identity.builtInMACs.map(\.text)
    reason = request.reason.rawValue
    state = request.state.rawValue
    device = request.device
    requestedAt = request.requestedAt.rfc3339
    seenAt = request.seenAt.rfc3339
  }

  static let schema = Schema.object(
    [
      ("id", .string("The request's id")), ("district", .string("The token's district")),
      ("batch", .string("The token's batch")),
      ("token", .string("The token's id")), ("key", .string("SHA-256 of the key's SubjectPublicKeyInfo")),
      ("serial", .string("As the machine says")), ("uuid", .string("As the machine says")),
      ("boardSerial", .string("As the machine says")),
      ("macs", .array(.string("Of a built-in adapter, as the machine says"))),
      ("reason", .oneOf(WaitReason.allCases.map(\.rawValue), "Why it waits")),
      ("state", .oneOf(PendingRequest.State.allCases.map(\.rawValue), "Where it stands")),
      ("device", .string("The device it was approved as")), ("requestedAt", .dateTime("When it asked first")),
      ("seenAt", .dateTime("When it asked last")),
    ],
    required: ["id", "district", "batch", "token", "key", "macs", "reason", "state", "requestedAt", "seenAt"])
}
