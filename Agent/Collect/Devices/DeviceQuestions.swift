/// What only a device or the running system itself can answer, not a file: the seam between trees and machines.
package protocol DeviceQuestions: Sendable {
  /// The 512 bytes of an NVMe disk's health page. Source: NVM Express base specification, log page 02h
  func healthPage(ofDisk name: String) throws(DeviceFault) -> [UInt8]
  /// What an ATA disk tells of its health. Source: ACS-3, SMART feature set
  func smartAnswers(ofDisk name: String) throws(DeviceFault) -> ATAAnswers
  /// The six bytes burnt into a network adapter. Source: ethtool ETHTOOL_GPERMADDR
  func permanentAddress(ofAdapter name: String) throws(DeviceFault) -> [UInt8]
  /// The room on the file system mounted at `mount`, if it is the one on `device`. Source: statvfs(3)
  func space(at mount: String, on device: DeviceNumber) throws(DeviceFault) -> Space
  /// Names of the units in the failed state; nil where no systemd runs. Source: org.freedesktop.systemd1
  func failedUnits() throws(DeviceFault) -> [String]?
  /// How long the start of the system took; nil where no systemd runs. Source: org.freedesktop.systemd1
  func bootTimes() throws(DeviceFault) -> BootTimes?
  /// As `uname -m` says. Source: uname(2)
  func architecture() throws(DeviceFault) -> String
}

/// Why a device did not answer.
package struct DeviceFault: Error, Hashable, Sendable {
  package let reason: String
  package init(_ reason: String) { self.reason = reason }

  /// Reading it would spin the disk up.
  static let asleep = DeviceFault("the disk sleeps and is not woken for this")
}

/// An ATA disk's answers, unread.
package struct ATAAnswers: Hashable, Sendable {
  /// 512 bytes. Source: SMART READ DATA
  package var data: [UInt8]
  /// The disk's own verdict; nil where it gives none. Source: SMART RETURN STATUS
  package var isFailing: Bool?
  /// 512 bytes; nil where the disk keeps no such log. Source: READ LOG EXT, log 04h, page 07h
  package var endurance: [UInt8]?

  package init(data: [UInt8], isFailing: Bool? = nil, endurance: [UInt8]? = nil) {
    self.data = data
    self.isFailing = isFailing
    self.endurance = endurance
  }
}

/// A block device by the kernel's numbers.
package struct DeviceNumber: Hashable, Sendable, CustomStringConvertible {
  package let major: UInt32
  package let minor: UInt32

  package init(major: UInt32, minor: UInt32) {
    self.major = major
    self.minor = minor
  }

  package var description: String { "\(major):\(minor)" }
}

/// The size of a file system and what is free to unprivileged users, in bytes.
package struct Space: Hashable, Sendable {
  package let total: Int64
  package let available: Int64

  package init(total: Int64, available: Int64) {
    self.total = total
    self.available = available
  }
}

/// A start of the system, in microseconds.
package struct BootTimes: Hashable, Sendable {
  /// From the firmware's beginning to the kernel's; 0 where the firmware does not tell.
  package let firmware: UInt64
  /// From the kernel's beginning until everything was started; 0 until then.
  package let finished: UInt64

  package init(firmware: UInt64, finished: UInt64) {
    self.firmware = firmware
    self.finished = finished
  }
}

/// A tree that is not this machine's: its devices are not here, but for a file system that is mounted in the tree itself.
struct SilentDevices: DeviceQuestions {
  let root: String
  private let absent = DeviceFault("asked only on the machine itself")
  func healthPage(ofDisk name: String) throws(DeviceFault) -> [UInt8] { throw absent }
  func smartAnswers(ofDisk name: String) throws(DeviceFault) -> ATAAnswers { throw absent }
  func permanentAddress(ofAdapter name: String) throws(DeviceFault) -> [UInt8] { throw absent }
  func space(at mount: String, on device: DeviceNumber) throws(DeviceFault) -> Space {
    guard let space = try? LiveDevices.space(of: root + mount, only: device) else { throw absent }
    return space
  }
  func failedUnits() throws(DeviceFault) -> [String]? { throw absent }
  func bootTimes() throws(DeviceFault) -> BootTimes? { throw absent }
  func architecture() throws(DeviceFault) -> String { throw absent }
}
