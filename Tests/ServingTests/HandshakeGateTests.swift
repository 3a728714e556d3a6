import NIOCore
import NIOPosix
import Testing

@testable import Serving

@Suite struct HandshakeGateTests {
  @Test("Handshakes past the limit wait, and begin in their order as others end")
  func order() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let began = try await loop.submit { () -> [[Int]] in
      let gate = HandshakeGate(limit: 2, loop: loop)
      var begun: [Int] = []
      for number in 1...5 { gate.enter().assumeIsolated().whenSuccess { begun.append(number) } }
      var seen = [begun]
      gate.leave()
      seen.append(begun)
      gate.leave()
      gate.leave()
      seen.append(begun)
      #expect(gate.waiting == 0)
      // Two are under way still: when one ends, one may enter at once, and no more.
      gate.leave()
      for number in 6...7 { gate.enter().assumeIsolated().whenSuccess { begun.append(number) } }
      seen.append(begun)
      return seen
    }.get()
    #expect(began == [[1, 2], [1, 2, 3], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6]])
    try await group.shutdownGracefully()
  }
}
