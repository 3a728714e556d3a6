package import Registry
internal import Wire

extension FactDiff {
  /// Packages that are named one by one; past them only the counts tell.
  static let namedPackages = 50
  /// Lines that differ up to which packages are told apart by name; past them lines are only counted.
  static let comparedLines = 1_000

  /// Packages that came, went or have another version, with their counts first.
  package static func softwareChanges(old: [UInt8], new: [UInt8]) -> [FactChange] {
    guard let difference = SoftwareDifference(from: old, to: new, limit: comparedLines) else {
      let (came, went) = SoftwareDifference.counts(from: old, to: new)
      return [
        FactChange(section: "software", field: "packages", old: nil, new: "\(came) versions came, \(went) went")
      ]
    }
    guard difference.packages > 0 else { return [] }
    let gone = packages(lines(difference.removed, of: old))
    let came = packages(lines(nil, of: difference.added))
    let names = Set(gone.keys).union(came.keys).sorted()
    let added = names.count { gone[$0] == nil }
    let removed = names.count { came[$0] == nil }
    let summary = "\(added) added, \(removed) removed, \(names.count - added - removed) changed"
    return [FactChange(section: "software", field: "packages", old: nil, new: summary)]
      + names.prefix(namedPackages).map { name in
        FactChange(section: "software", field: name, old: gone[name], new: came[name])
      }
  }

  /// Versions by `name:architecture`; several versions of one package stand together.
  private static func packages(_ lines: [String]) -> [String: String] {
    var versions: [String: String] = [:]
    for line in lines {
      guard let package = SoftwareList.Package(line: line) else { continue }
      let name = package.architecture.isEmpty ? package.name : "\(package.name):\(package.architecture)"
      versions[name] = versions[name].map { "\($0), \(package.version)" } ?? package.version
    }
    return versions
  }

  /// The lines of these numbers, rising, or all of them.
  private static func lines(_ numbers: [Int]?, of list: [UInt8]) -> [String] {
    list.withUnsafeBufferPointer { bytes in
      var scanner = LineScanner(bytes)
      var wanted = numbers?.makeIterator()
      var next = wanted?.next()
      var found: [String] = []
      while !scanner.atEnd {
        if numbers == nil || scanner.index == next {
          found.append(String(decoding: scanner.line, as: UTF8.self))
          next = wanted?.next()
        }
        scanner.advance()
      }
      return found
    }
  }
}
