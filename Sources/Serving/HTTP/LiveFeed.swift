import Synchronization
package import Vocabulary

/// What an open page is told while it is open, by server-sent events.
///
/// ```
/// page                                    controller
///   │ GET …/live, Accept: text/event-stream ──▶ │ the route's rule, a place among the streams
///   │ ◀── event: values  {"enrolled":12}        │ at once, and whenever a look tells another value
///   │ ◀── :                                     │ nothing new: a sign that it still listens
///   │ ◀── event: over                           │ the session or the grant has ended
/// ```
/// Source: WHATWG HTML, section 9.2 (Server-sent events)
package struct LiveFeed: Sendable {
  /// Names what is looked at. Whoever sees the same has the same name, and shares the looks.
  package let topic: String
  /// The present values, as a JSON object on one line.
  package let look: @Sendable () async throws -> [UInt8]
  /// Who asked for it, as they were admitted: `look` looks where they might then.
  var asked: OperatorContext?

  package init(topic: String, look: @escaping @Sendable () async throws -> [UInt8]) {
    self.topic = topic
    self.look = look
  }
}

extension Reply {
  /// An answer that goes on.
  package static func live(_ topic: String, look: @escaping @Sendable () async throws -> [UInt8]) -> Reply {
    var reply = Reply(.ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"])
    reply.feed = LiveFeed(topic: topic, look: look)
    return reply
  }
}

/// The streams that are open: limited in number, by person and in all, and in time.
///
/// A person's newest streams count: past the limit the oldest one ends, for a page that was left shows only when something is
/// written to it.
package final class LiveStreams: Sendable {
  package struct Limits: Sendable {
    package var all = 256
    package var each = 6
    /// After this a browser asks again, and is looked at anew.
    package var lasting = Duration.seconds(600)
    /// Between two looks.
    package var pause = Duration.seconds(2)
    /// Looks between two questions whether the caller still may.
    package var looksOfTrust = 3
    /// Looks without news, after which something is said, for a connection that is gone shows only then.
    package var looksOfSilence = 4

    package init() {}
  }

  private struct State {
    /// The places of each person, the oldest first.
    var open: [PrincipalID: [Place]] = [:]
    var count = 0
    var last = 0
    var looks: [String: Look] = [:]
  }

  private struct Look {
    var streams = 0
    var values: [UInt8]?
    var at: ContinuousClock.Instant?
  }

  let limits: Limits
  let wait: @Sendable (Duration) async throws -> Void
  private let time: @Sendable () -> ContinuousClock.Instant
  private let state = Mutex(State())

  package init(
    limits: Limits = Limits(), time: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
    wait: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    (self.limits, self.time, self.wait) = (limits, time, wait)
  }

  /// How many are open.
  package var count: Int { state.withLock(\.count) }

  /// One stream's place.
  package struct Place: Hashable, Sendable {
    fileprivate let number: Int
    fileprivate let principal: PrincipalID
    fileprivate let topic: String
  }

  /// Takes a place, a person's oldest one where there are as many as there may be; ``leave(_:)`` gives it back.
  ///
  /// - Throws: `request.overloaded` where everybody together has as many as there may be.
  package func enter(_ principal: PrincipalID, _ feed: LiveFeed) throws(ServingError) -> Place {
    let place = state.withLock { state -> Place? in
      if let own = state.open[principal], own.count >= limits.each, let oldest = own.first {
        Self.remove(oldest, &state)
      }
      guard state.count < limits.all else { return nil }
      state.last += 1
      let place = Place(number: state.last, principal: principal, topic: feed.topic)
      state.open[principal, default: []].append(place)
      state.count += 1
      state.looks[feed.topic, default: Look()].streams += 1
      return place
    }
    guard let place else {
      throw ServingError(
        .overloaded, "As many pages are kept up to date as can be. Load this one again when you want to see more.",
        headers: [.retryAfter: "60"])
    }
    return place
  }

  /// It may be another's already.
  package func leave(_ place: Place) { state.withLock { Self.remove(place, &$0) } }

  fileprivate func holds(_ place: Place) -> Bool {
    state.withLock { $0.open[place.principal]?.contains(place) == true }
  }

  private static func remove(_ place: Place, _ state: inout State) {
    guard var own = state.open[place.principal], let index = own.firstIndex(of: place) else { return }
    own.remove(at: index)
    state.open[place.principal] = own.isEmpty ? nil : own
    state.count -= 1
    let others = (state.looks[place.topic]?.streams ?? 1) - 1
    if others > 0 { state.looks[place.topic]?.streams = others } else { state.looks[place.topic] = nil }
  }

  /// The present values: those of another stream's look, where that is younger than a pause.
  fileprivate func values(of feed: LiveFeed) async throws -> [UInt8] {
    let now = time()
    let known = state.withLock { state -> [UInt8]? in
      guard let look = state.looks[feed.topic], let at = look.at, at.duration(to: now) < limits.pause else {
        return nil
      }
      return look.values
    }
    if let known { return known }
    let values = try await feed.look()
    state.withLock {
      $0.looks[feed.topic]?.values = values
      $0.looks[feed.topic]?.at = now
    }
    return values
  }

  /// What is told, one text after another.
  ///
  /// - Parameter mayGoOn: whether the caller still may see it.
  package func telling(
    _ feed: LiveFeed, at place: Place, while mayGoOn: @escaping @Sendable () async -> Bool
  ) -> LiveTelling { LiveTelling(streams: self, feed: feed, place: place, mayGoOn: mayGoOn) }
}

/// The texts of one stream, made when they are asked for.
package struct LiveTelling {
  fileprivate let streams: LiveStreams
  fileprivate let feed: LiveFeed
  fileprivate let place: LiveStreams.Place
  fileprivate let mayGoOn: @Sendable () async -> Bool
  private var told: [UInt8]?
  private var looks = 0
  private var silent = 0
  private var isOver = false

  fileprivate init(
    streams: LiveStreams, feed: LiveFeed, place: LiveStreams.Place, mayGoOn: @escaping @Sendable () async -> Bool
  ) {
    (self.streams, self.feed, self.place, self.mayGoOn) = (streams, feed, place, mayGoOn)
  }

  /// The next text, once there is one; nil at the end.
  package mutating func next() async throws -> String? {
    let limits = streams.limits
    while !isOver {
      if looks > 0 { try await streams.wait(limits.pause) }
      if limits.pause * looks >= limits.lasting { return nil }
      var mayGoOn = streams.holds(place)
      if mayGoOn, looks > 0, looks % limits.looksOfTrust == 0 { mayGoOn = await self.mayGoOn() }
      guard mayGoOn else {
        isOver = true
        return "event: over\ndata: {}\n\n"
      }
      looks += 1
      let values = try await streams.values(of: feed)
      if values != told {
        let isFirst = told == nil
        (told, silent) = (values, 0)
        return (isFirst ? "retry: 5000\n" : "") + "event: values\ndata: \(String(decoding: values, as: UTF8.self))\n\n"
      }
      silent += 1
      if silent >= limits.looksOfSilence {
        silent = 0
        return ":\n\n"
      }
    }
    return nil
  }
}
