internal import Vocabulary
internal import Wire

/// Compares what is installed with lists of what there is, and keeps of the lists only how much each package's newer
/// version weighs.
///
/// apt installs the version with the highest priority, among equals the newest, and never goes back. Without pins a list
/// weighs 500, one of an archive that asks not to be installed from 1, or 100 where it still wants to update what came
/// from it; what is installed weighs 100, or as much as the heaviest list that has the same version.
/// Source: apt_preferences(5), "APT's Default Priority Assignments" and "APT's Interpretation of Priorities"
struct UpdateCount {
  private struct Package {
    var version: [UInt8]
    var weight = 100
    /// Of the heaviest newer version; 0 where there is none.
    var newer = 0
  }

  private var packages: [[UInt8]: Package] = [:]
  private var native: [UInt8] = []
  private var paragraph = ControlParagraph()
  private var key: [UInt8] = []
  /// Whether there are more packages than a machine can have.
  private(set) var isOverfull = false

  // MARK: - What is installed

  mutating func takeInstalled(_ line: Bytes) {
    if paragraph.take(line) { endInstalled() }
  }

  /// After the last line of dpkg's status.
  mutating func endInstalled() {
    defer { paragraph.clear() }
    if paragraph.name.elementsEqual("dpkg".utf8) { native = paragraph.architecture }
    guard paragraph.isUpdatable, !paragraph.name.isEmpty, !paragraph.version.isEmpty else { return }
    guard packages.count < Limits.packages else {
      isOverfull = true
      return
    }
    makeKey()
    packages[key] = Package(version: paragraph.version)
  }

  // MARK: - What there is

  mutating func takeListed(_ line: Bytes, weight: Int) {
    if paragraph.take(line) { endListed(weight: weight) }
  }

  /// After the last line of a list.
  mutating func endListed(weight: Int) {
    defer { paragraph.clear() }
    guard !paragraph.version.isEmpty else { return }
    // A package may change between one architecture and all of them: both are the machine's own.
    makeKey()
    if paragraph.architecture == native || paragraph.architecture == ControlParagraph.all {
      weigh(key, weight)
      makeKey(paragraph.architecture == native ? ControlParagraph.all : native)
    }
    weigh(key, weight)
  }

  var count: Int { packages.values.count { $0.newer > 0 && $0.newer >= $0.weight } }

  // MARK: - Details

  private mutating func makeKey(_ architecture: [UInt8]? = nil) {
    key.removeAll(keepingCapacity: true)
    key += paragraph.name
    key.append(UInt8(ascii: ":"))
    key += architecture ?? paragraph.architecture
  }

  private mutating func weigh(_ key: [UInt8], _ weight: Int) {
    guard let index = packages.index(forKey: key) else { return }
    let order = packages.values[index].version.withUnsafeBufferPointer { installed in
      paragraph.version.withUnsafeBufferPointer { PackageVersion.compare($0, installed) }
    }
    if order == 0 { packages.values[index].weight = max(packages.values[index].weight, weight) }
    if order > 0 { packages.values[index].newer = max(packages.values[index].newer, weight) }
  }
}
