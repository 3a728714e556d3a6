package import Vocabulary

/// The controller's answer to a check-in that it has stored durably.
package struct CheckInReply: Hashable, Sendable, Codable {
  /// What the controller makes of the key that spoke.
  package enum Standing: String, Sendable, Codable, CaseIterable {
    case active, restricted, quarantined, pending
  }

  package var version: Int
  /// The sequence number that is acknowledged.
  package var sequence: Int64
  /// The controller's clock: the agent's floor for its own.
  package var time: Instant
  /// When to come back, in whole seconds from now, jitter included.
  package var nextCheckInSeconds: Int
  package var standing: Standing
  /// Sections to send in full with the next check-in, because their hash is not the one the controller holds.
  package var want: [FactSection]
  /// Whether to renew the certificate now.
  package var renew: Bool
  /// For the person in front of the machine, such as a lost laptop's notice.
  package var notice: String?
  /// Sections that the controller did not know and has ignored.
  package var unknownSections: Int

  package init(
    sequence: Int64, time: Instant, nextCheckInSeconds: Int, standing: Standing, want: [FactSection] = [],
    renew: Bool = false, notice: String? = nil, unknownSections: Int = 0
  ) {
    version = WireVersion.current
    self.sequence = sequence
    self.time = time
    self.nextCheckInSeconds = nextCheckInSeconds
    self.standing = standing
    self.want = want
    self.renew = renew
    self.notice = notice
    self.unknownSections = unknownSections
  }
}

extension CheckInReply {
  /// Sections that this side does not know cannot be sent: they are passed over.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    version = try container.decode(Int.self, forKey: .version)
    sequence = try container.decode(Int64.self, forKey: .sequence)
    time = try container.decode(Instant.self, forKey: .time)
    nextCheckInSeconds = try container.decode(Int.self, forKey: .nextCheckInSeconds)
    standing = try container.decode(Standing.self, forKey: .standing)
    want = try container.decode([String].self, forKey: .want).compactMap { FactSection(rawValue: $0) }
    renew = try container.decode(Bool.self, forKey: .renew)
    notice = try container.decodeIfPresent(String.self, forKey: .notice)
    unknownSections = try container.decodeIfPresent(Int.self, forKey: .unknownSections) ?? 0
  }
}

/// The agent's endpoints on the devices listener.
package enum AgentPath {
  /// `POST` a ``CheckInRequest`` as JSON, gzip allowed; answers a ``CheckInReply``.
  package static let checkIn = "/agent/v1/checkin"
  /// `GET` without a client certificate: a ``ControllerTime``, for a device whose clock is lost.
  package static let time = "/agent/v1/time"
  /// `GET`: a ``ControllerStanding``; nothing is stored.
  package static let standing = "/agent/v1/standing"
}

/// What the controller makes of the key that asks, for `rollcall-agent doctor`.
package struct ControllerStanding: Hashable, Sendable, Codable {
  package var standing: CheckInReply.Standing
  package init(standing: CheckInReply.Standing) { self.standing = standing }
}

/// The controller's clock.
package struct ControllerTime: Hashable, Sendable, Codable {
  package var time: Instant
  package init(time: Instant) { self.time = time }
}

/// A refusal by RFC 9457 with the product's stable code, on every listener.
package struct Problem: Hashable, Sendable, Codable {
  /// `urn:rollcall:error:` and the code.
  package var type: String
  /// The HTTP status.
  package var status: Int
  /// The stable code, such as `checkin.stale-sequence`.
  package var code: String
  /// What happened, what it means and what to do.
  package var detail: String
  /// `checkin.stale-sequence`: the sequence number that the controller expects.
  package var expectedSequence: Int64?

  package init(status: Int, code: String, detail: String, expectedSequence: Int64? = nil) {
    type = "urn:rollcall:error:\(code)"
    self.status = status
    self.code = code
    self.detail = detail
    self.expectedSequence = expectedSequence
  }
}
