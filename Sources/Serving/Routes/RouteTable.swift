import HTTPTypes
import Vocabulary

/// Finds a route by method and path; made once from declared routes.
struct RouteTable<Route: Sendable>: Sendable {
  enum Match {
    case found(Route, index: Int, parameters: [String: String])
    /// The path exists, but not with this method.
    case otherMethods([HTTPRequest.Method])
    case none
  }

  private struct Entry: Sendable {
    let method: HTTPRequest.Method
    let index: Int
    let route: Route
  }

  private struct Pattern: Sendable {
    let segments: [Segment]
    var entries: [Entry]
  }

  private enum Segment: Sendable, Hashable {
    case fixed(String)
    case parameter(String)
  }

  /// Paths without parameters, which most requests have, cost one look-up.
  private var fixed: [String: [Entry]] = [:]
  private var patterns: [Int: [Pattern]] = [:]

  init(_ routes: [(method: HTTPRequest.Method, path: String, route: Route)]) {
    for (index, item) in routes.enumerated() {
      let entry = Entry(method: item.method, index: index, route: item.route)
      let segments = item.path.split(separator: "/").map { text -> Segment in
        text.hasPrefix("{") && text.hasSuffix("}")
          ? .parameter(String(text.dropFirst().dropLast())) : .fixed(String(text))
      }
      guard segments.contains(where: { if case .parameter = $0 { true } else { false } }) else {
        fixed[item.path, default: []].append(entry)
        continue
      }
      var group = patterns[segments.count] ?? []
      if let known = group.firstIndex(where: { $0.segments == segments }) {
        group[known].entries.append(entry)
      } else {
        group.append(Pattern(segments: segments, entries: [entry]))
      }
      patterns[segments.count] = group
    }
  }

  func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
    if let entries = fixed[path] { return choose(method, entries, [:]) }
    let parts = path.split(separator: "/", omittingEmptySubsequences: true)
    var others: [HTTPRequest.Method] = []
    for pattern in patterns[parts.count] ?? [] {
      guard let parameters = Self.parameters(of: pattern.segments, in: parts) else { continue }
      switch choose(method, pattern.entries, parameters) {
      case .otherMethods(let methods): others += methods
      case let found: return found
      }
    }
    return others.isEmpty ? .none : .otherMethods(others)
  }

  private func choose(_ method: HTTPRequest.Method, _ entries: [Entry], _ parameters: [String: String]) -> Match {
    // HEAD is GET whose body is left out on the way.
    let wanted: HTTPRequest.Method = method == .head ? .get : method
    if let entry = entries.first(where: { $0.method == wanted }) {
      return .found(entry.route, index: entry.index, parameters: parameters)
    }
    return .otherMethods(entries.map(\.method))
  }

  private static func parameters(of segments: [Segment], in parts: [Substring]) -> [String: String]? {
    var parameters: [String: String] = [:]
    for (segment, part) in zip(segments, parts) {
      switch segment {
      case .fixed(let text): if text != part { return nil }
      case .parameter(let name):
        guard let value = PercentEncoding.decode(part) else { return nil }
        parameters[name] = value
      }
    }
    return parameters
  }
}
