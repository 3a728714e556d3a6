import ArgumentParser
import CheckIn
import Glibc
import NIOCore
import Serving
import Vocabulary
import Wire
import X509

/// Check-ins handed to the controller's own code within this process: the store without TLS and HTTP.
struct StoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Hand check-ins to the controller's own code in this process, without a socket.",
    discussion: "For what the database alone can take. No controller may run on the state.")

  @OptionGroup var fleet: CheckInOptions

  @Option(help: "The state folder that the fleet was seeded into.")
  var state: String

  @Option(help: "A PostgreSQL database; by default what the folder's rollcalld.yaml says.")
  var database: String?

  @Option(help: "Check-ins that wait for an answer at once, 1 to 4,000.")
  var concurrency = 512

  @Option(help: "Seconds after which the run ends, 0.1 to 3,600.")
  var duration: Double = 10

  @Option(name: [.customLong("report"), .customLong("json")], help: "Write the report as JSON to this file.")
  var json: String?

  @Flag(help: "Taken for the sake of the other modes; nothing is told on the way.")
  var quiet = false

  func validate() throws {
    guard (1...4000).contains(concurrency) else { throw ValidationError("--concurrency is from 1 to 4,000.") }
    guard (0.1...3600).contains(duration) else { throw ValidationError("--duration is from 0.1 to 3,600 s.") }
  }

  func run() async throws {
    let stores = try await SeedStores(state: state, database: database)
    try await stores.registry.load()
    let devices = try Fleet(path: fleet.fleet, limit: fleet.devices)
    guard devices.count >= concurrency else { throw SwarmError("The fleet has fewer devices than --concurrency.") }
    let mixture = try fleet.mixture(devices.shape)
    let start = Measurement.Mark(now: .now(), controllerPid: nil)
    let end = start.time + .nanoseconds(Int64(duration * 1e9))
    let tally = await withTaskGroup(of: Tally.self) { group in
      for worker in 0..<concurrency {
        let places = stride(from: worker, to: devices.count, by: concurrency)
        let maker = MessageMaker(seed: devices.seed, mixture: mixture, worker: worker)
        group.addTask {
          var visitor = StoreVisitor(stores: stores, fleet: devices, maker: maker)
          return await visitor.run(Array(places), until: end)
        }
      }
      return await group.reduce(into: Tally()) { $0.add($1) }
    }
    let report = Measurement.report(
      "store", from: start, to: Measurement.Mark(now: .now(), controllerPid: nil), tally, rated: false)
    try devices.save(to: fleet.fleet)
    try await stores.close()
    print(report.text, terminator: "")
    if let json { try writeWhole(try WireCodec.encode(report), to: json) }
  }
}

/// One who checks in again and again, with one device after another.
private struct StoreVisitor {
  let stores: SeedStores
  let fleet: Fleet
  var maker: MessageMaker
  var tally = Tally()
  /// By place: parsed once, as a connection that is kept does.
  private var peers: [Int: PeerCertificate] = [:]

  init(stores: SeedStores, fleet: Fleet, maker: MessageMaker) {
    self.stores = stores
    self.fleet = fleet
    self.maker = maker
  }

  mutating func run(_ places: [Int], until end: NIODeadline) async -> Tally {
    guard let route = stores.checkIns.deviceRoutes.first(where: { $0.path == AgentPath.checkIn }) else { return tally }
    while NIODeadline.now() < end {
      for place in places where NIODeadline.now() < end {
        do { try await checkIn(place, route) } catch { tally.fail("\(type(of: error)): \(error)") }
      }
    }
    return tally
  }

  private mutating func checkIn(_ place: Int, _ route: DeviceRoute) async throws {
    guard var device = fleet.device(place) else { return tally.fail("no certificate") }
    var tail: CheckInTail?
    let message = try maker.message(for: &device, tail: &tail, want: [], now: .now())
    let peer = try peers[place] ?? PeerCertificate(ofFleet: device.leaf)
    peers[place] = peer
    let begun = NIODeadline.now()
    let now = Instant.now()
    let context = try DeviceContext(peer: peer, rule: route.rule, directory: stores.registry.keys, now: now)
    let call = Call(route.method, route.path, body: Array(message.readableBytesView), now: now, requestID: "store")
    let reply = try await route.handle(call, context)
    guard reply.status.code == 200 else { return tally.fail("\(reply.status.code)") }
    tally.acknowledge(microseconds: (NIODeadline.now() - begun).nanoseconds / 1000)
    device.sequence += 1
    fleet.keep(device, at: place)
  }
}

extension PeerCertificate {
  /// As the handshake would find it.
  fileprivate init(ofFleet der: [UInt8]) throws {
    let leaf = try Certificate(derEncoded: der)
    self.init(
      key: try PeerCertificate.name(of: leaf.publicKey), der: der, device: nil,
      notBefore: Instant(seconds: Int64(leaf.notValidBefore.timeIntervalSince1970)),
      notAfter: Instant(seconds: Int64(leaf.notValidAfter.timeIntervalSince1970)))
  }
}
