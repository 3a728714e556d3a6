import AgentCollect
import AgentTransport
import CurlClient
import Glibc
import Vocabulary
import Wire

/// The agent of one state folder, wired together; one at a time works on it.
struct Agent {
  let configuration: Configuration
  let log: Log
  let store: IdentityStore
  let file: StateFile
  let make: ExchangeMaker
  let collect: (Int64?) -> Facts

  init(
    _ configuration: Configuration, log: Log, files: AtomicFiles = AtomicFiles(),
    make: @escaping ExchangeMaker = Agent.overNetwork, collect: ((Int64?) -> Facts)? = nil
  ) {
    self.configuration = configuration
    self.log = log
    self.make = make
    store = IdentityStore(folder: configuration.stateFolder, files: files, keyURI: configuration.keyURI)
    file = StateFile(folder: configuration.stateFolder, files: files)
    let root = configuration.root
    self.collect = collect ?? { FactCollector(root: root).collect(previousClockOffset: $0) }
  }

  static let overNetwork: ExchangeMaker = { (trust, identity) throws(TransferError) in
    let client = try Client(trust: trust, identity: identity, agentName: "rollcall-agent/\(Release.version)")
    client.shouldStop = { Signals.isTerminating }
    return client
  }

  /// The address from the configuration, or the one of the enrolment.
  ///
  /// - Throws: ``ConfigurationError``.
  func address() throws -> String {
    if let address = try configuration.controller ?? storedAddress() { return address }
    throw ConfigurationError(
      message: "No controller is named. Give --controller URL, or 'controller = URL' in \(Configuration.standardFile).")
  }

  /// The address of the enrolment.
  func storedAddress() throws -> String? {
    let path = configuration.stateFolder.controller
    guard let stored = try store.files.read(path, limit: 4096) else { return nil }
    let text = String(decoding: stored.prefix { $0 > 0x20 }, as: UTF8.self)
    return try Configuration.address(text, at: path)
  }

  func loadState() throws -> AgentState {
    let (state, wasDamaged) = try file.load()
    if wasDamaged { log.warning("state file damaged and set aside", ["path": configuration.stateFolder.damagedState]) }
    return state
  }

  func contact(_ state: inout AgentState) throws -> CheckInReply {
    try Contact(store: store, file: file, address: try address(), make: make, collect: collect, log: log).run(&state)
  }

  /// What `run` does each time: enrolment where there is no certificate yet, and a contact.
  func round(_ state: inout AgentState) throws -> CheckInReply {
    if try store.identity(.current) == nil { try enrollFromFiles(&state) }
    return try contact(&state)
  }

  /// As ``round(_:)``; that it failed is kept, for `status` and `doctor`.
  func contactOnce(_ state: inout AgentState) throws -> CheckInReply {
    do {
      return try round(&state)
    } catch {
      state.count(Failure(error))
      keep(state)
      throw error
    }
  }

  /// Keeps what `status` and `doctor` tell of a failure; where the folder cannot be written, that was the failure already.
  func keep(_ state: AgentState) {
    do { try file.save(state) } catch { log.error("state not stored", ["error": Failure(error).text]) }
  }

  /// What the controller makes of this key now.
  ///
  /// - Throws: `transfer.` codes, ``Refusal`` such as `device.key-revoked`.
  func standing(of identity: DeviceIdentity, _ state: AgentState) throws -> CheckInReply.Standing {
    guard let root = try store.root() else {
      throw AgentError(.notEnrolled, "This device has no pinned root. Run 'rollcall-agent enroll' with a token.")
    }
    return try ControllerLink(
      address: try address(), root: root, identity: identity, clock: state.clock(at: .now), make: make
    ).standing()
  }

  // MARK: - Enrolment

  /// The code of an enrolment that a person has to approve.
  static let pendingCode = "enroll.pending"

  /// Whether there is anything to go on with: a pinned root, or a token.
  func hasBegun() throws -> Bool {
    let folder = configuration.stateFolder
    if configuration.tokenFile != nil { return true }
    return try store.files.read(folder.root) != nil || store.files.read(folder.token, limit: 4096) != nil
  }

  /// One attempt with a token; how it ended is kept, for `status` and `doctor`.
  func enroll(_ token: EnrollmentToken, in slot: IdentityStore.Slot, _ state: inout AgentState) throws
    -> Enroller.Outcome
  {
    let address = try address()
    let enroller = Enroller(store: store, make: make)
    let root = try enroller.root(for: token, at: address)
    let facts = collect(nil)
    let claim = IdentityClaim(facts.identity ?? IdentityFacts(), hostname: facts.system?.hostname)
    let link = try ControllerLink(
      address: address, root: root, identity: nil, clock: state.clock(at: .now), make: make)
    do {
      let outcome = try enroller.enroll(with: token, claim: claim, in: slot, over: link)
      state.keep(link.clock, at: .now)
      if slot == .current {
        if case .pending(let wait) = outcome { state.remember(Failure(try waits(wait))) } else { state.beginAnew() }
      }
      try file.save(state)
      return outcome
    } catch {
      if slot == .current { state.remember(Failure(error)) }
      keep(state)
      throw error
    }
  }

  private func waits(_ wait: Duration) throws -> Refusal {
    let key = try store.keyDigest(.current).map { ", who knows this device by its key \($0.short)" } ?? ""
    return Refusal(
      status: 503, code: ErrorCode(Self.pendingCode),
      message:
        "The enrolment waits for a person at the controller\(key); each contact asks again with the stored token.",
      retryAfter: wait)
  }

  /// What `run` does on a device without a certificate: the token of the configuration, or of an enrolment that waits.
  ///
  /// - Throws: ``Refusal`` while a person has to approve.
  func enrollFromFiles(_ state: inout AgentState) throws {
    let stored = try store.files.read(configuration.stateFolder.token, limit: 4096)
    let given = try configuration.tokenFile.flatMap { $0 == "-" ? nil : $0 }
      .flatMap { path throws(AgentError) in try store.files.read(path, limit: 4096) }
    guard let bytes = given ?? stored else {
      throw AgentError(.notEnrolled, "This device is not enrolled. Run 'rollcall-agent enroll' with a token.")
    }
    let token = try EnrollmentToken(printed: String(decoding: bytes, as: UTF8.self))
    try store.files.makeFolder(configuration.stateFolder.path)
    switch try enroll(token, in: .current, &state) {
    case .issued(let identity):
      log.notice("enrolled", ["device": identity.device?.rawValue ?? "", "notAfter": identity.notAfter.rfc3339])
    case .pending(let wait):
      throw try waits(wait)
    }
  }
}
