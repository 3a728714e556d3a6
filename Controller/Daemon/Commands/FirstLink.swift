import Access
import Enrollment
import Foundation
import Logging
import Synchronization
import Vocabulary

/// The one-time link of a first run, by which the first administrator sets a password at a browser.
///
/// It is kept in the state folder for its owner alone before it counts, and printed by `init`; `serve`, whose output others
/// may read, only says where it is.
enum FirstLink {
  /// Makes it, where nobody administers with a password yet and no link waits.
  ///
  /// - Returns: for `init`, what to do with it; nil where there was none to make.
  static func make(_ controller: Controller, _ settings: ControllerSettings, now: Instant) async throws -> String? {
    let isKept = Mutex(false)
    let made = try await controller.makeFirstLink(now: now) { link in
      try DurableFile.write(address(link, settings) + "\n", to: settings.state.adminLink, mode: 0o600)
      isKept.withLock { $0 = true }
    }
    guard let made else {
      // Another controller made one meanwhile: what was kept here never counted.
      if isKept.withLock({ $0 }) { try FileManager.default.removeItem(atPath: settings.state.adminLink) }
      return nil
    }
    return """
      Set the password of '\(made.login)' at a browser, once, within 24 hours of now:
        \(address(made, settings))
      It is also in \(settings.state.adminLink) (0600).
      """
  }

  /// As people reach the controller by its first name.
  private static func address(_ link: OneTimeLink, _ settings: ControllerSettings) -> String {
    let name = settings.names.first { !$0.hasPrefix("*") } ?? "localhost"
    let host = name.contains(":") ? "[\(name)]" : name
    return link.address(settings.people.port == 443 ? host : "\(host):\(settings.people.port)")
  }

  /// At each start: a database of before, whose administrators had tokens alone, gets one too. A database that takes no
  /// changes now is no reason not to serve.
  static func makeWhereNeeded(_ controller: Controller, _ settings: ControllerSettings, _ logger: Logger) async {
    do {
      guard try await make(controller, settings, now: SystemClock.now) != nil else { return }
    } catch {
      logger.error(
        "the first administrator's link could not be made", metadata: ["error": "\(FaultWords.of(error))"])
      return
    }
    logger.notice(
      "nobody administers with a password yet; a one-time link that sets one is in a file",
      metadata: ["file": "\(settings.state.adminLink)"])
  }
}
