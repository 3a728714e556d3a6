import Foundation

/// One process at a time on a state folder: a second would not see the revocations of the first.
///
/// Source: flock(2). The kernel lets go of the lock when the process ends, however it ends.
struct StateLock: ~Copyable {
  static let name = "lock"
  private let descriptor: Int32

  /// - Throws: `config.state` where another process holds the folder, or it cannot be written.
  init(_ state: StateFolder) throws {
    let path = "\(state.path)/\(Self.name)"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw ConfigurationError(.state, "\(path) cannot be written: \(String(cString: strerror(errno))).")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw ConfigurationError(.state, "Another rollcalld works on \(state.path). Stop it first.")
    }
  }

  deinit { close(descriptor) }
}
