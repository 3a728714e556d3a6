import Crypto
import NIOCore
import NIOHTTP1
import NIOSSL

/// The devices of one event loop that wait for a certificate, and those that have one. Touched on its loop alone.
final class EnrolRoll {
  let seed: UInt64
  let context: NIOSSLContext
  let head: HTTPRequestHead
  private var waiting: Range<Int>.Iterator
  var devices: [SimulatedDevice] = []
  var intermediates: [[UInt8]] = []

  init(seed: UInt64, indices: Range<Int>, context: NIOSSLContext, head: HTTPRequestHead) {
    self.seed = seed
    self.context = context
    self.head = head
    waiting = indices.makeIterator()
  }

  func claim() -> Int? { waiting.next() }
}

/// Enrols one device after another: key, certificate request, EST `simpleenroll`.
final class EnrolJob: Job {
  private let roll: EnrolRoll
  private var present: (index: Int, key: P256.Signing.PrivateKey, body: ByteBuffer)?

  init(roll: EnrolRoll) { self.roll = roll }

  func begin() throws -> Start {
    guard let index = roll.claim() else { return .over }
    let identity = DeviceIdentity(index: index, seed: roll.seed)
    let key = try identity.privateKey()
    present = (index, key, ByteBuffer(bytes: try EnrollmentRequest.body(of: identity, key: key)))
    return .ready
  }

  func context() -> NIOSSLContext { roll.context }

  func request() -> (head: HTTPRequestHead, body: ByteBuffer) {
    let body = present?.body ?? ByteBuffer()
    var head = roll.head
    head.headers.replaceOrAdd(name: "content-length", value: "\(body.readableBytes)")
    return (head, body)
  }

  func judge(_ answer: Answer, _ tally: inout Tally) -> Verdict {
    guard let present else { return .failed("generator") }
    switch answer.status {
    case 200:
      do {
        let issued = try IssuedCertificates.read(Array(answer.body.readableBytesView))
        let chain = try IssuedCertificates.chain(issued, for: present.key)
        roll.devices.append(SimulatedDevice(index: present.index, leaf: chain[0]))
        if roll.intermediates.isEmpty { roll.intermediates = Array(chain.dropFirst()) }
        return .acknowledged(keep: false)
      } catch {
        return .failed("200 malformed: \(error)")
      }
    case 202: return .failed("202 pending")
    case 429, 503:
      tally.refuse(FailureCode.of(answer))
      return .again(afterSeconds: answer.retryAfter ?? 1)
    default: return .failed(FailureCode.of(answer))
    }
  }

  func end() { present = nil }
}
