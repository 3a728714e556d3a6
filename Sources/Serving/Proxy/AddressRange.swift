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

  /// nil where no origin can be told to be within: an IPv6 range of more than 64 bits.
  package var origins: OriginRange? { OriginRange(octets: octets, bits: bits) }

  /// In one way, however it was written: `2001:db8::/32`.
  package var text: String? {
    let address = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: octets), port: 0)
    return address?.ipAddress.map { "\($0)/\(bits)" }
  }

  /// The range of as many bits that `text`, which has bits set behind its length, lies in; nil for what is no range at all.
  package static func around(_ text: some StringProtocol) -> AddressRange? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = try? SocketAddress(ipAddress: String(parts[0]), port: 0),
      let octets = address.octets, let bits = Int(parts[1]), (0...octets.count * 8).contains(bits)
    else { return nil }
    let masked = octets.enumerated().map { index, octet in
      octet & ~UInt8(truncatingIfNeeded: 0xff >> min(8, max(0, bits - index * 8)))
    }
    return AddressRange(octets: masked, bits: bits)
  }

  private init(octets: [UInt8], bits: Int) { (self.octets, self.bits) = (octets, bits) }

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
