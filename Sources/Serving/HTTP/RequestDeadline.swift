import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// Closes a connection whose request has begun but does not end in time: a client that sends a byte a second holds
/// nothing for long. A large body over a slow line has its time for as long as it comes at ``leastRate``; the route bounds
/// its length. A request that arrives whole costs no timer. Nor does it keep one whose answers nobody reads.
final class RequestDeadline: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  /// Of a body, in bytes a second.
  static let leastRate = 16 << 10

  private let limit: TimeAmount
  /// Bytes of the body in the present span of ``limit``.
  private var received = 0
  private var open = false
  private var timer: Scheduled<Void>?
  private var stalled: Scheduled<Void>?

  init(limit: TimeAmount) { self.limit = limit }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch Self.unwrapInboundIn(data) {
    case .head: (open, received) = (true, 0)
    case .body(let part): received += part.readableBytes
    case .end:
      open = false
      timer?.cancel()
      timer = nil
    }
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if open, timer == nil { watch(context.channel) }
    context.fireChannelReadComplete()
  }

  private func watch(_ channel: any Channel) {
    let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
    timer = channel.eventLoop.scheduleTask(in: limit) {
      let deadline = bound.value
      guard deadline.received >= Int(deadline.limit.nanoseconds / 1_000_000_000) * Self.leastRate, deadline.received > 0
      else { return channel.close(mode: .all, promise: nil) }
      deadline.received = 0
      deadline.watch(channel)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    stalled?.cancel()
    stalled = nil
    if !context.channel.isWritable {
      let channel = context.channel
      stalled = context.eventLoop.scheduleTask(in: limit) { channel.close(mode: .all, promise: nil) }
    }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    stalled?.cancel()
    stalled = nil
    context.fireChannelInactive()
  }
}
