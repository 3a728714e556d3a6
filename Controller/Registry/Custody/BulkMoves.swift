package import Serving
import Storage
package import Vocabulary

/// One move for many devices that a person chose from a list.
package struct BulkMove: Sendable, Hashable {
  package enum Kind: String, CaseIterable, Sendable {
    case retire
    /// To another school of the district.
    case move
    case repair

    /// What each device does.
    fileprivate var custodyMove: CustodyMove.Kind {
      switch self {
      case .retire: .retire
      case .move: .transfer
      case .repair: .repair
      }
    }
  }

  /// Devices that one such change moves at most.
  package static let limit = 1000

  /// Who may make each of them, with devices of a whole district.
  package static let roles = MoveRights.roles(forAll: Kind.allCases.map(\.custodyMove))

  package let kind: Kind
  package var school: SchoolID?
  package var category: RepairCategory?
  package var reason: String?

  package init(_ kind: Kind, school: SchoolID? = nil, category: RepairCategory? = nil, reason: String? = nil) {
    (self.kind, self.school, self.category, self.reason) = (kind, school, category, reason)
  }

  /// - Throws: `registry.invalid` with every fault.
  fileprivate func asked(today: Int64) throws(RegistryError) -> AskedMove {
    var form = MoveForm()
    form.reason = reason
    switch kind {
    case .retire: break
    case .move: form.to = school.map { "school:\($0)" }
    case .repair: form.category = category?.rawValue
    }
    return try form.asked(kind.custodyMove, today: today)
  }
}

/// Which of many devices can make a move, or made it, and which cannot, each with its reason.
package struct BulkOutcome: Sendable {
  package struct Refusal: Sendable {
    package let device: DeviceID
    /// nil where the district has no such device.
    package let known: Device?
    /// In words for who knows no codes.
    package let why: String
  }

  package internal(set) var devices: [Device] = []
  /// The number of the last event of each of ``devices``, for ``DeviceRegistry/perform(_:of:in:_:_:)``; 0 before the first.
  package internal(set) var sequences: [DeviceID: Int64] = [:]
  package internal(set) var refused: [Refusal] = []
}

extension DeviceRegistry {
  /// What ``perform(_:of:in:_:_:)`` would come to now; nothing is changed.
  ///
  /// - Throws: `registry.invalid`, `custody.school-unknown`.
  package func preview(
    _ move: BulkMove, of devices: [DeviceID], in district: DistrictID, _ call: Call, _ context: OperatorContext
  ) async throws -> BulkOutcome {
    let asked = try move.asked(today: call.now.day)
    let actor = try context.actor
    return try await database.read(in: context.scope) { [self] transaction in
      _ = try existing(district, transaction)
      try requireSchool(of: move, in: district, transaction)
      let known = try DeviceStore.devices(devices, in: district, transaction)
      let standings = try LedgerStore.standings(of: devices, in: district, transaction)
      let byDevice = Dictionary(standings.map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
      var resolved = asked.move
      resolved.to = move.school.map(Holder.school)
      var outcome = BulkOutcome()
      for id in devices {
        guard let device = known[id] else {
          outcome.refused.append(.missing(id, district))
          continue
        }
        let standing = byDevice[id] ?? LedgerStore.Standing(device: id)
        do throws(RegistryError) {
          _ = try CustodyDecision.event(
            of: resolved, from: standing.projection, school: device.school, last: standing.lastEntry,
            actor: .principal(actor), now: call.now)
          outcome.devices.append(device)
          outcome.sequences[id] = standing.last
        } catch { outcome.refused.append(.init(device: id, known: device, why: error.plain ?? error.message)) }
      }
      return outcome
    }
  }

  /// Moves those that can, each as by itself, with its own event and its own entry in the journal, all in one transaction.
  ///
  /// - Parameter devices: each with the event that it was seen at; one that has gone on since is refused.
  /// - Throws: `registry.invalid`, `custody.school-unknown`.
  package func perform(
    _ move: BulkMove, of devices: [(id: DeviceID, expected: Int64)], in district: DistrictID, _ call: Call,
    _ context: OperatorContext
  ) async throws -> BulkOutcome {
    let asked = try move.asked(today: call.now.day)
    let actor = try context.actor
    let (outcome, keys) = try await database.write(in: context.scope) { [self] transaction in
      _ = try existing(district, transaction)
      try requireSchool(of: move, in: district, transaction)
      var change = RegistryChange(transaction: transaction, actor: actor, now: call.now)
      var outcome = BulkOutcome()
      for (id, expected) in devices.prefix(BulkMove.limit) {
        guard let device = try DeviceStore.device(id, in: district, transaction) else {
          outcome.refused.append(.missing(id, district))
          continue
        }
        do {
          // What is impossible, or came second, is refused before anything of it is written.
          var asked = asked
          asked.expected = expected
          _ = try self.move(device, asked, &change, for: context.caller)
          outcome.devices.append(device)
        } catch let error as RegistryError {
          outcome.refused.append(.init(device: id, known: device, why: error.plain ?? error.message))
        }
      }
      return (outcome, change.keys)
    }
    apply(keys)
    return outcome
  }

  private func requireSchool(
    of move: BulkMove, in district: DistrictID, _ transaction: any Transaction
  ) throws {
    guard let school = move.school, try !SchoolStore.exists(school, in: district, transaction) else { return }
    throw RegistryError(.custodySchool, "The district has no school '\(school)'. 'rollcall school list' names them.")
  }
}

extension BulkOutcome.Refusal {
  fileprivate static func missing(_ id: DeviceID, _ district: DistrictID) -> BulkOutcome.Refusal {
    .init(device: id, known: nil, why: "The district has no such device.")
  }
}
