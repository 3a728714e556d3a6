/// apt's lists of packages, and what a count depends on.
///
/// Source: apt.conf(5) Dir::State::lists; names as apt's URItoFileName makes them: `…_dists_bookworm_InRelease`,
/// `…_dists_bookworm_main_binary-amd64_Packages`
struct PackageLists {
  static let folder = "var/lib/apt/lists"
  static let most = 128

  struct List: Equatable {
    var path: String
    /// The file that describes its archive; nil where the archive has none.
    var release: String?
  }

  private(set) var lists: [List] = []

  /// - Parameter names: of the files in the folder.
  init(_ names: [String]) throws(ReadFault) {
    let folder = "/" + PackageLists.folder
    guard names.count < 1024 else { throw ReadFault("more files than can be looked at: \(folder)") }
    let packed = names.first { name in
      ["lz4", "gz", "xz", "bz2", "lzma", "zst"].contains { name.hasSuffix("_Packages.\($0)") }
    }
    if let packed {
      throw ReadFault("not counted: apt keeps its lists compressed here (Acquire::GzipIndexes): \(folder)/\(packed)")
    }
    let stems = names.compactMap { name in
      ["InRelease", "Release"].first { name.hasSuffix("_" + $0) }.map { (String(name.dropLast($0.count)), name) }
    }
    for name in names where name.hasSuffix("_Packages") {
      let release = stems.filter { name.hasPrefix($0.0) }.max { $0.0.utf8.count < $1.0.utf8.count }?.1
      lists.append(
        List(path: "\(PackageLists.folder)/\(name)", release: release.map { "\(PackageLists.folder)/\($0)" }))
    }
    if lists.isEmpty { throw ReadFault("no package lists: 'apt update' has not run, or has failed: \(folder)") }
    if lists.count > PackageLists.most { throw ReadFault("more than \(PackageLists.most) package lists: \(folder)") }
  }
}

/// What an archive wants of apt. Source: apt_preferences(5), `NotAutomatic`, `ButAutomaticUpgrades` of a Release file
struct ArchiveWeight {
  private var isNotAutomatic = false
  private var updatesItsOwn = false

  mutating func take(_ line: Bytes) {
    if line.rest(after: "NotAutomatic:").map(ArchiveWeight.isYes) == true { isNotAutomatic = true }
    if line.rest(after: "ButAutomaticUpgrades:").map(ArchiveWeight.isYes) == true { updatesItsOwn = true }
  }

  var weight: Int { isNotAutomatic ? updatesItsOwn ? 100 : 1 : 500 }

  private static func isYes(_ value: Bytes) -> Bool { value.trimmed.elementsEqual("yes".utf8) }
}
