internal import CPostgres
internal import NIOPosix
internal import Synchronization

/// Tells the server to let go of what an abandoned session still waits for there.
///
/// A COMMIT that waits for a standby is under no limit of time of the server's, and does not see that its client left: without
/// this, backends would gather until none is free. Best effort: where the request does not reach the server, neither
/// would a second one, and what the session did is answered as not known either way.
///
/// Unchecked: libpq gives each request memory of its own, which is used by one thread after another.
final class CancelRequest: @unchecked Sendable {
  /// libpq waits without limit for a server that takes the request and does not answer, so nobody waits for libpq: there are
  /// as many threads as requests may be under way, and past those a request is left out.
  private static let most = 4
  private static let underWay = Atomic(0)
  private static let threads: NIOThreadPool = {
    let threads = NIOThreadPool(numberOfThreads: most)
    threads.start()
    return threads
  }()

  private let handle: OpaquePointer

  /// nil where the session never was one.
  init?(_ session: OpaquePointer) {
    guard let handle = PQgetCancel(session) else { return nil }
    self.handle = handle
  }

  deinit { PQfreeCancel(handle) }

  /// Returns at once.
  func send() {
    guard Self.underWay.wrappingAdd(1, ordering: .relaxed).oldValue < Self.most else {
      Self.underWay.wrappingSubtract(1, ordering: .relaxed)
      return
    }
    Self.threads.submit { [self] _ in
      var words = [CChar](repeating: 0, count: 256)
      PQcancel(handle, &words, Int32(words.count))
      Self.underWay.wrappingSubtract(1, ordering: .relaxed)
    }
  }
}
