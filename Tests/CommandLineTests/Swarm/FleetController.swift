import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import X509

@testable import rollcall_swarm

/// A devices listener on loopback that answers check-ins as a test says, over real TLS with a root of its own, and
/// remembers who came when.
final class FleetController: Sendable {
  struct Visit: Sendable {
    let at: NIODeadline
    /// nil where the message told no identity.
    let serial: String?
    let sequence: Int64
  }

  struct Reply: Sendable {
    var status = HTTPResponseStatus.ok
    var retryAfter: Int?
    var delay = TimeAmount.zero
  }

  let folder: URL
  let port: Int
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let channel: any Channel
  private let seen: Visits

  var root: String { folder.appending(path: "ca.pem").path }
  var visits: [Visit] { seen.all }

  /// - Parameter answer: what the request of this number, from 1, gets.
  init(_ answer: @escaping @Sendable (Int, [Visit]) -> Reply) async throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "fleet-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let context = try Self.identity(in: folder)
    let visits = Visits()
    seen = visits
    _ = Self.decoder
    channel = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Answering(visits: visits, answer: answer))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  /// Made known to the runtime by one thread: see `Target.decoder`.
  private static let decoder = ByteToMessageHandler<HTTPRequestDecoder>.self

  func close() async throws {
    try await channel.close()
    try await group.shutdownGracefully()
    try FileManager.default.removeItem(at: folder)
  }

  /// A fleet whose certificates the root of this controller signed.
  func fleet(devices: Int) throws -> String {
    let path = folder.appending(path: "fleet.tsv").path
    try MintCommand.parse([
      "--ca-certificate", root, "--ca-key", folder.appending(path: "ca.key").path, "--devices", "\(devices)",
      "--fleet", path,
    ]).run()
    return path
  }

  private static func identity(in folder: URL) throws -> NIOSSLContext {
    let key = P256.Signing.PrivateKey()
    let name = try DistinguishedName { CommonName("A root") }
    let root = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: .now - 3600,
      notValidAfter: .now + 3600, issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try .init { Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil)) },
      issuerPrivateKey: .init(key))
    let own = P256.Signing.PrivateKey()
    let leaf = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(own.publicKey), notValidBefore: .now - 3600,
      notValidAfter: .now + 3600, issuer: name, subject: try DistinguishedName { CommonName("localhost") },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try .init { SubjectAlternativeNames([.dnsName("localhost")]) }, issuerPrivateKey: .init(key))
    try Data(root.serializeAsPEM().pemString.utf8).write(to: folder.appending(path: "ca.pem"))
    try Data(key.pemRepresentation.utf8).write(to: folder.appending(path: "ca.key"))
    return try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: [.certificate(try NIOSSLCertificate(bytes: leaf.derBytes(), format: .der))],
        privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(own.derRepresentation), format: .der))))
  }
}

private final class Visits: Sendable {
  private let list = Mutex<[FleetController.Visit]>([])
  var all: [FleetController.Visit] { list.withLock { $0 } }
  func add(_ visit: FleetController.Visit) -> [FleetController.Visit] {
    list.withLock {
      $0.append(visit)
      return $0
    }
  }
}

private final class Answering: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let visits: Visits
  private let answer: @Sendable (Int, [FleetController.Visit]) -> FleetController.Reply
  private var body = ""

  init(visits: Visits, answer: @escaping @Sendable (Int, [FleetController.Visit]) -> FleetController.Reply) {
    self.visits = visits
    self.answer = answer
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head: body = ""
    case .body(let part): body += String(buffer: part)
    case .end:
      let visit = FleetController.Visit(at: .now(), serial: text(after: "\"serial\":\"SW"), sequence: sequence)
      let all = visits.add(visit)
      let reply = answer(all.count, all)
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      context.eventLoop.scheduleTask(in: reply.delay) {
        bound.value.0.send(reply, visit.sequence, bound.value.1)
      }
    }
  }

  private var sequence: Int64 { Int64(text(after: "\"sequence\":") ?? "") ?? 0 }

  private func text(after key: String) -> String? {
    body.range(of: key).map { String(body[$0.upperBound...].prefix { $0.isNumber }) }
  }

  private func send(_ reply: FleetController.Reply, _ sequence: Int64, _ context: ChannelHandlerContext) {
    let json =
      reply.status == .ok
      ? """
      {"nextCheckInSeconds":3600,"renew":false,"sequence":\(sequence),"standing":"active","time":1,"unknownSections":0,"version":1,"want":[]}
      """ : #"{"type":"about:blank","title":"","status":503,"code":"checkin.busy","detail":""}"#
    var head = HTTPResponseHead(
      version: .http1_1, status: reply.status, headers: ["content-length": "\(json.utf8.count)"])
    if let wait = reply.retryAfter { head.headers.add(name: "retry-after", value: "\(wait)") }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: json)))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
