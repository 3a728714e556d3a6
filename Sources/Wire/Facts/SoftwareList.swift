/// The installed packages as sorted lines `name TAB version TAB architecture TAB source LF`.
///
/// The lines are at once what travels, what is hashed, and what is cut into a shared base and a small difference:
/// 1,500 packages are one string to decode, not 6,000. Sorted by bytes, no line twice.
package struct SoftwareList: Hashable, Sendable, Canonical {
  /// One installed package.
  package struct Package: Hashable, Sendable, Comparable {
    package var name: String
    package var version: String
    /// In the words of its source: `amd64`, `all`, `x86_64`, `noarch` …
    package var architecture: String
    /// The package database: `dpkg`, `rpm`, `flatpak` or `snap`.
    package var source: String

    package init(name: String, version: String, architecture: String, source: String) {
      self.name = name
      self.version = version
      self.architecture = architecture
      self.source = source
    }

    /// The package's line without its LF.
    package var line: String { "\(name)\t\(version)\t\(architecture)\t\(source)" }

    /// Reads a line; nil unless it has four fields of printable characters, the first two not empty.
    package init?(line: some StringProtocol) {
      var text = String(line)
      guard let package = text.withUTF8({ Package(line: $0) }) else { return nil }
      self = package
    }

    /// The same of a line's bytes, without making a text of the line first.
    package init?(line bytes: UnsafeBufferPointer<UInt8>) {
      guard bytes.count <= Limits.packageLineBytes else { return nil }
      var tabs = (first: 0, second: 0, third: 0)
      var count = 0
      for (index, byte) in bytes.enumerated() {
        guard byte == 9 else {
          guard byte >= 0x20, byte != 0x7f else { return nil }
          continue
        }
        tabs = (tabs.second, tabs.third, index)
        count += 1
      }
      guard count == 3, tabs.first > 0, tabs.second > tabs.first + 1 else { return nil }
      func text(_ field: Range<Int>) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: bytes[field]), as: UTF8.self)
      }
      self.init(
        name: text(0..<tabs.first), version: text(tabs.first + 1..<tabs.second),
        architecture: text(tabs.second + 1..<tabs.third), source: text(tabs.third + 1..<bytes.count))
    }

    package static func < (left: Package, right: Package) -> Bool {
      left.line.utf8.lexicographicallyPrecedes(right.line.utf8)
    }
  }

  /// The lines, each ended by LF, in UTF-8.
  package let encoding: String

  /// Sorts and removes duplicates. Packages whose fields hold control characters are left out.
  package init(_ packages: some Sequence<Package>) {
    var lines = packages.map(\.line).filter { Package(line: $0) != nil }
    lines.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var text = ""
    var last: String?
    for line in lines where line != last {
      text += line
      text += "\n"
      last = line
    }
    encoding = text
  }

  /// Takes lines that came from outside.
  ///
  /// - Throws: `wire.software-malformed` for a bad, unsorted or doubled line; `wire.too-large` past the limits.
  package init(encoding: String) throws(WireError) {
    guard encoding.utf8.count <= Limits.softwareBytes else {
      throw WireError(.tooLarge, "The software list is over \(Limits.softwareBytes) bytes.")
    }
    try SoftwareList.check(encoding)
    self.encoding = encoding
  }

  /// Takes lines that this module has made and checked.
  init(checked encoding: String) { self.encoding = encoding }

  /// Of lines that were checked, how many name each source.
  package static func sources(of lines: [UInt8]) -> [String: Int] {
    var counts: [String: Int] = [:]
    for line in lines.split(separator: 10) {
      guard let tab = line.lastIndex(of: 9) else { continue }
      counts[String(decoding: line[(tab + 1)...], as: UTF8.self), default: 0] += 1
    }
    return counts
  }

  package var packages: [Package] { encoding.split(separator: "\n").compactMap { Package(line: $0) } }

  package func encode(into encoder: inout CanonicalEncoder) { encoder.raw(encoding) }
}

extension SoftwareList: Codable {
  package init(from decoder: any Decoder) throws {
    try self.init(encoding: try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(encoding)
  }
}

extension SoftwareList {
  /// One pass over the bytes: fields, order and count, without making a string a line.
  private static func check(_ encoding: String) throws(WireError) {
    var encoding = encoding
    let fault: WireError? = encoding.withUTF8 { bytes in
      var start = 0
      var previous = 0..<0
      var count = 0
      while start < bytes.count {
        var end = start
        var tabs = 0
        while end < bytes.count, bytes[end] != 10 {
          let byte = bytes[end]
          if byte == 9 {
            tabs += 1
          } else if byte < 0x20 || byte == 0x7f {
            return malformed(count, "a control character")
          }
          end += 1
        }
        guard end < bytes.count else { return malformed(count, "no line end") }
        guard tabs == 3, bytes[start] != 9 else { return malformed(count, "not four fields") }
        guard end - start <= Limits.packageLineBytes else { return malformed(count, "too long") }
        if count > 0, !bytes[previous].lexicographicallyPrecedes(bytes[start..<end]) {
          return malformed(count, "not after the line before it")
        }
        previous = start..<end
        start = end + 1
        count += 1
        guard count <= Limits.packages else {
          return WireError(.tooLarge, "The software list has over \(Limits.packages) packages.")
        }
      }
      return nil
    }
    if let fault { throw fault }
  }

  private static func malformed(_ index: Int, _ what: String) -> WireError {
    WireError(.softwareMalformed, "Line \(index + 1) of the software list: \(what).")
  }
}
