package import Registry
internal import Serving
package import Storage
package import Vocabulary
package import Wire

/// The first and last check-in of a device that is put in whole (`rollcall-swarm seed`): all its facts, with their hashes.
///
/// Facts come with their encodings, which a fleet's generator has at hand, so that a message of 100 KB need not be made
/// and read again for each of 400,000 devices.
package struct SettledCheckIn: Sendable {
  package var district: DistrictID
  package var device: DeviceID
  package var key: Digest
  package var at: Instant
  package var agent: String
  package var facts: Facts
  /// The sections but software as ``WireCodec`` writes them.
  package var bodies: [FactSection: [UInt8]]
  /// The software list in its lines.
  package var software: [UInt8]
  package var hashes: [FactSection: Digest]

  package init(
    district: DistrictID, device: DeviceID, key: Digest, at: Instant, agent: String, facts: Facts,
    bodies: [FactSection: [UInt8]], software: [UInt8], hashes: [FactSection: Digest]
  ) {
    self.district = district
    self.device = device
    self.key = key
    self.at = at
    self.agent = agent
    self.facts = facts
    self.bodies = bodies
    self.software = software
    self.hashes = hashes
  }
}

/// A ``SettledCheckIn`` with all work done that needs no transaction.
package struct PreparedCheckIn: Sendable {
  let visit: SettledCheckIn
  let plan: SoftwareBases.Plan
  let packed: SectionHashes
  let reply: StoredReply
  /// The sections but software as they are stored.
  let bodies: [FactSection: [UInt8]]
  /// Of the row of the vitals.
  let readings: [UInt8]?
  /// What the registry keeps of it.
  package let contact: Contact
}

extension CheckIns {
  /// Makes the summaries that are missing, and marks that none is: of a state that is filled from the beginning none ever is, so
  /// that its controller need not look through it.
  package func makeSummaries() async throws { try await filler.fill() }

  /// Makes an image's list a base before any device names it, and takes it into the index of software.
  ///
  /// - Parameter number: what the base is called in the index where it has no number yet; no other one may have it.
  package func settle(base list: [UInt8], number: Int64, now: Instant) async throws {
    let plan = try await bases.plan(for: list, digest: .sha256(list), now: now)
    guard let new = plan.newBase else { return }
    try await database.write(in: .state) { transaction in
      try SoftwareStore.write(new, as: plan.base, now: now, in: transaction)
      let query: SQL = """
        SELECT number IS NOT NULL OR EXISTS (SELECT 1 FROM checkin_software_base WHERE number = \(number)) AS indexed
        FROM checkin_software_base WHERE base_id = \(plan.base)
        """
      guard try transaction.row(query)?.get("indexed", as: Bool.self) == false, plan.isWhole else { return }
      try SoftwareIndexStore.index(base: plan.base, as: number, lines: list, in: transaction)
    }
    bases.committed(plan.base)
  }

  /// - Throws: what planning the software throws; `wire.…` where `software`'s hash is missing.
  package func prepare(_ visit: SettledCheckIn, policy: CheckInPolicy = CheckInPolicy()) async throws -> PreparedCheckIn
  {
    guard let digest = visit.hashes[.software] else {
      throw WireError(.hashMismatch, "A device that is put in whole has a software list.")
    }
    let plan = try await bases.plan(for: visit.software, digest: digest, now: visit.at)
    let next = policy.secondsToNext(device: visit.device, now: visit.at, soon: false, load: 0)
    let reply = CheckInReply(sequence: 1, time: visit.at, nextCheckInSeconds: next, standing: .active)
    return PreparedCheckIn(
      visit: visit, plan: plan, packed: SectionHashes(visit.hashes), reply: try StoredReply(reply),
      bodies: try visit.bodies.mapValues(FactPacking.pack),
      readings: HealthReadings().taking(HealthReading(visit.facts, at: visit.at))?.packed,
      contact: Contact(
        district: visit.district, device: visit.device, key: visit.key, at: visit.at,
        next: visit.at.advanced(by: .seconds(next)), agentVersion: visit.agent, clockOffset: .zero,
        health: HealthRules.assess(visit.facts)))
  }

  /// Puts first check-ins in: the rows that taking them one by one leaves, each kind of row by one statement. The
  /// registry's rows are the caller's. Nothing may be stored of these devices yet.
  package func settle(
    _ checkIns: [PreparedCheckIn], of district: DistrictID, in transaction: any Transaction
  ) throws {
    let tenant = district.sqlValue
    try SoftwareStore.insert(
      checkIns.map { ($0.plan, $0.visit.device, $0.visit.at) }, of: district, in: transaction)
    try transaction.run(
      """
      INSERT INTO checkin_section (district_id, device_id, section, hash, body, changed_at, readings)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      """,
      rows: checkIns.lazy.flatMap { one in
        FactSection.allCases.compactMap { section in
          guard let body = one.bodies[section], let hash = one.visit.hashes[section] else { return nil }
          return [
            tenant, one.visit.device.sqlValue, section.sqlValue, hash.sqlValue, body.sqlValue, one.visit.at.sqlValue,
            (section == .vitals ? one.readings : nil).sqlValue,
          ]
        }
      })
    try SummaryStore.insert(
      first: checkIns.map {
        SummaryStore.Told(
          device: $0.visit.device, district: district, was: nil,
          now: DeviceSummary($0.visit.facts, $0.contact.health ?? .unknown))
      }, in: transaction)
    try transaction.run(
      """
      INSERT INTO checkin_state (district_id, key, device_id, held, sequence, body_digest, reply, hashes, at)
      VALUES ($1, $2, $3, FALSE, 1, $4, $5, $6, $7)
      """,
      rows: checkIns.lazy.map { one in
        [
          tenant, one.visit.key.sqlValue, one.visit.device.sqlValue, Digest.sha256(one.packed.packed).sqlValue,
          one.reply.bytes.sqlValue, one.packed.packed.sqlValue, one.visit.at.sqlValue,
        ]
      })
  }

  /// Bases that now stand in the database are named from now on without being sent along.
  package func committed(_ checkIns: [PreparedCheckIn]) {
    for one in checkIns where one.plan.newBase != nil { bases.committed(one.plan.base) }
  }
}
