import Logging
import Storage
import Synchronization
import Testing

@testable import rollcalld

@Suite("A database that is away at the start")
struct DatabasePatienceTests {
  private func settings(server: Bool) throws -> ControllerSettings {
    try ControllerSettings(
      SettingSources(
        file: nil, environment: [:], flags: server ? [.database: "postgres://rollcall@localhost/rollcall"] : [:]))
  }

  @Test("It is asked again, longer apart each time, whatever step of the start it was missed at")
  func again() async throws {
    let asked = Mutex(0)
    let pauses = Mutex<[Int]>([])
    let patience = DatabasePatience(try settings(server: true), manager: nil, logger: Logger(label: "test")) {
      seconds in
      pauses.withLock { $0.append(seconds) }
    }
    let kinds: [StorageError.Kind] = [
      .unavailable, .full, .unknown, .unavailable, .unavailable, .unavailable, .unavailable,
    ]
    let found = try await patience.whileAway {
      let turn = asked.withLock { count in
        count += 1
        return count
      }
      if turn <= kinds.count { throw StorageError(kinds[turn - 1], "away") }
      return "here"
    }
    #expect(found == "here")
    #expect(pauses.withLock { $0 } == [1, 2, 4, 8, 16, 30, 30])
  }

  @Test("What waiting does not mend is told at once, and so is all of a file")
  func atOnce() async throws {
    for (server, kind) in [(true, StorageError.Kind.newerSchema), (false, .unavailable), (false, .full)] {
      let patience = DatabasePatience(try settings(server: server), manager: nil, logger: Logger(label: "test")) { _ in
        Issue.record("it waited")
        throw CancellationError()
      }
      await #expect(throws: StorageError.self) {
        try await patience.whileAway { throw StorageError(kind, "so it is") }
      }
    }
  }
}
