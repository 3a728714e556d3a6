import AgentCollect
import AgentTransport
import Glibc
import Vocabulary
import Wire

/// `measure`: what only root is told, written down for the agent that reports. Speaks to nobody.
enum MeasureCommand {
  static let command = Command(
    name: "measure",
    summary: "as root, asks disks for their health and counts updates; writes /\(Measurements.folder) for the service",
    options: [
      Option(
        "root", "DIR",
        "reads the machine's files below DIR, and writes below it too: DIR/\(Measurements.path) (default /)")
    ],
    examples: [
      ("rollcall-agent measure", "writes /\(Measurements.path); needs no controller and no network"),
      ("rollcall-agent measure --root /mnt/image", "writes /mnt/image/\(Measurements.path), and nothing elsewhere"),
    ],
    run: { arguments in
      let measured = try measure(root: arguments.values["root"] ?? "/", at: ClockReading.now.system)
      Program.output(words(measured))
      return .done
    })

  /// - Throws: `agent.busy`, `agent.file-unwritable`.
  static func measure(root: String, at now: Instant, files: AtomicFiles = AtomicFiles()) throws -> Measurements {
    let base = root.hasSuffix("/") ? String(root.dropLast()) : root
    let folder = base + "/" + Measurements.folder
    // The unit's runtime folder, or tmpfiles.d, makes it before and gives it to the service's group.
    try files.makeFolder(folder, mode: 0o750)
    let lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard lock >= 0 else {
      throw AgentError(.fileUnwritable, "Cannot open \(folder): \(String(cString: strerror(errno))).")
    }
    defer { close(lock) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      throw AgentError(.busy, "Another rollcall-agent measures already.")
    }
    let result = Measurer(root: root).measure(at: now)
    // The folder keeps others out, so that the file need not.
    try files.write(WireCodec.encode(result), to: base + "/" + Measurements.path, mode: 0o644)
    return result
  }

  static func words(_ measured: Measurements) -> String {
    var text = ""
    for disk in measured.disks {
      let verdict = disk.health.map { $0.healthy == false ? "says that it is failing" : "measured" }
      text += "Disk \(disk.name): \(verdict ?? disk.reason ?? "not measured")\n"
    }
    let updates = measured.updates.count.map { "\($0) wait" } ?? measured.updates.reason ?? "not counted"
    return text + "Updates: \(updates)\n"
  }
}
