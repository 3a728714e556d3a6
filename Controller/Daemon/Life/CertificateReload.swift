import Enrollment
import Logging
import NIOSSL
import ServiceLifecycle
import Serving
import UnixSignals
import Vocabulary

/// On SIGHUP, and once a day, renews what ends soon and reads the certificates anew. Open connections stay; where a
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
      // The issuing certificate may have been replaced too: agents trust the root alone.
      let authority = try AuthorityFiles(folder: settings.state.authorityFolder).load()
      try ServerIdentities.refresh(authority, settings, now: SystemClock.now)
      let (peopleContext, devicesContext) = (
        try ServerIdentities.peopleContext(settings), try ServerIdentities.devicesContext(settings, authority)
      )
      let trust = try ServerIdentities.trust(authority)
      people.replace(peopleContext)
      devices.replace(devicesContext, trust: trust)
      logger.notice("certificates were read anew")
    } catch {
      logger.error("certificates could not be read; the old ones stay in use", metadata: ["error": "\(error)"])
    }
  }
}
