#if canImport(Glibc)
  import Glibc
#endif

/// How the C library's allocator shares memory between threads.
enum Allocator {
  /// Threads take from one of this many heaps. Left alone, glibc makes eight a processor, each of which keeps what its busiest
  /// moment took: a controller that needs 90 MB then holds 200.
  private static let heaps: Int32 = 3

  /// To be called before the first thread begins.
  static func shareHeaps() {
    #if canImport(Glibc)
      mallopt(M_ARENA_MAX, heaps)
    #endif
  }
}
