package import NIOCore

/// Addresses that share their first bits, as `10.0.0.0/8`, `2001:db8::/32` or one address alone.
package struct AddressRange: Sendable, Hashable {
  private let octets: [UInt8]
  private let bits: Int

  /// nil unless `text` is a range as CIDR writes it, with no bit set behind its length.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let octets = try? SocketAddress(ipAddress: String(first), port: 0).octets else {
      return nil
    }
    let bits = parts.count == 1 ? octets.count * 8 : Int(parts[1]) ?? -1
    guard (0...octets.count * 8).contains(bits) else { return nil }
    for (index, octet) in octets.enumerated() {
      let kept = min(8, max(0, bits - index * 8))
      guard octet & UInt8(truncatingIfNeeded: 0xff >> kept) == 0 else { return nil }
    }
    (self.octets, self.bits) = (octets, bits)
  }

  /// An IPv4 address that is written as an IPv6 one is that IPv4 address.
  package func contains(_ address: SocketAddress) -> Bool {
    guard var other = address.octets else { return false }
    let mapped = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
    if other.count == 16, octets.count == 4, other.starts(with: mapped) { other = Array(other.suffix(4)) }
    guard other.count == octets.count else { return false }
    return zip(octets, other).enumerated().allSatisfy { index, pair in
      let kept = min(8, max(0, bits - index * 8))
      return (pair.0 ^ pair.1) & ~UInt8(truncatingIfNeeded: 0xff >> kept) == 0
    }
  }
}

extension SocketAddress {
  /// The 4 or 16 octets of an IP address; nil for a Unix socket's.
  var octets: [UInt8]? {
    switch self {
    case .v4(let address): withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
    case .v6(let address): withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
    case .unixDomainSocket: nil
    }
  }
}
