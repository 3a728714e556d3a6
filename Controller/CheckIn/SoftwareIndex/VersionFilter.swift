internal import Serving
internal import Vocabulary
internal import Wire

/// Which versions of a package are asked for.
enum VersionFilter: Sendable, Hashable {
  case any
  case exactly(String)
  /// Older than this one, in dpkg's order.
  case below(String)

  func takes(_ version: String) -> Bool {
    switch self {
    case .any: true
    case .exactly(let wanted): version == wanted
    case .below(let limit): PackageVersion.isOlder(version, than: limit)
    }
  }

  static let parameters: [Operation.Parameter] = [
    .init("version", "Only this version"), .init("below", "Only versions older than this one, in dpkg's order"),
  ]

  /// - Throws: `request.query` where both are given.
  init(_ call: Call) throws(ServingError) {
    self = try Self(version: try call.query("version"), below: try call.query("below"))
  }

  /// - Throws: `request.query` where both are given.
  init(version exact: String?, below: String?) throws(ServingError) {
    for text in [exact, below] where text?.isEmpty == true || text?.utf8.count ?? 0 > Limits.packageLineBytes {
      throw ServingError(.query, "A version has 1 to \(Limits.packageLineBytes) bytes.")
    }
    switch (exact, below) {
    case (nil, nil): self = .any
    case (let version?, nil): self = .exactly(version)
    case (nil, let version?): self = .below(version)
    case (_?, _?): throw ServingError(.query, "Give 'version' or 'below', not both.")
    }
  }
}
