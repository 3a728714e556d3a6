import Foundation
import ProcessSupport

/// A disk of some MiB that nobody sees but who looks from inside: a tmpfs in a mount namespace of its own, which goes with the
/// process that holds it, and so with the tests.
struct SmallDisk: Sendable {
  let folder: String
  private let holder: Int
  private let life: LastingProcess

  /// Words before a command that see the disk.
  var inside: [String] { ["nsenter", "--target", "\(holder)", "--mount", "--"] }

  init(_ folder: String, mebibytes: Int, owner: uid_t, group: gid_t) throws {
    self.folder = folder
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let script = """
      mount -t tmpfs -o size=\(mebibytes)m,mode=755,uid=\(owner),gid=\(group) none '\(folder)' || exit 1
      echo $$ > '\(folder).holder.new' && mv '\(folder).holder.new' '\(folder).holder'
      cat > /dev/null
      """
    life = try LastingProcess(
      script: "exec unshare --mount --propagation private -- /bin/bash -c \"$1\"", [script])
    let found = try PostgresServer.run([
      "/bin/sh", "-c",
      "for i in $(seq 100); do [ -e '\(folder).holder' ] && exec cat '\(folder).holder'; sleep 0.1; done; exit 1",
    ])
    guard let holder = Int(found.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw PostgresServer.Failed(description: "No small disk could be mounted.")
    }
    self.holder = holder
  }

  /// `dd` fails, for the disk is full then.
  func fill() throws {
    try PostgresServer.run(inside + ["/bin/sh", "-c", "! dd if=/dev/zero of='\(folder)/ballast' bs=4096 2> /dev/null"])
  }

  func empty() throws { try PostgresServer.run(inside + ["rm", "-f", folder + "/ballast"]) }
}
