import Testing
import Vocabulary

@testable import Registry

@Suite("What may happen to keys")
struct KeyDecisionTests {
  private let device = DeviceID(rawValue: "dev_0000000000000001")!

  private func key(_ number: UInt8, _ state: KeyState, seen: Bool = true, replacedBy: UInt8? = nil) -> DeviceKey {
    var key = DeviceKey(.numbered(number), of: device, in: RegistryBench.cedar, state: state, now: RegistryBench.now)
    key.lastSeen = seen ? RegistryBench.now : nil
    key.replacedBy = replacedBy.map(Digest.numbered)
    return key
  }

  @Test("Every transition is decided; a revoked key never returns, and none becomes pending")
  func transitions() {
    let allowed: [KeyState: Set<KeyState>] = [
      .active: [.active, .restricted, .quarantined, .revoked],
      .restricted: [.restricted, .active, .quarantined, .revoked],
      .quarantined: [.quarantined, .active, .revoked],
      .pending: [.pending, .active, .quarantined, .revoked],
      .revoked: [.revoked],
    ]
    for state in KeyState.allCases {
      for next in KeyState.allCases {
        #expect(KeyDecision.allows(state, to: next) == allowed[state]!.contains(next), "\(state) to \(next)")
      }
    }
  }

  @Test("A first key, the same key again, and another one")
  func enrolment() throws {
    #expect(try KeyDecision.enrolment(.numbered(1), among: []) == .first)
    #expect(try KeyDecision.enrolment(.numbered(1), among: [key(1, .active)]) == .again)
    #expect(try KeyDecision.enrolment(.numbered(2), among: [key(1, .active)]) == .collision)
    #expect(try KeyDecision.enrolment(.numbered(2), among: [key(1, .quarantined)]) == .collision)
    #expect(try KeyDecision.enrolment(.numbered(2), among: [key(1, .revoked)]) == .first)
    #expect(try KeyDecision.enrolment(.numbered(1), among: [key(1, .pending)]) == .waited)
    #expect(try KeyDecision.enrolment(.numbered(1), among: [key(1, .pending), key(2, .active)]) == .collision)
    #expect(throws: RegistryError(.keyRevoked, "")) {
      try KeyDecision.enrolment(.numbered(1), among: [key(1, .revoked)])
    }
  }

  @Test("A device that has no key is told from one whose keys are revoked")
  func noLiveKey() {
    let none = #expect(throws: RegistryError(.noLiveKey, "")) { try KeyDecision.all([], to: .revoked, reason: "sold") }
    #expect(none?.message.contains("never enrolled") == true)
    let revoked = #expect(throws: RegistryError(.noLiveKey, "")) {
      try KeyDecision.all([key(1, .revoked)], to: .revoked, reason: "sold")
    }
    #expect(revoked?.message.contains("revoked already") == true)
  }

  @Test("Approval keeps one key and revokes every other live one")
  func approval() throws {
    let keys = [key(1, .quarantined), key(2, .quarantined), key(3, .revoked)]
    let changed = try KeyDecision.approval(of: .numbered(2), among: keys)
    #expect(changed.map(\.digest) == [.numbered(1), .numbered(2)])
    #expect(changed.map(\.state) == [.revoked, .active])
    #expect(changed[1].reason == nil)
  }

  @Test("Approval needs to be told which of several keys, and nothing where one alone waits")
  func approvalChoice() throws {
    #expect(try KeyDecision.approval(of: nil, among: [key(1, .pending)]).map(\.state) == [.active])
    #expect(throws: RegistryError(.keyChoice, "")) {
      try KeyDecision.approval(of: nil, among: [key(1, .quarantined), key(2, .quarantined)])
    }
    #expect(throws: RegistryError(.nothingToApprove, "")) {
      try KeyDecision.approval(of: nil, among: [key(1, .active)])
    }
    #expect(throws: RegistryError(.keyUnknown, "")) {
      try KeyDecision.approval(of: .numbered(9), among: [key(1, .pending)])
    }
    #expect(throws: RegistryError(.keyRevoked, "")) {
      try KeyDecision.approval(of: .numbered(2), among: [key(1, .pending), key(2, .revoked)])
    }
  }

  @Test("A renewed key stays usable until its successor is seen, then it is revoked")
  func renewal() throws {
    let (changed, added) = try KeyDecision.renewal(
      of: .numbered(1), by: .numbered(2), among: [key(1, .active)], now: RegistryBench.now)
    #expect(changed.map(\.state) == [.active])
    #expect(changed[0].replacedBy == .numbered(2))
    #expect(added.state == .active)
    #expect(
      KeyDecision.sighting(of: .numbered(1), among: changed + [added], now: RegistryBench.now).map(\.state) == [.active]
    )
    let seen = KeyDecision.sighting(of: .numbered(2), among: changed + [added], now: RegistryBench.now)
    #expect(seen.map(\.digest) == [.numbered(1), .numbered(2)])
    #expect(seen.map(\.state) == [.revoked, .active])
  }

  @Test("A successor that was never seen is revoked when the old key asks for another one")
  func lostSuccessor() throws {
    let keys = [key(1, .active, replacedBy: 2), key(2, .active, seen: false)]
    let (changed, _) = try KeyDecision.renewal(of: .numbered(1), by: .numbered(3), among: keys, now: RegistryBench.now)
    #expect(changed.first { $0.digest == .numbered(2) }?.state == .revoked)
    #expect(changed.first { $0.digest == .numbered(1) }?.replacedBy == .numbered(3))
  }

  @Test("A lost device's new key is restricted as well; quarantined, pending and revoked keys cannot renew")
  func renewalStates() throws {
    let (_, added) = try KeyDecision.renewal(
      of: .numbered(1), by: .numbered(2), among: [key(1, .restricted)], now: RegistryBench.now)
    #expect(added.state == .restricted)
    for state in [KeyState.quarantined, .pending, .revoked] {
      #expect(throws: RegistryError(.keyTransition, "")) {
        try KeyDecision.renewal(of: .numbered(1), by: .numbered(2), among: [key(1, state)], now: RegistryBench.now)
      }
    }
  }

  @Test("Random successions of decisions never revive a revoked key and never leave two active after approval")
  func random() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<300 {
      var keys = (1...4).map { key($0, KeyState.allCases.randomElement(using: &generator)!) }
      let revoked = Set(keys.filter { !$0.isLive }.map(\.digest))
      let chosen = generator.next() % 2 == 0 ? Digest.numbered(UInt8(1 + generator.next() % 4)) : nil
      guard let changed = try? KeyDecision.approval(of: chosen, among: keys) else { continue }
      for change in changed { keys[keys.firstIndex { $0.digest == change.digest }!] = change }
      #expect(keys.filter(\.isLive).map(\.state) == [.active])
      #expect(keys.filter { revoked.contains($0.digest) }.allSatisfy { !$0.isLive })
    }
  }
}
