import Testing
import Vocabulary

@testable import Access

@Suite("Answers that are kept for a second")
struct AnswerCacheTests {
  private static let now = Instant(seconds: 1_790_000_000)
  private static let until = now.advanced(by: .seconds(3600))
  private static let hash: [UInt8] = [1, 2, 3]

  @Test("What follows from an answer of before a change takes no newer one's place")
  func stale() {
    let cache = AnswerCache<String>()
    let first = cache.generation
    cache.keep("old", for: Self.hash, until: Self.until, now: Self.now, generation: first)
    // One request holds the old answer; grants change; another request reads the new one.
    #expect(cache.answer(Self.hash, now: Self.now) == "old")
    cache.forgetAll()
    cache.keep("new", for: Self.hash, until: Self.until, now: Self.now, generation: cache.generation)
    cache.change("old, used", for: Self.hash, generation: first)
    #expect(cache.answer(Self.hash, now: Self.now) == "new")
    cache.keep("old", for: Self.hash, until: Self.until, now: Self.now, generation: first)
    #expect(cache.answer(Self.hash, now: Self.now) == "new")
  }

  @Test("Without a change between, it is changed for as long as it would have been kept")
  func changed() {
    let cache = AnswerCache<String>()
    cache.change("nothing", for: Self.hash, generation: cache.generation)
    #expect(cache.answer(Self.hash, now: Self.now) == nil)
    cache.keep("seen", for: Self.hash, until: Self.until, now: Self.now, generation: cache.generation)
    cache.change("used", for: Self.hash, generation: cache.generation)
    #expect(cache.answer(Self.hash, now: Self.now) == "used")
    #expect(cache.answer(Self.hash, now: Self.now.advanced(by: AccessDirectory.lag)) == nil)
  }
}
