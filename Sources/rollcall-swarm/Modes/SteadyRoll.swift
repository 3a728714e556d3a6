import NIOCore
import NIOHTTP1
import NIOSSL
import Vocabulary
import Wire

/// The devices of one event loop that check in. Touched on its loop alone.
final class SteadyRoll {
  /// Beyond this many, a device's TLS context is made anew for each connection rather than kept: one is some 35 KB.
  private static let keptContexts = 2000

  /// Who checks in next.
  enum Turn: Equatable {
    case device(Int)
    /// Everybody left has been told to come later; the first of them then.
    case wait(NIODeadline)
    case nobody
  }

  let target: Target
  let fleet: Fleet
  let head: HTTPRequestHead
  /// Messages over one connection; nil for as many as there are.
  let perConnection: Int?
  /// Any 2xx acknowledges: for measuring a server that is no controller.
  let peer: Bool
  /// Whether each device checks in once, and one that is told to wait gives its place to another.
  let once: Bool
  var wants: [Int: [FactSection]] = [:]
  var maker: MessageMaker
  private var queue: DeviceQueue
  private var contexts: [Int: NIOSSLContext] = [:]

  init(
    target: Target, fleet: Fleet, places: StrideTo<Int>, head: HTTPRequestHead, perConnection: Int?, peer: Bool,
    once: Bool, maker: MessageMaker
  ) {
    self.target = target
    self.fleet = fleet
    self.head = head
    self.perConnection = perConnection
    self.peer = peer
    self.once = once
    self.maker = maker
    queue = DeviceQueue(places)
  }

  func turn() -> Turn { queue.turn(now: .now()) }
  func release(_ place: Int) { if !once { queue.append(place) } }
  func putOff(_ place: Int, until time: NIODeadline) { queue.putOff(place, until: time) }

  func context(of device: SimulatedDevice, at place: Int) throws -> NIOSSLContext {
    if let known = contexts[place] { return known }
    let key = try DeviceIdentity(index: device.index, seed: maker.seed).privateKey()
    let made = try target.context(chain: [device.leaf] + fleet.intermediates, key: key)
    if !once, contexts.count < Self.keptContexts { contexts[place] = made }
    return made
  }
}

/// Devices by when they may come: those who wait in line, and those who were told a time.
struct DeviceQueue {
  private var line: CircularBuffer<Int32>
  /// A heap, the earliest first.
  private var later: [(due: NIODeadline, place: Int32)] = []

  init(_ places: some Sequence<Int>) { line = CircularBuffer(places.map(Int32.init)) }

  mutating func append(_ place: Int) { line.append(Int32(place)) }

  /// Takes the next: one whose time has come before those in line.
  mutating func turn(now: NIODeadline) -> SteadyRoll.Turn {
    if let first = later.first, first.due <= now { return .device(Int(takeEarliest())) }
    if let place = line.popFirst() { return .device(Int(place)) }
    return later.first.map { .wait($0.due) } ?? .nobody
  }

  mutating func putOff(_ place: Int, until time: NIODeadline) {
    later.append((time, Int32(place)))
    var child = later.count - 1
    while child > 0, later[child].due < later[(child - 1) / 2].due {
      later.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func takeEarliest() -> Int32 {
    let place = later[0].place
    let last = later.removeLast()
    guard !later.isEmpty else { return place }
    later[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < later.count && later[child].due < later[least].due {
        least = child
      }
      if least == parent { return place }
      later.swapAt(parent, least)
      parent = least
    }
  }
}
