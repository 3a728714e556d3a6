import NIOCore
import NIOHTTP1

/// A whole answer.
struct Answer {
  var status: Int
  /// Seconds, where the controller asks to wait.
  var retryAfter: Int64?
  var body: ByteBuffer
  /// Whether the controller keeps the connection for another request.
  var keepsAlive: Bool
}

/// Who uses a conversation; called on its event loop.
protocol ConversationOwner: AnyObject {
  func opened(_ conversation: Conversation)
  func answered(_ answer: Answer, _ conversation: Conversation)
  /// The connection could not be made, or ended before an answer was whole.
  func lost(_ conversation: Conversation, _ error: (any Error)?)
}

/// One TLS connection with one request at a time.
final class Conversation: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private weak var owner: (any ConversationOwner)?
  private var context: ChannelHandlerContext?
  private var head: HTTPResponseHead?
  private var body = ByteBuffer()
  private var failure: (any Error)?

  init(owner: any ConversationOwner) { self.owner = owner }

  func send(_ head: HTTPRequestHead, body: ByteBuffer) {
    guard let context else { return }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  /// Ends the connection; the owner hears nothing more.
  func close() {
    owner = nil
    context?.close(promise: nil)
  }

  func failed(_ error: any Error) {
    let owner = owner
    self.owner = nil
    owner?.lost(self, failure ?? error)
  }

  // MARK: - Events of the channel

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    if let owner { owner.opened(self) } else { context.close(promise: nil) }
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body.clear()
    case .body(var part):
      body.writeBuffer(&part)
    case .end:
      guard let head else { return }
      self.head = nil
      if (100..<200).contains(Int(head.status.code)) { return }
      let answer = Answer(
        status: Int(head.status.code), retryAfter: head.headers.first(name: "retry-after").flatMap { Int64($0) },
        body: body, keepsAlive: head.isKeepAlive)
      owner?.answered(answer, self)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    let owner = owner
    self.owner = nil
    owner?.lost(self, failure)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if failure == nil { failure = error }
    context.close(promise: nil)
  }
}
