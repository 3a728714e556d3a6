import HTTPTypes
import Logging
import Synchronization
import Testing
import Vocabulary

@testable import Serving

@Suite("What an open page is told")
struct LiveTests {
  fileprivate static let ada = PrincipalID(random: [UInt8](1...10))
  private static let bob = PrincipalID(random: [UInt8](11...20))

  /// Values that change as the test says, and a clock that goes by waiting alone.
  private final class World: Sendable {
    let values = Mutex("{}")
    let looks = Mutex(0)
    let clock = Mutex(ContinuousClock.now)
    let trusted = Mutex(true)
    let streams: LiveStreams
    let feed: LiveFeed

    init(_ limits: LiveStreams.Limits = .init()) {
      let holder = Holder()
      streams = LiveStreams(
        limits: limits, time: { holder.world?.clock.withLock { $0 } ?? .now },
        wait: { pause in holder.world?.clock.withLock { $0 += pause } })
      feed = LiveFeed(topic: "t") {
        holder.world?.looks.withLock { $0 += 1 }
        return Array((holder.world?.values.withLock { $0 } ?? "").utf8)
      }
      holder.world = self
    }

    func telling(_ principal: PrincipalID = LiveTests.ada) throws -> LiveTelling {
      streams.telling(feed, at: try streams.enter(principal, feed)) { [self] in trusted.withLock { $0 } }
    }
    func set(_ text: String) { values.withLock { $0 = text } }

    private final class Holder: @unchecked Sendable {
      // Set once, before anything runs.
      weak var world: World?
    }
  }

  @Test("The values come at once, again when they differ, and a sign of life where nothing is new")
  func values() async throws {
    let world = World()
    world.set(#"{"a":1}"#)
    var telling = try world.telling()
    #expect(try await telling.next() == "retry: 5000\nevent: values\ndata: {\"a\":1}\n\n")
    world.set(#"{"a":2}"#)
    #expect(try await telling.next() == "event: values\ndata: {\"a\":2}\n\n")
    #expect(try await telling.next() == ":\n\n")
  }

  @Test("Once the session or the grant is over, that is said, and then nothing")
  func over() async throws {
    let world = World()
    var telling = try world.telling()
    _ = try await telling.next()
    world.trusted.withLock { $0 = false }
    #expect(try await telling.next() == "event: over\ndata: {}\n\n")
    #expect(try await telling.next() == nil)
    #expect(world.looks.withLock { $0 } <= 3, "within three looks")
  }

  @Test("A stream ends after its time")
  func time() async throws {
    var limits = LiveStreams.Limits()
    limits.lasting = .seconds(60)
    let world = World(limits)
    var telling = try world.telling()
    var texts = 0
    while try await telling.next() != nil { texts += 1 }
    #expect(texts == 8, "the values, and seven signs of life in a minute")
    #expect(world.looks.withLock { $0 } == 30)
  }

  @Test("A person has so many streams: one more ends the oldest; all together have so many and no more")
  func places() async throws {
    var limits = LiveStreams.Limits()
    (limits.all, limits.each) = (3, 2)
    let streams = LiveStreams(limits: limits, wait: { _ in })
    let feed = LiveFeed(topic: "t") { [] }
    let first = try streams.enter(Self.ada, feed)
    var oldest = streams.telling(feed, at: first) { true }
    _ = try await oldest.next()
    let second = try streams.enter(Self.ada, feed)
    #expect(streams.count == 2)
    let third = try streams.enter(Self.ada, feed)
    #expect(streams.count == 2)
    #expect(try await oldest.next() == "event: over\ndata: {}\n\n")
    let other = try streams.enter(Self.bob, feed)
    #expect(throws: ServingError.self) { _ = try streams.enter(Self.bob, feed) }
    streams.leave(first)
    #expect(streams.count == 3, "that place is another's already")
    for place in [second, third, other] { streams.leave(place) }
    #expect(streams.count == 0)
  }

  /// Somebody whose grants change.
  private final class Grants: Authenticator {
    let held: Mutex<Set<Grant>>
    init(_ grants: Set<Grant>) { held = Mutex(grants) }
    func caller(bearer: String, now: Instant) async throws -> Caller? {
      Caller(principal: LiveTests.ada, name: "Ada", grants: held.withLock { $0 })
    }
  }

  @Test(
    "With one of two grants withdrawn, or another given, a stream ends: it looks where somebody might look at its beginning"
  )
  func grants() async throws {
    let (cedar, oak) = (try #require(DistrictID(rawValue: "cedar")), try #require(DistrictID(rawValue: "oak")))
    let school = try #require(SchoolID(rawValue: "north"))
    let (here, there) = (Grant(.districtIT, at: .district(cedar)), Grant(.districtIT, at: .district(oak)))
    let atSchool = Grant(.schoolStaff, at: .school(cedar, school))
    let held = Grants([here, there])
    let route = PeopleRoute(
      .get, "/live", .scopedSchools([.districtIT, .schoolStaff]), Operation("live", "Live"), isLive: true
    ) { _, _ in .live("t") { [] } }
    let service = PeopleService(
      routes: [route], authenticator: held, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      clock: { Instant(seconds: 0) })
    let call = Call(.get, "/live", headers: [.authorization: "Bearer x"], now: Instant(seconds: 0))
    func begin(_ grants: Set<Grant>) async throws -> LiveFeed {
      held.held.withLock { $0 = grants }
      return try #require(await service.respond(to: call).feed)
    }
    func goesOn(_ feed: LiveFeed, with grants: Set<Grant>) async -> Bool {
      held.held.withLock { $0 = grants }
      return await service.maySee(feed, call, route)
    }
    let both = try await begin([here, there])
    #expect(await goesOn(both, with: [there, here]))
    #expect(await !goesOn(both, with: [here]))
    #expect(await !goesOn(both, with: []))
    let limited = try await begin([atSchool])
    #expect(await goesOn(limited, with: [atSchool]))
    #expect(await !goesOn(limited, with: [here]))
    #expect(await !goesOn(limited, with: [atSchool, there]))
  }

  @Test("Those who see the same share one look")
  func shared() async throws {
    let world = World()
    var (one, other) = (try world.telling(), try world.telling(Self.bob))
    _ = try await one.next()
    _ = try await other.next()
    #expect(world.looks.withLock { $0 } == 1)
  }
}
