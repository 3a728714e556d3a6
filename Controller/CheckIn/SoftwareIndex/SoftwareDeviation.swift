internal import Wire

/// How a device's list differs from its base, as packages: what the base has and it has not (−1), and the reverse (+1).
struct SoftwareDeviation: Hashable {
  private(set) var counts: [SoftwareList.Package: Int] = [:]

  init() {}

  /// - Parameter base: the base's lines.
  init(_ difference: SoftwareDifference, from base: [UInt8]) {
    Self.each(of: base, numbers: difference.removed) { add($0, -1) }
    Self.each(of: difference.added) { add($0, 1) }
  }

  private mutating func add(_ package: SoftwareList.Package, _ amount: Int) {
    let sum = (counts[package] ?? 0) + amount
    counts[package] = sum == 0 ? nil : sum
  }

  /// The names of the packages by which it differs.
  var names: Set<String> { Set(counts.keys.map(\.name)) }

  /// Calls `body` with each package of `lines`, and the number of its line from 0. What is no package is passed over,
  /// here as in the lists that people see.
  static func each(of lines: [UInt8], _ body: (SoftwareList.Package, Int) -> Void) {
    lines.withUnsafeBufferPointer { bytes in
      var scanner = LineScanner(bytes)
      while !scanner.atEnd {
        if let package = SoftwareList.Package(line: scanner.line) {
          body(package, scanner.index)
        }
        scanner.advance()
      }
    }
  }

  static func each(of lines: [UInt8], _ body: (SoftwareList.Package) -> Void) {
    each(of: lines) { package, _ in body(package) }
  }

  /// Only the lines with these numbers, which rise.
  private static func each(of lines: [UInt8], numbers: [Int], _ body: (SoftwareList.Package) -> Void) {
    lines.withUnsafeBufferPointer { bytes in
      var scanner = LineScanner(bytes)
      var wanted = numbers.makeIterator()
      var next = wanted.next()
      while let number = next, !scanner.atEnd {
        if scanner.index == number {
          if let package = SoftwareList.Package(line: scanner.line) { body(package) }
          next = wanted.next()
        }
        scanner.advance()
      }
    }
  }
}
