internal import Glibc

/// This machine's own devices, asked by ioctl and system call.
struct LiveDevices: DeviceQuestions {
  func healthPage(ofDisk name: String) throws(DeviceFault) -> [UInt8] { try NVMeCommand.healthPage(ofDisk: name) }

  func smartAnswers(ofDisk name: String) throws(DeviceFault) -> ATAAnswers { try ATACommand.health(ofDisk: name) }

  func permanentAddress(ofAdapter name: String) throws(DeviceFault) -> [UInt8] {
    try EthtoolCommand.permanentAddress(ofAdapter: name)
  }

  /// A mount that another one covers is not on the device that it names: its numbers would be another file system's.
  func space(at mount: String, on device: DeviceNumber) throws(DeviceFault) -> Space {
    var file = stat()
    guard stat(mount, &file) == 0 else { throw DeviceFault(errno: errno, mount) }
    // btrfs gives each subvolume an anonymous device, so only real numbers can be compared.
    let number = DeviceNumber(file.st_dev)
    if device.major != 0, number.major != 0, number != device {
      throw DeviceFault("covered by another mount: \(mount)")
    }
    return try Self.space(of: mount)
  }

  /// The room where `path` is, if that is the very file system on `device`.
  static func space(of path: String, only device: DeviceNumber) throws(DeviceFault) -> Space {
    var file = stat()
    guard stat(path, &file) == 0 else { throw DeviceFault(errno: errno, path) }
    guard DeviceNumber(file.st_dev) == device else { throw DeviceFault("on another file system: \(path)") }
    return try space(of: path)
  }

  private static func space(of mount: String) throws(DeviceFault) -> Space {
    var told = statvfs()
    guard statvfs(mount, &told) == 0 else { throw DeviceFault(errno: errno, mount) }
    return Space(
      total: LiveDevices.product(told.f_blocks, told.f_frsize),
      available: LiveDevices.product(told.f_bavail, told.f_frsize))
  }

  func failedUnits() throws(DeviceFault) -> [String]? {
    // sd_booted(3): systemd runs exactly where this folder is.
    guard access("/run/systemd/system", F_OK) == 0 else { return nil }
    return try UnitManager.failedUnits()
  }

  func bootTimes() throws(DeviceFault) -> BootTimes? {
    guard access("/run/systemd/system", F_OK) == 0 else { return nil }
    return try UnitManager.bootTimes()
  }

  func architecture() throws(DeviceFault) -> String {
    var name = utsname()
    guard uname(&name) == 0 else { throw DeviceFault("uname failed") }
    return withUnsafeBytes(of: &name.machine) { $0.withMemoryRebound(to: UInt8.self) { $0.text } } ?? "unknown"
  }

  private static func product(_ left: UInt, _ right: UInt) -> Int64 {
    let product = left.multipliedReportingOverflow(by: right)
    return product.overflow ? .max : Int64(clamping: product.partialValue)
  }
}

extension DeviceNumber {
  /// Source: glibc bits/sysmacros.h, gnu_dev_major and gnu_dev_minor
  init(_ packed: dev_t) {
    self.init(
      major: UInt32(truncatingIfNeeded: packed >> 8 & 0xfff | packed >> 32 & ~0xfff),
      minor: UInt32(truncatingIfNeeded: packed & 0xff | packed >> 12 & ~0xff))
  }
}

extension DeviceFault {
  init(errno code: Int32, _ path: String) { self.init(ReadFault(errno: code, path: path).reason) }
}
