package import Foundation
import Synchronization

extension Process {
  private static let starting = Mutex(())

  /// `run()`, one process at a time.
  ///
  /// Foundation on Linux hears of a process's end by a socket that the process alone should hold. Two that are started at
  /// once can each inherit the other's, and then the end of the first is not seen before the second has ended too: with a
  /// server that stays, never.
  package func start() throws {
    try Self.starting.withLock { _ in
      // Foundation of Swift 6.3 also copies a whole `dirent` of each entry of /proc/self/fd (mended upstream since): past the end of
      // the 32 KiB that it read, for the last of some 1,360. Where nothing is mapped behind, that is a bad pointer: room here makes it
      // unlikely.
      free(malloc(1 << 16))
      try run()
    }
  }
}
