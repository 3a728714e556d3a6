import Audit
import Serving
import Storage
import Vocabulary

/// What people do to a device's keys.
struct KeyRoutes: Sendable {
  let registry: DeviceRegistry

  var routes: [PeopleRoute] {
    [
      PeopleRoute(
        .post, "/api/v1/districts/{district}/devices/{device}/approve", .district(AccessRule.deviceManagers),
        Operation(
          "approveDevice",
          "Keep one key, which becomes active, and revoke the device's others; refused (registry.live-elsewhere) while its serial holds a key in another district",
          body: ("application/json", Self.approvalSchema), isBodyRequired: false, answers: (200, DeviceView.schema)),
        handle: approve),
      PeopleRoute(
        .post, "/api/v1/districts/{district}/devices/{device}/revoke", .district(AccessRule.deviceManagers),
        Operation(
          "revokeDevice", "Revoke every key of a device, for good", body: ("application/json", Self.reasonSchema),
          answers: (200, DeviceView.schema))
      ) { try await set(.revoked, "device.revoke", $0, $1) },
      PeopleRoute(
        .post, "/api/v1/districts/{district}/devices/{device}/quarantine", .district(AccessRule.deviceManagers),
        Operation(
          "quarantineDevice", "Hold a device apart: it checks in, and gets nothing",
          body: ("application/json", Self.reasonSchema), answers: (200, DeviceView.schema))
      ) { try await set(.quarantined, "device.quarantine", $0, $1) },
    ]
  }

  private struct Approval: Decodable, Sendable { var key: String? }
  private struct Reason: Decodable, Sendable { let reason: String }

  private static let approvalSchema = Schema.object(
    [("key", .string("The key to keep, 64 hexadecimal digits; may be absent where one alone is live"))], required: [])
  private static let reasonSchema = Schema.object(
    [("reason", .string("Why, 1 to 500 characters; never a student's name"))], required: ["reason"])

  private func approve(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let (district, device) = try DeviceRoutes.place(call)
    let form = call.body.isEmpty ? Approval() : try JSONText.decode(Approval.self, from: call.body)
    let chosen = form.key.flatMap(Digest.init(hex:))
    guard (form.key == nil) == (chosen == nil) else {
      throw RegistryError(.invalid, "'key' is a key's digest, 64 hexadecimal digits.")
    }
    return try await registry.approve(device, of: district, keeping: chosen, call, context) {
      try registry.shown(device, district, $0)
    }
  }

  private func set(
    _ state: KeyState, _ action: String, _ call: Call, _ context: OperatorContext
  ) async throws -> Reply {
    let (district, device) = try DeviceRoutes.place(call)
    let reason = try JSONText.decode(Reason.self, from: call.body).reason
    return try await registry.set(state, action, device, of: district, because: reason, call, context) {
      try registry.shown(device, district, $0)
    }
  }
}

extension DeviceRegistry {
  fileprivate func shown(_ device: DeviceID, _ district: DistrictID, _ transaction: any Transaction) throws -> Reply {
    guard let listed = try DeviceList.device(device, in: district, transaction) else {
      throw ServingError.missing("device", device, in: district)
    }
    return try .json(
      DeviceView(
        listed, keys: try shownKeys(of: device, in: district, transaction), network: networkWords(of: listed)))
  }
}
