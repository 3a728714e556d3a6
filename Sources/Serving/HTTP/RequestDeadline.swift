import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// Closes a connection whose request has begun but does not end in time: a client that sends a byte a second holds
/// nothing for long. A request that arrives whole costs no timer. Nor does it keep one whose answers nobody reads.
final class RequestDeadline: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private let limit: TimeAmount
  private var open = false
  private var timer: Scheduled<Void>?
  private var stalled: Scheduled<Void>?

  init(limit: TimeAmount) { self.limit = limit }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch Self.unwrapInboundIn(data) {
    case .head: open = true
    case .body: break
    case .end:
      open = false
      timer?.cancel()
      timer = nil
    }
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if open, timer == nil {
      let channel = context.channel
      timer = context.eventLoop.scheduleTask(in: limit) { channel.close(mode: .all, promise: nil) }
    }
    context.fireChannelReadComplete()
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
