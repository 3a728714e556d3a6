import Glibc

/// Signals as events: blocked in every thread, taken only while the agent waits.
enum Signals {
  enum Event: Equatable {
    /// The time is over.
    case elapsed
    /// SIGHUP: check in now.
    case checkIn
    /// SIGTERM or SIGINT: end cleanly.
    case terminate
  }

  /// To be called before the first thread begins.
  static func block() {
    var set = ours
    pthread_sigmask(SIG_BLOCK, &set, nil)
    signal(SIGPIPE, SIG_IGN)
  }

  /// Whether somebody asked the agent to end; the signal stays for ``wait(_:)``.
  static var isTerminating: Bool {
    var set = sigset_t()
    guard sigpending(&set) == 0 else { return false }
    return sigismember(&set, SIGTERM) == 1 || sigismember(&set, SIGINT) == 1
  }

  static func wait(_ time: Duration) -> Event {
    var set = ours
    let (seconds, attoseconds) = time.components
    var limit = timespec(tv_sec: Int(max(0, seconds)), tv_nsec: Int(max(0, attoseconds / 1_000_000_000)))
    switch sigtimedwait(&set, nil, &limit) {
    case SIGHUP: return .checkIn
    case SIGTERM, SIGINT: return .terminate
    default: return .elapsed
    }
  }

  private static var ours: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
    return set
  }
}
