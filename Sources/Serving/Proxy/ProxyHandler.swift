import Logging
import NIOConcurrencyHelpers
import NIOCore

/// The balancers of a listener: from them, and from nobody else, a PROXY header says where a connection comes from.
struct TrustedBalancers: Sendable {
  private let ranges: [AddressRange]
  /// Warnings, for a balancer that is set up wrongly is wrong at each connection.
  private let nextWarning = NIOLockedValueBox(NIODeadline.distantPast)
  private static let pause = TimeAmount.seconds(60)

  init(_ ranges: [AddressRange]) { self.ranges = ranges }

  func contains(_ address: SocketAddress?) -> Bool {
    guard let address else { return false }
    return ranges.contains { $0.contains(address) }
  }

  func warn(_ logger: Logger, _ address: SocketAddress?, _ reason: String) {
    let isDue = nextWarning.withLockedValue { next in
      guard next <= .now() else { return false }
      next = .now() + Self.pause
      return true
    }
    guard isDue else { return }
    let octets = address?.octets ?? []
    logger.warning(
      "a balancer's connection was closed; further ones are not told for a minute",
      metadata: ["balancer": "\(address?.ipAddress ?? "unknown \(octets.count)")", "reason": "\(reason)"])
  }
}

/// Takes the PROXY header off a balancer's connection, before TLS, and hands on where it says that the connection comes from.
///
/// Removes itself after the header. A connection whose first bytes are no header, or whose header does not come in time, is
/// closed: nothing of it reaches TLS.
final class ProxyHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  static let limit = TimeAmount.seconds(5)
  private let onSource: (Origin) -> Void
  private let onRefused: (String) -> Void
  private var pending: ByteBuffer?
  private var timer: Scheduled<Void>?
  private var isRefused = false

  /// - Parameters:
  ///   - onSource: told the address of the header; not called where it has none.
  ///   - onRefused: told why the connection is closed.
  init(onSource: @escaping (Origin) -> Void, onRefused: @escaping (String) -> Void) {
    self.onSource = onSource
    self.onRefused = onRefused
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: Self.limit) {
      let (handler, context) = bound.value
      handler.refuse("the header did not come within \(Self.limit.nanoseconds / 1_000_000_000) seconds", context)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    if let pending, !isRefused { onRefused("the connection ended after \(pending.readableBytes) bytes of its header") }
    pending = nil
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isRefused else { return }
    var part = unwrapInboundIn(data)
    var bytes = pending ?? ByteBuffer()
    bytes.writeBuffer(&part)
    do throws(ProxyHeader.Fault) {
      guard let header = try ProxyHeader.read(bytes.readableBytesView) else {
        pending = bytes
        return
      }
      pending = nil
      timer?.cancel()
      if let octets = header.source, let origin = Origin(octets: octets) { onSource(origin) }
      bytes.moveReaderIndex(forwardBy: header.length)
      if bytes.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(bytes)) }
      context.pipeline.syncOperations.removeHandler(self, promise: nil)
    } catch {
      refuse(error.rawValue, context)
    }
  }

  private func refuse(_ reason: String, _ context: ChannelHandlerContext) {
    guard !isRefused else { return }
    isRefused = true
    pending = nil
    onRefused(reason)
    context.close(mode: .all, promise: nil)
  }
}
