internal import Serving
internal import Vocabulary

// What the routes of enrolment tokens read and write as JSON.

struct NewToken: Decodable {
  let serials: [String]?
  let expiresInHours: Int
  let uses: Int?
  let allowUnidentified: Bool?

  /// A year.
  static let longestHours = 8784
  static let mostUses = 100_000
  static let mostSerials = 1000

  static let schema = Schema.object(
    [
      ("serials", .array(.string("A serial of the batch; without this list the token serves the whole batch"))),
      ("expiresInHours", .integer("Its life in hours, 1 to \(longestHours)")),
      ("uses", .integer("Certificates it may bring, 1 to \(mostUses); by default one for each serial it serves")),
      ("allowUnidentified", .boolean("Whether a machine without usable identity is enrolled, known by its key alone")),
    ], required: ["expiresInHours"])

  /// The serials it names.
  ///
  /// - Throws: `enroll.token-request` with every fault.
  func named(listed: (Serial) throws -> Bool) throws -> Set<Serial>? {
    guard let serials else { return nil }
    var named: Set<Serial> = []
    var faults: [Fault] = []
    for (index, text) in serials.prefix(Self.mostSerials).enumerated() {
      if let serial = Serial(text), try listed(serial) {
        named.insert(serial)
      } else {
        faults.append(
          Fault(
            field: "serials.\(index)", value: String(text.prefix(100)),
            code: EnrollmentError.Kind.unknownSerial.rawValue,
            message: "The batch does not list this serial."))
      }
    }
    guard (1...Self.mostSerials).contains(serials.count), faults.isEmpty else {
      throw EnrollmentError(
        .tokenRequest, "'serials' names 1 to \(Self.mostSerials) serials that the batch lists, or is left out.",
        faults: faults)
    }
    return named
  }

  /// - Throws: `enroll.token-request`.
  func checkLimits() throws(EnrollmentError) {
    guard (1...Self.longestHours).contains(expiresInHours) else {
      throw EnrollmentError(.tokenRequest, "'expiresInHours' is a whole number from 1 to \(Self.longestHours).")
    }
    guard (1...Self.mostUses).contains(uses ?? 1) else {
      throw EnrollmentError(.tokenRequest, "'uses' is a whole number from 1 to \(Self.mostUses).")
    }
  }
}

struct TokenItem: Encodable, Sendable {
  let id: EnrollmentTokenID
  /// The printed form; in the answer of its creation alone.
  var token: String?
  let district: DistrictID
  let batch: BatchID
  let serials: [String]?
  let createdAt: String
  let expiresAt: String
  let revokedAt: String?
  let uses: Int
  let used: Int
  let allowUnidentified: Bool
  let state: String

  init(_ token: EnrollmentToken, printed: String? = nil, now: Instant) {
    id = token.id
    self.token = printed
    (district, batch) = (token.district, token.batch)
    serials = token.serials.map { $0.map(\.text).sorted() }
    createdAt = token.createdAt.rfc3339
    expiresAt = token.expiresAt.rfc3339
    revokedAt = token.revokedAt?.rfc3339
    (uses, used, allowUnidentified) = (token.uses, token.used, token.allowUnidentified)
    state = Self.state(of: token, now: now)
  }

  private static func state(of token: EnrollmentToken, now: Instant) -> String {
    if token.revokedAt != nil { return "revoked" }
    if now >= token.expiresAt { return "expired" }
    return token.used >= token.uses ? "used-up" : "usable"
  }

  static let schema = Schema.object(
    [
      ("id", .string("The token's id, which is no secret")),
      ("token", .string("What a device is given; in the answer of its creation alone")),
      ("district", .string("Its district's code")), ("batch", .string("Its batch's code")),
      ("serials", .array(.string("A machine it serves; absent where it serves the whole batch"))),
      ("createdAt", .dateTime("When it was made")), ("expiresAt", .dateTime("When it ends")),
      ("revokedAt", .dateTime("When it was revoked, if it was")),
      ("uses", .integer("Certificates it may bring")), ("used", .integer("Certificates it has brought")),
      ("allowUnidentified", .boolean("Whether it enrols a machine without usable identity")),
      ("state", .oneOf(["usable", "used-up", "expired", "revoked"], "Whether it can be used")),
    ],
    required: ["id", "district", "batch", "createdAt", "expiresAt", "uses", "used", "allowUnidentified", "state"])
}
