import Access
import Enrollment
import Foundation
import Logging
import Synchronization

/// The one-time link of a first run, by which the first administrator sets a password at a browser.
///
/// It is kept in the state folder for its owner alone before it counts, and printed by `init`; `serve`, whose output others
/// may read, only says where it is.
final class FirstLink: Sendable {
  private let made = Mutex<String?>(nil)

  /// For `init`; nil where there was none to make.
  var words: String? { made.withLock { $0 } }

  func keep(_ link: OneTimeLink, _ settings: ControllerSettings) throws {
    let address = Self.address(link, settings)
    try DurableFile.write(address + "\n", to: settings.state.adminLink, mode: 0o600)
    made.withLock {
      $0 = """
        Set the password of '\(link.login)' at a browser, once, within 24 hours of now:
          \(address)
        It is also in \(settings.state.adminLink) (0600).
        """
    }
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
    let made = FirstLink()
    do {
      try await controller.makeFirstLink(now: SystemClock.now) { try made.keep($0, settings) }
    } catch {
      logger.error(
        "the first administrator's link could not be made", metadata: ["error": "\(FaultWords.of(error))"])
      return
    }
    guard made.words != nil else { return }
    logger.notice(
      "nobody administers with a password yet; a one-time link that sets one is in a file",
      metadata: ["file": "\(settings.state.adminLink)"])
  }
}
