import AgentTransport
import Glibc

/// Holds the state folder for one process; released when it goes, even killed.
final class FolderLock {
  private let file: Int32

  /// - Throws: `agent.busy`, `agent.file-unwritable`.
  init(_ folder: StateFolder) throws(AgentError) {
    let path = folder.path + "/lock"
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      let advice = errno == EACCES ? " Run as root, or as the folder's owner (rollcall-agent for the service's)." : ""
      throw AgentError(.fileUnwritable, "Cannot open \(path): \(String(cString: strerror(errno))).\(advice)")
    }
    AtomicFiles.giveToOwner(ofFolder: folder.path, file)
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      close(file)
      throw AgentError(
        .busy,
        "Another rollcall-agent works in \(folder.path). Is the service running? 'systemctl reload rollcall-agent' makes it check in now."
      )
    }
  }

  deinit { close(file) }
}
