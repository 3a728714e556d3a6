import Registry
import Serving
import Testing
import Vocabulary

@testable import Enrollment

@Suite("The decision on an enrolment")
struct DecisionTests {
  static let now = World.start
  static let key = Digest.sha256([1])
  static let otherKey = Digest.sha256([2])
  static let device = DeviceID(rawValue: "dev_0123456789abcdef")!
  static let otherDevice = DeviceID(rawValue: "dev_fedcba9876543210")!
  static let serial = Serial("PF3ABCDE")!

  /// A known, listed machine without a key, and a token with a use left.
  static func question(_ change: (inout EnrollmentQuestion) -> Void = { _ in }) -> EnrollmentQuestion {
    var question = EnrollmentQuestion(
      token: token(), key: key, identity: ClaimedIdentity(serial: serial), earlier: nil, waiting: nil, holder: nil,
      recognition: .known(KnownDevice(id: device, keys: [], stage: nil)), unknownSerials: .refuse, now: now)
    change(&question)
    return question
  }

  static func token(
    serials: Set<Serial>? = nil, expiresIn: Duration = .seconds(3600), uses: Int = 10, used: Int = 0,
    allowUnidentified: Bool = false, revoked: Bool = false
  ) -> EnrollmentToken {
    EnrollmentToken(
      id: .random(), district: World.cedar, batch: World.batch, serials: serials, createdAt: now,
      expiresAt: now.advanced(by: expiresIn), uses: uses, used: used, allowUnidentified: allowUnidentified,
      revokedAt: revoked ? now : nil)
  }

  static func known(_ states: [(Digest, KeyState)], stage: Stage? = .enrolled) -> Recognition {
    .known(KnownDevice(id: device, keys: states.map { .init(digest: $0.0, state: $0.1) }, stage: stage))
  }

  static func holder(_ device: DeviceID, in district: DistrictID = World.cedar, _ state: KeyState = .active) -> KnownKey
  {
    KnownKey(key: key, district: district, device: device, state: state)
  }

  private func refused(_ kind: EnrollmentError.Kind, _ change: (inout EnrollmentQuestion) -> Void) {
    #expect(throws: EnrollmentError(kind, "")) { try decide(Self.question(change)) }
  }

  private func decided(_ decision: EnrollmentDecision, _ change: (inout EnrollmentQuestion) -> Void = { _ in }) throws {
    #expect(try decide(Self.question(change)) == decision)
  }

  @Test("A known machine with a usable token gets a certificate")
  func issues() throws { try decided(.issue(Self.device)) }

  @Test("The same key gets the same certificate again: used up, expired, and for other serials alike")
  func again() throws {
    let earlier = EarlierIssue(certificate: [1, 2, 3], notAfter: Self.now.advanced(by: .seconds(1)))
    for token in [
      Self.token(), Self.token(uses: 1, used: 1), Self.token(expiresIn: .seconds(-1)),
      Self.token(serials: [Serial("OTHER1")!]),
    ] {
      try decided(.again([1, 2, 3])) {
        $0.earlier = earlier
        $0.token = token
        $0.recognition = .ambiguous
      }
    }
  }

  @Test("A certificate that has ended is not given again; the token's rules hold")
  func againOnlyInDate() throws {
    let ended = EarlierIssue(certificate: [1], notAfter: Self.now)
    try decided(.issue(Self.device)) { $0.earlier = ended }
    refused(.tokenUsedUp) {
      $0.earlier = ended
      $0.token = Self.token(uses: 1, used: 1)
    }
  }

  @Test("Who was approved, and whose serial got a key elsewhere since, waits for a person whatever became of the token")
  func contested() throws {
    for token in [Self.token(), Self.token(expiresIn: .seconds(-1)), Self.token(uses: 1, used: 1)] {
      let question = Self.question { ($0.token, $0.waiting, $0.recognition) = (token, .contested, .ambiguous) }
      #expect(try decide(question) == .wait(.contested))
    }
    // The key itself has its certificate elsewhere: that is told at once.
    refused(.keyTaken) {
      $0.waiting = .contested
      $0.holder = Self.holder(Self.otherDevice, in: World.river)
    }
  }

  @Test("A token that is revoked, expired or used up brings nothing")
  func deadTokens() {
    refused(.tokenRevoked) {
      $0.token = Self.token(revoked: true)
      $0.earlier = EarlierIssue(certificate: [1], notAfter: Self.now.advanced(by: .seconds(1)))
    }
    refused(.tokenExpired) { $0.token = Self.token(expiresIn: .zero) }
    refused(.tokenUsedUp) { $0.token = Self.token(uses: 3, used: 3) }
  }

  @Test("A token for some serials serves those alone")
  func boundToken() throws {
    let bound = Self.token(serials: [Self.serial])
    try decided(.issue(Self.device)) { $0.token = bound }
    for identity in [ClaimedIdentity(serial: Serial("OTHER1")), ClaimedIdentity()] {
      refused(.tokenSerial) {
        $0.token = bound
        $0.identity = identity
      }
    }
  }

  @Test("A revoked key gets nothing, not even its old certificate")
  func revokedKey() {
    refused(.keyRevoked) {
      $0.holder = Self.holder(Self.device, .revoked)
      $0.earlier = EarlierIssue(certificate: [1], notAfter: Self.now.advanced(by: .seconds(1)))
    }
  }

  @Test("A key of another device or another district is refused: a disk was cloned", arguments: [0, 1, 2, 3])
  func clonedKey(which: Int) {
    refused(.keyTaken) {
      $0.holder =
        which == 0 ? Self.holder(Self.device, in: World.river) : Self.holder(Self.otherDevice)
      if which == 2 { $0.recognition = .unknown }
      if which == 3 { $0.recognition = .ambiguous }
    }
  }

  @Test(
    "The same serial with another key quarantines both, whatever the other's state but revoked",
    arguments: KeyState.allCases)
  func collision(state: KeyState) throws {
    try decided(state == .revoked ? .issue(Self.device) : .quarantine(Self.device)) {
      $0.recognition = Self.known([(Self.otherKey, state)])
    }
  }

  @Test("The device's own key, known already, is served again by another token")
  func ownKey() throws {
    try decided(.issue(Self.device)) {
      $0.recognition = Self.known([(Self.key, .active)])
      $0.holder = Self.holder(Self.device)
    }
  }

  @Test("After hand-off no token opens the device", arguments: Stage.allCases)
  func handedOver(stage: Stage) throws {
    let open: Set<Stage> = [.ordered, .received, .enrolled, .imaged, .configured]
    if open.contains(stage) {
      try decided(.issue(Self.device)) { $0.recognition = Self.known([], stage: stage) }
    } else {
      refused(.handedOver) { $0.recognition = Self.known([], stage: stage) }
      refused(.handedOver) {
        $0.recognition = Self.known([(Self.otherKey, .active)], stage: stage)
      }
    }
  }

  @Test("An unknown serial waits or is refused, as the district says")
  func unknownSerial() throws {
    refused(.unknownSerial) { $0.recognition = .unknown }
    try decided(.wait(.unknownSerial)) {
      $0.recognition = .unknown
      $0.unknownSerials = .pending
    }
    refused(.unknownSerial) {
      $0.recognition = .unknown
      $0.token = Self.token(allowUnidentified: true)
    }
  }

  @Test("A machine without identity waits, unless its token allows it to be known by its key")
  func noIdentity() throws {
    for policy in [District.UnknownSerials.refuse, .pending] {
      try decided(.wait(.noIdentity)) {
        $0.identity = ClaimedIdentity()
        $0.recognition = .unknown
        $0.unknownSerials = policy
      }
    }
    try decided(.issueToUnidentified) {
      $0.identity = ClaimedIdentity()
      $0.recognition = .unknown
      $0.token = Self.token(allowUnidentified: true)
    }
  }

  @Test("Contradictory marks wait for a person, whatever the token allows")
  func ambiguous() throws {
    for allow in [false, true] {
      try decided(.wait(.ambiguousIdentity)) {
        $0.recognition = .ambiguous
        $0.token = Self.token(allowUnidentified: allow)
      }
    }
  }

  @Test("A person's approval stands above the token's limits, and below hand-off, collision and revocation")
  func approval() throws {
    let approved = KnownDevice(id: Self.device, keys: [], stage: nil)
    for token in [Self.token(uses: 1, used: 1), Self.token(expiresIn: .seconds(-1))] {
      try decided(.issue(Self.device)) {
        $0.waiting = .approved(approved)
        $0.recognition = .unknown
        $0.token = token
      }
    }
    try decided(.quarantine(Self.device)) {
      $0.waiting = .approved(
        KnownDevice(id: Self.device, keys: [.init(digest: Self.otherKey, state: .active)], stage: nil))
    }
    refused(.handedOver) { $0.waiting = .approved(KnownDevice(id: Self.device, keys: [], stage: .assigned)) }
    refused(.tokenRevoked) {
      $0.waiting = .approved(approved)
      $0.token = Self.token(revoked: true)
    }
  }

  @Test("A person's rejection refuses the key; waiting changes nothing")
  func rejection() throws {
    refused(.rejected) { $0.waiting = .rejected }
    for waiting in [PendingDecision.waiting, .issued] { try decided(.issue(Self.device)) { $0.waiting = waiting } }
  }
}

@Suite("A token's secret")
struct TokenSecretTests {
  @Test("is read from the printed form or alone, and from nothing else")
  func presented() throws {
    let secret = TokenSecret.random()
    let printed = secret.printed(root: Digest.sha256([1]))
    #expect(printed.split(separator: ".").map(\.count) == [4, 43, 43])
    #expect(TokenSecret(presented: printed) == secret)
    #expect(TokenSecret(presented: secret.text) == secret)
    for text in [
      "", "rct1", "rct2.\(secret.text).x", "\(secret.text).x", secret.text + "A", String(secret.text.dropLast()) + "=",
      "rct1..x",
    ] {
      #expect(TokenSecret(presented: text) == nil)
    }
  }

  @Test("has the base64url of the root's digest beside it")
  func pinned() {
    let zero = Digest(bytes: [UInt8](repeating: 0xff, count: 32))!
    #expect(TokenSecret.random().printed(root: zero).hasSuffix("." + String(repeating: "_", count: 42) + "8"))
  }
}

@Suite("Error codes of enrolment")
struct ErrorCodeTests {
  @Test("stay as programs know them")
  func stable() {
    let codes = EnrollmentError.Kind.allCases.map(\.rawValue).sorted()
    #expect(
      codes == [
        "enroll.another-device", "enroll.asks-for-ca", "enroll.authority", "enroll.authority-exists",
        "enroll.authority-expired",
        "enroll.bad-signature", "enroll.batch-exists", "enroll.faults", "enroll.file", "enroll.foreign-name",
        "enroll.handed-over",
        "enroll.identity-mismatch", "enroll.key-revoked", "enroll.key-taken", "enroll.label",
        "enroll.malformed-request",
        "enroll.needs-device", "enroll.not-pending", "enroll.rejected", "enroll.serial-duplicate",
        "enroll.serial-elsewhere",
        "enroll.serial-enrolled", "enroll.serial-malformed", "enroll.serial-placeholder", "enroll.serial-unlisted",
        "enroll.token", "enroll.token-expired",
        "enroll.token-request",
        "enroll.token-revoked", "enroll.token-serial", "enroll.token-used-up", "enroll.too-many-extensions",
        "enroll.too-many-failures", "enroll.too-many-keys", "enroll.too-soon",
        "enroll.unknown-serial", "enroll.unknown-signature", "enroll.weak-key",
      ])
  }
}
