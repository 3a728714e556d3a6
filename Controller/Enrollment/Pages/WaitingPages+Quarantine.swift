internal import HTTPTypes
internal import Registry
internal import Serving
internal import Storage
internal import Vocabulary
internal import Web

/// Devices that are held apart, each with its keys.
extension WaitingPages {
  private struct Quarantined: Sendable {
    struct Key: Sendable {
      let digest: String
      let words: KeyWords
      let state: String
      let reason: String?
      let issued: Moment
      let seen: String
      let canDecide: Bool
    }

    struct Line: Sendable {
      let path: String
      let name: String
      let district: DistrictID
      let model: String
      let hostname: String?
      let keys: [Key]
      let canDecide: Bool

      init(_ found: QuarantinedDevice, canDecide: Bool) {
        let device = found.device
        path = "/districts/\(device.district)/quarantine/\(device.id)"
        name = device.serial ?? device.hostname ?? device.id.rawValue
        (district, hostname) = (device.district, device.hostname)
        model = [device.vendor, device.model].compactMap(\.self).joined(separator: " ")
        keys = found.keys.map { key in
          Key(
            digest: key.digest.description, words: KeyWords(key.digest), state: key.state.rawValue, reason: key.reason,
            issued: Moment(key.issuedAt), seen: key.lastSeen.map { String($0.rfc3339.prefix(10)) } ?? "never",
            canDecide: canDecide)
        }
        self.canDecide = canDecide
      }
    }

    let lines: [Line]
    let count: String
    let version: String
    let next: String?
    let now: Moment
  }

  func quarantined(
    _ call: Call, _ context: OperatorContext, fault: (any StatusError)? = nil
  ) async throws -> Reply {
    let context = fault == nil ? context : try Self.whole(context)
    let scope = context.scope
    let after = fault == nil ? try call.query("after").map(Self.devicePlace) : nil
    let (found, seen) = try await desk.database.read(in: scope) { [registry = desk.registry] transaction in
      (
        try registry.quarantined(scope, after: after, limit: Self.limit + 1, in: transaction),
        try registry.quarantined(scope, after: nil, limit: Self.counted + 1, in: transaction)
      )
    }
    let shown = Array(found.prefix(Self.limit))
    let told = Told(seen.map { "\($0.device.id)" }, most: Self.counted)
    let model = Quarantined(
      lines: shown.map { .init($0, canDecide: context.mayDecide(in: $0.device.district)) }, count: told.count,
      version: told.version,
      next: found.count > Self.limit
        ? shown.last.map { "\(Self.quarantine)?after=\($0.device.district)/\($0.device.id)" } : nil,
      now: Moment(call.now))
    let notice = fault == nil ? try call.query("done").flatMap { Self.notices[$0] } : nil
    let heading = Shell.Heading(
      "Quarantine", place: Self.quarantine, notice: notice, fault: fault?.message, isLive: true,
      status: fault?.status ?? .ok)
    return try shell.page("quarantine", model, heading, context)
  }

  @Sendable func followQuarantine(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let scope = context.scope
    return .live("quarantine \(scope.topic)") { [desk] in
      let seen = try await desk.database.read(in: scope) {
        try desk.registry.quarantined(scope, after: nil, limit: Self.counted + 1, in: $0)
      }
      return try JSONText.encode(Told(seen.map { "\($0.device.id)" }, most: Self.counted))
    }
  }

  private static func devicePlace(_ text: String) throws(ServingError) -> (district: DistrictID, device: DeviceID) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let district = DistrictID(rawValue: String(parts[0])),
      let device = DeviceID(rawValue: String(parts[1]))
    else { throw ServingError(.query, "'after' is the 'next' of the page before, unchanged.") }
    return (district, device)
  }
}
