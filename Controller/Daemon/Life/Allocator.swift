import CMalloc
import ServiceLifecycle

/// How the C library's allocator shares memory between threads.
enum Allocator {
  /// Threads take from one of this many heaps. Left alone, glibc makes eight a processor, each of which keeps what its busiest
  /// moment took: a controller that needs 100 MB then holds 200.
  private static let heaps: Int32 = 3

  /// To be called before threads begin. Where it is refused, more memory is held, and nothing else.
  static func shareHeaps() { _ = rc_share_heaps(heaps) }

  /// Gives back what was freed since. glibc by itself only gives back the end of its first heap, so that one busy minute of first
  /// inventories would be held for good.
  struct Return: Service {
    static let interval = Duration.seconds(30)

    func run() async throws {
      await cancelWhenGracefulShutdown {
        while (try? await Task.sleep(for: Self.interval)) != nil { rc_give_back() }
      }
    }
  }
}
