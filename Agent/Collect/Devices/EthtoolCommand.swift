internal import Glibc

/// Questions to a network driver.
///
/// Source: linux/ethtool.h ETHTOOL_GPERMADDR, struct ethtool_perm_addr; linux/sockios.h SIOCETHTOOL
enum EthtoolCommand {
  private static let request: UInt = 0x8946
  private static let permanentAddressCommand: UInt32 = 0x20

  /// The address burnt into the adapter; all zeros where the driver knows none.
  static func permanentAddress(ofAdapter name: String) throws(DeviceFault) -> [UInt8] {
    let name = Array(name.utf8)
    guard name.count < 16 else { throw DeviceFault("not an adapter's name") }
    let wire = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard wire >= 0 else { throw DeviceFault(errno: errno, "socket") }
    defer { close(wire) }
    var answer = [UInt8](repeating: 0, count: 8 + 32)
    let failure = answer.withUnsafeMutableBytes { answer -> Int32 in
      answer.storeBytes(of: permanentAddressCommand, toByteOffset: 0, as: UInt32.self)
      answer.storeBytes(of: 32, toByteOffset: 4, as: UInt32.self)
      return withUnsafeTemporaryAllocation(byteCount: 40, alignment: 8) { ifreq in
        ifreq.initializeMemory(as: UInt8.self, repeating: 0)
        ifreq.copyBytes(from: name)
        ifreq.storeBytes(of: UInt64(UInt(bitPattern: answer.baseAddress)), toByteOffset: 16, as: UInt64.self)
        guard let base = ifreq.baseAddress else { return EFAULT }
        return ioctl(wire, request, base) < 0 ? errno : 0
      }
    }
    if failure != 0 { throw DeviceFault(errno: failure, "ethtool") }
    let size = answer.withUnsafeBytes { $0.load(fromByteOffset: 4, as: UInt32.self) }
    guard size == 6 else { throw DeviceFault("not an Ethernet address") }
    return Array(answer[8..<14])
  }
}
