internal import Audit
internal import Registry
internal import Storage
internal import Vocabulary

/// Nearly all enrolments are alike: a machine that a list named comes for its first key. Those of a group take some statements
/// together instead of as many each.
extension EnrollmentStore {
  /// - Returns: for each what it came to, or nil where it has to be enrolled by itself: where there is more to look at, or where
  ///   another one of the group may mean the same device or the same key, or may find no use of its token left.
  /// - Throws: what any of them throws; then nothing of it may stay, and each has to be enrolled by itself.
  func enrollTogether(_ asks: [EnrollmentAsk], _ transaction: any Transaction) throws -> [EnrollmentStep.Done?] {
    let group = try AskedTogether(asks, transaction)
    let plain = try plain(in: group, transaction)
    guard !plain.isEmpty else { return [] }
    let authority = authority
    let certificates = try plain.map { one in
      try authority.issue(
        to: one.named.device.id, of: one.token.district, serial: one.serial, key: one.ask.request.publicKey,
        now: one.ask.now)
    }
    let changes = try write(Array(zip(plain, certificates)), transaction)
    var done = [EnrollmentStep.Done?](repeating: nil, count: asks.count)
    for ((one, certificate), changes) in zip(zip(plain, certificates), changes) {
      done[one.index] = EnrollmentStep.Done(outcome: .certificate(certificate.der), changes: changes)
    }
    return done
  }

  /// Those for whom nothing is to be done but to issue the first key of a device that nobody else means.
  private func plain(in group: AskedTogether, _ transaction: any Transaction) throws -> [PlainEnrolment] {
    let alone = group.asked.filter { group.isAlone($0) && $0.ask.identity.serial != nil }
    guard !alone.isEmpty else { return [] }
    let holders = try registry.keys(alone.map(\.ask.key), in: transaction)
    let used = try TokenStore.used(alone.map { ($0.ask.key, $0.token) }, transaction)
    let fresh = alone.filter { holders[$0.ask.key] == nil && !used.contains($0.ask.key) }
    let districts = try registry.districts(Set(fresh.map(\.token.district)), in: transaction)
    let named = try registry.named(by: fresh.map { ($0.token.district, $0.ask.identity) }, in: transaction)
    let known = zip(fresh, named).compactMap { one, named in named.map { (one, $0) } }
    let meant = Dictionary(known.map { ($1.device.id, 1) }, uniquingKeysWith: +)
    return known.compactMap { one, named in
      guard meant[named.device.id] == 1, group.isMeant(named, by: one.ask) else { return nil }
      guard let serial = one.ask.identity.serial, let district = districts[one.token.district] else { return nil }
      let question = EnrollmentQuestion(
        token: one.token, key: one.ask.key, identity: one.ask.identity, earlier: nil, waiting: nil, holder: nil,
        recognition: .known(KnownDevice(named.device, keys: [])), unknownSerials: district.unknownSerials,
        now: one.ask.now)
      // Who is refused is refused by itself, in its own savepoint.
      guard case .issue(named.device.id)? = try? decide(question) else { return nil }
      return PlainEnrolment(index: one.index, ask: one.ask, token: one.token, named: named, serial: serial)
    }
  }

  /// What ``EnrollmentStep`` writes of each, each kind of row by one statement.
  ///
  /// - Returns: what it did to keys, in their order.
  private func write(
    _ issued: [(one: PlainEnrolment, certificate: IssuedCertificate)], _ transaction: any Transaction
  ) throws -> [KeyChanges] {
    let uses = Dictionary(grouping: issued.map(\.one.token), by: \.id).values.map { ($0[0], $0.count) }
    try TokenStore.count(uses.sorted { $0.0.id < $1.0.id }, transaction)
    let changes = try registry.enroll(
      issued.map { one, certificate in
        FirstKey(
          IssuedKey(certificate), of: one.named, identity: one.ask.identity, evidence: "batch:\(one.token.batch)",
          actor: .enrollmentToken(one.token.id), now: one.ask.now)
      }, in: transaction)
    try TokenStore.record(issued.map { ($1, $0.named.device.id, $0.token, $0.ask.now) }, transaction)
    try BatchStore.mark(issued.map { one, _ in (one.named.device.id, one.serial, one.token, one.ask.now) }, transaction)
    try Journal.record(
      issued.map { one, certificate in
        EnrollmentStep.entry(
          certificate, of: one.named.device.id, quarantined: false,
          token: (one.token.id, one.token.batch, one.token.district), at: one.ask.now)
      }, in: transaction)
    return changes
  }
}

/// A device that gets its first key, with others.
private struct PlainEnrolment {
  /// Its place in the group.
  let index: Int
  let ask: EnrollmentAsk
  let token: EnrollmentToken
  let named: NamedDevice
  let serial: Serial
}
