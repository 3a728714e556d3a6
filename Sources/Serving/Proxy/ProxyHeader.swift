/// What a balancer says before the first byte of a connection that it passes on: whose connection it is.
///
/// ```
/// 0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A │ version, command │ family, transport │ length │ addresses, ports, TLVs
///              12 bytes               │        1         │         1         │   2    │      length bytes
/// ```
/// Source: HAProxy, doc/proxy-protocol.txt, section 2.2 (version 2)
package struct ProxyHeader: Equatable, Sendable {
  /// Why bytes are no header that is understood; the words are for the log.
  package enum Fault: String, Error, Sendable {
    case notProxy = "no PROXY header came first"
    case version1 = "the header is version 1 (text); only version 2 is taken (HAProxy: send-proxy-v2)"
    case version = "the header's version is not 2"
    case command = "the header's command is neither LOCAL nor PROXY"
    case family = "the header's address family or transport is none of version 2"
    case tooShort = "the header is too short for its addresses"
    case tooLong = "the header is longer than 4,096 bytes"
  }

  /// The first bytes of every header of version 2.
  private static let signature: [UInt8] = [
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,
  ]
  private static let fixed = 16
  /// Longer ones are refused: addresses take 36 bytes, and what balancers add of their own a few hundred.
  package static let longest = 4_096

  /// How many bytes it takes, with what is skipped.
  package let length: Int
  /// The 4 or 16 octets of the address that the connection comes from; nil where it is the balancer's own (LOCAL), or of a
  /// kind that is not told apart here (UNSPEC, Unix, UDP).
  package let source: [UInt8]?

  /// The header at the start of `bytes`; nil where more of it has to come.
  ///
  /// - Throws: as soon as no header can come of it.
  package static func read(_ bytes: some RandomAccessCollection<UInt8>) throws(Fault) -> ProxyHeader? {
    let begun = bytes.prefix(signature.count)
    guard begun.elementsEqual(signature.prefix(begun.count)) else {
      throw begun.starts(with: "PROXY".utf8.prefix(begun.count)) ? .version1 : .notProxy
    }
    guard bytes.count >= fixed else { return nil }
    let head = Array(bytes.prefix(fixed))
    guard head[12] >> 4 == 2 else { throw .version }
    let (command, family, transport) = (head[12] & 0xf, head[13] >> 4, head[13] & 0xf)
    guard command <= 1 else { throw .command }
    guard family <= 3, transport <= 2 else { throw .family }
    let rest = Int(head[14]) << 8 | Int(head[15])
    guard fixed + rest <= longest else { throw .tooLong }
    // Two addresses of so many octets, and two ports.
    let octets = family == 1 ? 4 : family == 2 ? 16 : 0
    let isTold = command == 1 && octets > 0 && transport == 1
    guard !isTold || rest >= 2 * octets + 4 else { throw .tooShort }
    guard bytes.count >= fixed + rest else { return nil }
    return ProxyHeader(
      length: fixed + rest, source: isTold ? Array(bytes.dropFirst(fixed).prefix(octets)) : nil)
  }
}
