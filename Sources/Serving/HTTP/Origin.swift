package import NIOCore
import Vocabulary

/// Where a request comes from, as far as one holder of addresses can be told from another: an IPv4 address, or the first
/// 64 bits of an IPv6 one, for a site has at least those to itself.
package struct Origin: Hashable, Sendable {
  fileprivate let family: UInt8
  fileprivate let prefix: UInt64

  /// nil unless `octets` are the 4 or 16 of an address. An IPv4 address written as an IPv6 one is that IPv4 address.
  package init?(octets: [UInt8]) {
    let mapped = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
    let octets = octets.count == 16 && octets.starts(with: mapped) ? Array(octets.suffix(4)) : octets
    guard octets.count == 4 || octets.count == 16 else { return nil }
    family = octets.count == 4 ? 4 : 6
    prefix = octets.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// nil for a peer that has no address, such as one of a Unix socket.
  package init?(_ address: SocketAddress) {
    guard let octets = address.octets else { return nil }
    self.init(octets: octets)
  }

  private init(family: UInt8, prefix: UInt64) { (self.family, self.prefix) = (family, prefix) }

  /// Where it cannot be told: all of these are one.
  package static let unknown = Origin(family: 0, prefix: 0)

  /// What it is of, from the narrowest, as a table names it, `4-0a000001`: not meant for people. An IPv4 address is its own
  /// alone; of an IPv6 one also the /56 and the /48, for providers give a home the one, and a site the other.
  package var networks: [String] {
    let text = "\(family)-\(String(prefix, radix: 16))"
    guard family == 6 else { return [text] }
    return [text] + [56, 48].map { "6-\(String(prefix >> (64 - UInt64($0)), radix: 16))/\($0)" }
  }
}

/// Origins that share their first bits.
package struct OriginRange: Hashable, Sendable {
  private let family: UInt8
  private let prefix: UInt64
  private let mask: UInt64
  package let bits: Int

  /// nil for an IPv6 range that is narrower than what is known of an origin.
  init?(octets: [UInt8], bits: Int) {
    let width = octets.count == 4 ? 32 : 64
    guard octets.count == 4 || octets.count == 16, (0...width).contains(bits) else { return nil }
    family = octets.count == 4 ? 4 : 6
    let all: UInt64 = octets.count == 4 ? 0xffff_ffff : .max
    // A shift by the whole width gives 0.
    mask = all & ~(all >> UInt64(bits))
    prefix = octets.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } & mask
    self.bits = bits
  }

  package func contains(_ origin: Origin) -> Bool { origin.family == family && origin.prefix & mask == prefix }
}
