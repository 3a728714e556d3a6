import Enrollment
import Logging
import NIOSSL
import ServiceLifecycle
import Serving
import Storage
import UnixSignals
import Vocabulary

/// On SIGHUP, and once a day, reads the authority anew with its former issuers, renews what ends soon or is of a former
/// issuer, and reads the listeners' certificates anew. Open connections stay; where a file cannot be used, everything
/// stays as it was and the log says why.
struct CertificateReload: Service {
  let controller: Controller
  let settings: ControllerSettings
  let shared: SharedKeys?
  let people: TLSContextBox
  let devices: TLSContextBox
  let manager: ServiceManager
  let logger: Logger
  /// One reading of the files at a time: signals, changes of other controllers and the daily one may meet.
  private let turn = Turn()

  init(
    controller: Controller, settings: ControllerSettings, shared: SharedKeys?, people: TLSContextBox,
    devices: TLSContextBox, manager: ServiceManager, logger: Logger
  ) {
    (self.controller, self.settings, self.shared) = (controller, settings, shared)
    (self.people, self.devices, self.manager, self.logger) = (people, devices, manager, logger)
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          for await _ in await UnixSignalsSequence(trapping: .sighup) { await reload() }
        }
        group.addTask {
          while (try? await Task.sleep(for: .seconds(86_400))) != nil { await reload() }
        }
        await group.waitForAll()
      }
    }
  }

  /// - Returns: whether what is in use now is what the files hold.
  @discardableResult
  func reload() async -> Bool { await turn.taken { await reloadAlone() } }

  private func reloadAlone() async -> Bool {
    let authority = controller.authority
    manager.reloading()
    defer { manager.ready() }
    do {
      // Before others hear of it, it is known to be usable here.
      try authority.require(successor: AuthorityFiles(folder: settings.state.authorityFolder).load())
      var hasGiven = false
      do { hasGiven = try await shared?.agree() ?? false } catch let error as StorageError {
        logger.error("the other controllers' keys could not be asked for", metadata: ["error": "\(error.message)"])
      }
      let next = try AuthorityFiles(folder: settings.state.authorityFolder).load()
      try authority.require(successor: next)
      try ServerIdentities.refresh(next, settings, now: SystemClock.now, logger: logger)
      let peopleContext = try ServerIdentities.peopleContext(settings)
      let devicesContext = try ServerIdentities.devicesContext(settings, next)
      let trust = try ServerIdentities.trust(next)
      people.replace(peopleContext)
      // Before anything is signed by the new issuer, the listener trusts it.
      devices.replace(devicesContext, trust: trust)
      // The other controllers too: a certificate is signed when each of them has had time to hear of its issuer.
      if hasGiven { try await Task.sleep(for: SharedFollower.interval * 3) }
      try authority.replace(by: next)
      await controller.recordAuthority(now: SystemClock.now, logger: logger)
      logger.notice(
        "certificates were read anew",
        metadata: ["issuer": "\(next.name)", "until": "\(next.notAfter)", "former": "\(next.former.count)"])
      return true
    } catch {
      logger.error(
        "certificates could not be read; the old ones stay in use", metadata: ["error": "\(FaultWords.of(error))"])
      return false
    }
  }
}
