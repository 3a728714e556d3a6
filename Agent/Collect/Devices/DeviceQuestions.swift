/// What only a device or the running system itself can answer, not a file: the seam between trees and machines.
package protocol DeviceQuestions: Sendable {
  /// The 512 bytes of an NVMe disk's health page. Source: NVM Express base specification, log page 02h
  func healthPage(ofDisk name: String) throws(DeviceFault) -> [UInt8]
  /// The six bytes burnt into a network adapter. Source: ethtool ETHTOOL_GPERMADDR
  func permanentAddress(ofAdapter name: String) throws(DeviceFault) -> [UInt8]
  /// The room on the file system mounted at `mount`, if it is the one on `device`. Source: statvfs(3)
  func space(at mount: String, on device: DeviceNumber) throws(DeviceFault) -> Space
  /// Names of the units in the failed state; nil where no systemd runs. Source: org.freedesktop.systemd1
  func failedUnits() throws(DeviceFault) -> [String]?
  /// As `uname -m` says. Source: uname(2)
  func architecture() throws(DeviceFault) -> String
}

/// Why a device did not answer.
package struct DeviceFault: Error, Hashable, Sendable {
  package let reason: String
  package init(_ reason: String) { self.reason = reason }
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

/// A tree that is not this machine's: its devices are not here.
struct SilentDevices: DeviceQuestions {
  private let absent = DeviceFault("asked only on the machine itself")
  func healthPage(ofDisk name: String) throws(DeviceFault) -> [UInt8] { throw absent }
  func permanentAddress(ofAdapter name: String) throws(DeviceFault) -> [UInt8] { throw absent }
  func space(at mount: String, on device: DeviceNumber) throws(DeviceFault) -> Space { throw absent }
  func failedUnits() throws(DeviceFault) -> [String]? { throw absent }
  func architecture() throws(DeviceFault) -> String { throw absent }
}
