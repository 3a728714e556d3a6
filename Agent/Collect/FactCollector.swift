package import Wire

/// Reads what this machine is and how it is, from the kernel and the package database.
///
/// Nothing is spawned and nothing is changed. Every read has a bound, and what cannot be read is named with its reason.
package struct FactCollector: Sendable {
  private let root: String
  private let devices: any DeviceQuestions

  /// Reads below `root`; devices themselves are asked only where that is the machine's own.
  package init(root: String = "/") {
    self.init(root: root, devices: root == "/" ? LiveDevices() : SilentDevices(root: root))
  }

  /// Reads below `root`, with devices that answer as a test wishes.
  package init(root: String, devices: any DeviceQuestions) {
    self.root = root
    self.devices = devices
  }

  /// Everything, as it is now.
  ///
  /// - Parameter previousClockOffset: this clock minus the controller's at the last contact, in milliseconds.
  package func collect(previousClockOffset: Int64? = nil) -> Facts {
    let tree = Tree(root: root)
    let mounts = tree.mounts()
    let adapters = tree.adapters(devices)
    let disks = tree.disks()
    var facts = Facts()
    facts.identity = tree.identity(adapters)
    facts.hardware = tree.hardware(disks: disks, adapters: adapters, devices)
    var system = tree.system(mounts, devices)
    facts.vitals = tree.vitals(
      disks: disks, adapters: adapters, mounts: mounts, measured: tree.measured(writtenBy: tree.trusted), devices)
    facts.vitals?.clockOffsetMilliseconds = previousClockOffset
    facts.software = tree.software(&system)
    facts.system = system
    return facts
  }
}
