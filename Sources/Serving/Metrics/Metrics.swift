import Synchronization

/// Numbers for operators, in Prometheus's text format 0.0.4.
package final class Metrics: Sendable {
  private let families = Mutex<[Family]>([])

  package init() {}

  private struct Family: Sendable {
    let name: String
    let help: String
    let kind: String
    /// Each sample's labels, already rendered, and its source.
    var samples: [(labels: String, read: @Sendable () -> String)]
  }

  /// A number that only grows.
  package func counter(_ name: String, _ help: String, labels: [(String, String)] = []) -> Counter {
    let counter = Counter()
    add(name, help, "counter", labels) { "\(counter.value)" }
    return counter
  }

  /// A number that only grows, counted elsewhere and asked for when it is scraped.
  package func counter(_ name: String, _ help: String, read: @escaping @Sendable () -> Int) {
    add(name, help, "counter", []) { "\(read())" }
  }

  /// Seconds that only grow, asked for when they are scraped.
  package func counter(_ name: String, _ help: String, seconds: @escaping @Sendable () -> Double) {
    add(name, help, "counter", []) { "\(seconds())" }
  }

  /// A number asked for when it is scraped.
  package func gauge(
    _ name: String, _ help: String, labels: [(String, String)] = [], read: @escaping @Sendable () -> Double
  ) {
    add(name, help, "gauge", labels) { "\(read())" }
  }

  private func add(
    _ name: String, _ help: String, _ kind: String, _ labels: [(String, String)],
    read: @escaping @Sendable () -> String
  ) {
    let text = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
    families.withLock { families in
      if let index = families.firstIndex(where: { $0.name == name }) {
        families[index].samples.append((text, read))
      } else {
        families.append(Family(name: name, help: help, kind: kind, samples: [(text, read)]))
      }
    }
  }

  package var text: String {
    var text = ""
    for family in families.withLock({ $0 }) {
      text += "# HELP \(family.name) \(family.help)\n# TYPE \(family.name) \(family.kind)\n"
      for sample in family.samples {
        text += family.name + (sample.labels.isEmpty ? "" : "{\(sample.labels)}") + " \(sample.read())\n"
      }
    }
    return text
  }

  private static func escaped(_ value: String) -> String {
    value.map { $0 == "\\" ? "\\\\" : $0 == "\"" ? "\\\"" : $0 == "\n" ? "\\n" : String($0) }.joined()
  }
}

/// A counter that any thread may raise.
package final class Counter: Sendable {
  private let number = Atomic<Int>(0)

  package func increment(by amount: Int = 1) { number.wrappingAdd(amount, ordering: .relaxed) }
  package var value: Int { number.load(ordering: .relaxed) }
}
