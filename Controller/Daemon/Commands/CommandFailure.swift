import ArgumentParser
import Foundation
import Vocabulary

/// How a command that fails says so: one line with the words and the code on standard error, exit code 1.
enum CommandFailure {
  static func reported(_ body: () async throws -> Void) async throws {
    // What is written is for this user alone, unless a file says otherwise.
    umask(0o077)
    do {
      try await body()
    } catch let error as any CodedError {
      StandardError.write("rollcalld: \(error.message) [\(error.code)]\n")
      throw ExitCode(1)
    }
  }
}

/// The controller's clock; everything below the programs is given the time.
enum SystemClock {
  static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
