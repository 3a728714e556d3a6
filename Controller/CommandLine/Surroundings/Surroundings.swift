import CurlClient
import FoundationEssentials
import Glibc
import Vocabulary

/// Everything outside the command: terminal, environment, files, clock, network. Tests put their own in its place.
struct Surroundings: Sendable {
  var console: any Console
  var environment: [String: String]
  var files: any FileAccess
  /// Opens the way to a controller.
  var connect: @Sendable (Endpoint) throws(CommandError) -> any Requesting
  var now: @Sendable () -> Instant
  /// A new `Idempotency-Key`.
  var makeKey: @Sendable () -> String
  var pause: @Sendable (Duration) -> Void

  /// Of ROLLCALL_DISTRICT; one without text says nothing.
  var district: String? { environment["ROLLCALL_DISTRICT"].flatMap { $0.isEmpty ? nil : $0 } }

  @TaskLocal static var current = Surroundings.real

  static let real = Surroundings(
    console: StandardConsole(),
    environment: ProcessInfo.processInfo.environment,
    files: RealFiles(),
    connect: { endpoint throws(CommandError) in try CurlTransport(endpoint) },
    now: {
      var time = timespec()
      clock_gettime(CLOCK_REALTIME, &time)
      return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    },
    makeKey: {
      var generator = SystemRandomNumberGenerator()
      return Base32.encode((0..<20).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    },
    pause: { duration in
      let (seconds, attoseconds) = duration.components
      var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
      var left = timespec()
      while nanosleep(&time, &left) == -1, errno == EINTR { time = left }
    })
}

/// A controller and how to recognise it.
struct Endpoint: Sendable, Equatable {
  /// `https://host:port`, without a slash at its end.
  var server: String
  /// PEM certificates to trust, and no others; nil for those of this machine.
  var authorities: [UInt8]?
}

/// Where output goes.
protocol Console: Sendable {
  /// Columns of the terminal that output goes to; nil where it is none.
  var width: Int? { get }
  /// Whether people watch the error stream.
  var errorIsTerminal: Bool { get }
  func output(_ text: String)
  func error(_ text: String)
  /// The whole standard input, up to 64 KiB.
  func input() -> [UInt8]
  /// Whether standard input is typed by a person.
  var inputIsTerminal: Bool { get }
  /// A line typed without being shown.
  func secretLine(prompt: String) -> String
}

/// The process's own streams.
struct StandardConsole: Console {
  var width: Int? {
    guard isatty(STDOUT_FILENO) == 1 else { return nil }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
  var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }

  func output(_ text: String) { put(text, STDOUT_FILENO) }
  func error(_ text: String) { put(text, STDERR_FILENO) }

  func input() -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 64 << 10 {
      let count = read(STDIN_FILENO, &chunk, chunk.count)
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return bytes
  }

  func secretLine(prompt: String) -> String {
    error(prompt)
    var shown = termios()
    tcgetattr(STDIN_FILENO, &shown)
    var hidden = shown
    hidden.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(STDIN_FILENO, TCSANOW, &hidden)
    defer {
      tcsetattr(STDIN_FILENO, TCSANOW, &shown)
      error("\n")
    }
    return readLine() ?? ""
  }

  private func put(_ text: String, _ descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      // A reader that went away, such as `head`, ends the command as it ends others.
      guard count > 0 else { exit(errno == EPIPE ? 0 : ExitStatus.failure.rawValue) }
      rest = rest.dropFirst(count)
    }
  }
}
