internal import Glibc

/// An admin command to an NVMe disk.
///
/// Source: linux/nvme_ioctl.h, NVME_IOCTL_ADMIN_CMD and struct nvme_passthru_cmd
enum NVMeCommand {
  /// `_IOWR('N', 0x41, struct nvme_admin_cmd)` of 72 bytes.
  private static let adminCommand: UInt = 0xC048_4E41
  private static let pageBytes = 512

  /// Get Log Page, identifier 02h, for the whole controller.
  static func healthPage(ofDisk name: String) throws(DeviceFault) -> [UInt8] {
    let path = "/dev/\(name)"
    let disk = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard disk >= 0 else { throw DeviceFault(errno: errno, path) }
    defer { close(disk) }
    var page = [UInt8](repeating: 0, count: pageBytes)
    let failure = page.withUnsafeMutableBytes { page -> Int32 in
      withUnsafeTemporaryAllocation(byteCount: 72, alignment: 8) { command in
        command.initializeMemory(as: UInt8.self, repeating: 0)
        command.storeBytes(of: 0x02, toByteOffset: 0, as: UInt8.self)  // opcode: Get Log Page
        command.storeBytes(of: 0xFFFF_FFFF, toByteOffset: 4, as: UInt32.self)  // every namespace
        command.storeBytes(of: UInt64(UInt(bitPattern: page.baseAddress)), toByteOffset: 24, as: UInt64.self)
        command.storeBytes(of: UInt32(pageBytes), toByteOffset: 36, as: UInt32.self)
        command.storeBytes(of: UInt32(pageBytes / 4 - 1) << 16 | 0x02, toByteOffset: 40, as: UInt32.self)  // cdw10
        command.storeBytes(of: 2000, toByteOffset: 64, as: UInt32.self)  // timeout, ms
        guard let base = command.baseAddress else { return EFAULT }
        let status = ioctl(disk, adminCommand, base)
        return status < 0 ? errno : -status
      }
    }
    if failure > 0 { throw DeviceFault(errno: failure, path) }
    if failure < 0 { throw DeviceFault("the disk refuses with NVMe status \(-failure): \(path)") }
    return page
  }
}
