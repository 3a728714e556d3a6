import NIOCore
import Synchronization

/// What each worker's loop holds, to be asked for when the run is over.
final class LoopResults<Value>: Sendable {
  private let values = Mutex<[NIOLoopBound<Value>]>([])

  func add(_ value: NIOLoopBound<Value>) { values.withLock { $0.append(value) } }

  func each<Part: Sendable>(_ part: @escaping @Sendable (Value) -> Part) async throws -> [Part] {
    var parts: [Part] = []
    for value in values.withLock({ $0 }) { parts.append(try await value.eventLoop.submit { part(value.value) }.get()) }
    return parts
  }
}
