import Enrollment
import Logging
import NIOSSL
import ServiceLifecycle
import Serving
import UnixSignals
import Vocabulary

/// On SIGHUP, and once a day, renews what ends soon and reads the listeners' certificates anew. The issuing CA is the one
/// of the start: a new one takes a restart, for enrolment signs with it. Open connections stay; where a
/// file cannot be used, the old certificate stays in use and the log says why.
struct CertificateReload: Service {
  let settings: ControllerSettings
  let authority: CertificateAuthority
  let people: TLSContextBox
  let devices: TLSContextBox
  let manager: ServiceManager
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          for await _ in await UnixSignalsSequence(trapping: .sighup) { reload() }
        }
        group.addTask {
          while (try? await Task.sleep(for: .seconds(86_400))) != nil { reload() }
        }
        await group.waitForAll()
      }
    }
  }

  func reload() {
    manager.reloading()
    defer { manager.ready() }
    do {
      try ServerIdentities.refresh(authority, settings, now: SystemClock.now)
      let peopleContext = try ServerIdentities.peopleContext(settings)
      let devicesContext = try ServerIdentities.devicesContext(settings, authority)
      let trust = try ServerIdentities.trust(authority)
      people.replace(peopleContext)
      devices.replace(devicesContext, trust: trust)
      logger.notice("certificates were read anew")
    } catch {
      logger.error("certificates could not be read; the old ones stay in use", metadata: ["error": "\(error)"])
    }
  }
}
