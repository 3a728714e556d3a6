import Testing
import Vocabulary
import Wire

@testable import CheckIn

@Suite("The decision on a check-in")
struct DecisionTests {
  static let device = DeviceID(rawValue: "dev_0123456789abcdef")!
  static let now = World.start

  func decided(
    _ request: CheckInRequest, _ state: KeyState = .active, last: KnownState.Last? = nil,
    hashes: SectionHashes = .none, now: Instant = now, load: Double = 0
  ) throws -> Decision {
    let known = KnownState(
      device: Self.device, keyState: state, certificateBegins: Self.now.advanced(by: .seconds(-86_400)),
      certificateEnds: Self.now.advanced(by: .seconds(89 * 86_400)), last: last, hashes: hashes)
    let check = try Verified<CheckInRequest>(body: try WireCodec.encode(request))
    return try decide(check, known: known, policy: CheckInPolicy(), load: load, now: now)
  }

  func accepted(_ decision: Decision) throws -> Acceptance {
    guard case .accepted(let acceptance) = decision else { throw CheckInError(.damaged, "\(decision)") }
    return acceptance
  }

  @Test("A first contact may have any number", arguments: [1, 2, 1_000_000, Int64.max - 1])
  func first(sequence: Int64) throws {
    let acceptance = try accepted(try decided(Sample.request(sequence, Sample.facts())))
    #expect(acceptance.reply.sequence == sequence && acceptance.changed == FactSection.allCases)
  }

  @Test("Only sections whose hash is another one are stored or wanted")
  func sections() throws {
    let facts = Sample.facts()
    let held = SectionHashes(Sample.request(1, facts).hashes)
    var newer = facts
    newer.system?.kernel = "6.1.0-26-amd64"
    newer.vitals?.updatesAvailable = 9
    let acceptance = try accepted(try decided(Sample.request(5, newer, sending: [.system, .hardware]), hashes: held))
    #expect(acceptance.changed == [.system])
    #expect(acceptance.reply.want == [.vitals])
    #expect(acceptance.hashes[.vitals] == held[.vitals] && acceptance.hashes[.system] != held[.system])
  }

  @Test("A section that tells something beside its hash is stored again though the hash is the stored one")
  func beside() throws {
    let facts = Sample.facts()
    let held = SectionHashes(Sample.request(1, facts).hashes)
    var later = facts
    later.hardware?.bluetooth = true
    let told = try accepted(try decided(Sample.request(5, later, sending: [.hardware, .identity]), hashes: held))
    #expect(told.changed == [.hardware], "an identity with the same hash says nothing new")
    #expect(told.hashes == held && told.reply.want == [])
    #expect(try accepted(try decided(Sample.request(5, later, sending: []), hashes: held)).changed == [])
    later.system?.bootMilliseconds = 20_350
    #expect(try accepted(try decided(Sample.request(5, later, sending: [.system]), hashes: held)).changed == [.system])
  }

  @Test("The last number with other content, an older and a later one are refused", arguments: [6, 7, 9, 1] as [Int64])
  func order(sequence: Int64) throws {
    let last = KnownState.Last(sequence: 7, digest: Digest.sha256([7]), reply: StoredReply(bytes: [1]))
    let request = Sample.request(sequence, Sample.facts())
    do {
      _ = try decided(request, last: last)
      Issue.record("accepted \(sequence)")
    } catch let error as CheckInError {
      #expect(error.kind == .staleSequence && error.expectedSequence == 8)
    }
    #expect(try accepted(try decided(Sample.request(8, Sample.facts()), last: last)).reply.sequence == 8)
  }

  @Test("A certificate is renewed from 70 to 90 % of its life, by the device, and by active keys alone")
  func renewal() throws {
    func share(_ device: DeviceID, _ percent: Int64) -> Bool {
      let begins = Instant(seconds: 0)
      return CheckInPolicy.renewalIsDue(
        device: device, notBefore: begins, notAfter: begins.advanced(by: .seconds(100)), now: Instant(seconds: percent))
    }
    let devices = (0..<200).map { DeviceID(random: [UInt8(truncatingIfNeeded: $0), 1, 2, 3, 4, 5, 6, 7, 8, 9]) }
    #expect(devices.allSatisfy { !share($0, 69) && share($0, 90) })
    let half = devices.count { share($0, 80) }
    #expect((60...140).contains(half))
    let late = Self.now.advanced(by: .seconds(85 * 86_400))
    #expect(try accepted(try decided(Sample.request(1, Sample.facts()), now: late)).reply.renew)
    #expect(try !accepted(try decided(Sample.request(1, Sample.facts()), .quarantined, now: late)).reply.renew)
    #expect(try !accepted(try decided(Sample.request(1, Sample.facts()), .restricted, now: late)).reply.renew)
  }

  @Test("Devices come back spread over 60 min ± 20 %, the same all day, later under load")
  func schedule() {
    let policy = CheckInPolicy()
    let all = (0..<1_000).map { number in
      policy.secondsToNext(
        device: DeviceID(random: [UInt8(number % 256), UInt8(number / 256), 2, 3, 4, 5, 6, 7, 8, 9]), now: Self.now,
        soon: false, load: 0)
    }
    #expect(all.allSatisfy { (2880...4320).contains($0) })
    let tenths = Set(all.map { ($0 - 2880) / 144 })
    #expect(tenths.count >= 10)
    func at(_ now: Instant, load: Double = 0) -> Int {
      policy.secondsToNext(device: Self.device, now: now, soon: false, load: load)
    }
    let midnight = Instant(milliseconds: Self.now.milliseconds / 86_400_000 * 86_400_000)
    #expect(at(midnight) == at(midnight.advanced(by: .seconds(86_399))))
    #expect(at(midnight) != at(midnight.advanced(by: .seconds(86_400))))
    #expect(at(midnight, load: 1) >= 2 * at(midnight) - 1)
    #expect(at(midnight, load: .infinity) == at(midnight, load: 1))
  }

  @Test("The quick encoding of a reply is the codec's, byte by byte")
  func encoding() throws {
    for standing in [CheckInReply.Standing.active, .restricted, .quarantined, .pending] {
      for want in [[], [FactSection.software], FactSection.allCases] {
        for notice in [nil, "Bring it \"back\"\n"] {
          let reply = CheckInReply(
            sequence: 12, time: Self.now, nextCheckInSeconds: 3600, standing: standing, want: want,
            renew: want.isEmpty && notice != nil, notice: notice, unknownSections: want.count)
          #expect(try ReplyEncoding.encode(reply) == WireCodec.encode(reply))
          let stored = try StoredReply(reply)
          #expect(try StoredReply(bytes: stored.bytes).sent() == WireCodec.encode(reply))
          #expect((stored.bytes.count < 30) == (standing == .active && want.isEmpty && notice == nil && !reply.renew))
        }
      }
    }
  }

  @Test("A stored answer that cannot be read back is a fault of its own", arguments: ["", "1 2", "1 2 3 4", "a 2 3"])
  func damagedReply(text: String) {
    #expect { try StoredReply(bytes: [1] + Array(text.utf8)).sent() } throws: {
      ($0 as? CheckInError)?.kind == .damaged
    }
  }

  @Test("Packed hashes are read back, and nothing else is")
  func hashes() {
    let hashes = SectionHashes(Sample.request(1, Sample.facts()).hashes)
    #expect(SectionHashes(packed: hashes.packed) == hashes)
    #expect(hashes.sections == FactSection.allCases)
    #expect(SectionHashes(packed: []) == SectionHashes.none)
    #expect(SectionHashes(packed: Array(hashes.packed.dropLast())) == nil)
    #expect(SectionHashes(packed: Array(hashes.packed[33..<66] + hashes.packed[0..<33])) == nil)
    #expect(SectionHashes(packed: [UInt8](repeating: 0, count: 33)) == nil)
    #expect(SectionHashes(packed: Array(hashes.packed[0..<33] + hashes.packed[0..<33])) == nil)
  }
}
