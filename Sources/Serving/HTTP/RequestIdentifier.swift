import HTTPTypes
import Synchronization
import Vocabulary

/// Names a request in the logs and in its answer: unlike any other of this or an earlier start, and cheap, as it is a
/// count from a random beginning rather than a question to the kernel each time.
enum RequestIdentifier {
  static let header = HTTPField.Name("X-Request-Id") ?? .eTag

  private static let count = Atomic<UInt64>(.random(in: .min ... .max))

  static func next() -> String {
    let number = count.wrappingAdd(1, ordering: .relaxed).newValue
    return withUnsafeBytes(of: number.bigEndian) { Hex.encode($0) }
  }
}
