package import Serving
import Storage
package import Vocabulary

/// What people do with devices, whichever way they ask: the routes of the API and the pages come through here.
package struct CustodyDesk: Sendable {
  let registry: DeviceRegistry

  package init(registry: DeviceRegistry) { self.registry = registry }

  /// Moves one device; what is wrong with the form, or impossible, is refused before anything is written.
  ///
  /// - Throws: `request.not-found`, `access.forbidden`, `registry.invalid` with a fault for each field, `custody.…`.
  package func move(
    _ device: DeviceID, of district: DistrictID, by kind: CustodyMove.Kind, _ form: MoveForm, _ call: Call,
    _ context: OperatorContext
  ) async throws {
    _ = try await move(device, of: district, by: kind, form, call, context) { _ in Reply(.noContent) }
  }

  /// - Parameter answer: of what the move did, within its transaction.
  func move(
    _ device: DeviceID, of district: DistrictID, by kind: CustodyMove.Kind, _ form: MoveForm, _ call: Call,
    _ context: OperatorContext, answer: @escaping @Sendable (MovedView) throws -> Reply
  ) async throws -> Reply {
    let asked = try form.asked(kind, today: call.now.day)
    let scope = try Self.scope(of: asked, district, context)
    return try await registry.change(call, context, in: scope) { [registry] change in
      let known = try registry.existing(device, of: district, change.transaction)
      try kind.require(context.caller, of: known)
      return try answer(registry.move(known, asked, &change, for: context.caller))
    }
  }

  /// Both districts where a device goes to another one: only who may make the move in both moves it there, and for
  /// everybody else the other district is not there.
  private static func scope(
    of asked: AskedMove, _ district: DistrictID, _ context: OperatorContext
  ) throws(ServingError) -> TenantScope {
    guard let other = asked.otherDistrict else { return context.scope }
    guard context.caller?.scope(of: asked.kind.rights.inDistrict)?.contains(other) == true else {
      throw ServingError.missing("district", other)
    }
    return .districts([district, other])
  }
}
