internal import Wire

extension Tree {
  /// Snaps in the revision that runs. Source: /snap/NAME/current/meta/snap.yaml, on some systems below /var/lib/snapd
  func snaps(_ list: inout SoftwareList.Builder) throws(ReadFault) {
    for folder in ["snap", "var/lib/snapd/snap"] {
      let names = try names(in: folder)
      for name in names {
        guard let snap = try snap("\(folder)/\(name)") else { continue }
        list.add(
          name: snap.name ?? Array(name.utf8), version: snap.version ?? Array("unknown".utf8),
          architecture: snap.architecture ?? [], source: "snap")
      }
      // Where the second is not a link to the first, there is only one of them.
      if !names.isEmpty { return }
    }
  }

  /// nil for what is no snap. Where no revision is linked, for some moments of a refresh or since the snap was disabled, the
  /// newest one counts: it is installed all the same.
  private func snap(_ folder: String) throws(ReadFault) -> SnapMetadata? {
    if let current = try bytes("\(folder)/current/meta/snap.yaml", { SnapMetadata($0) }) { return current }
    // A number, with an `x` where it came from a file.
    let revisions = try names(in: folder).compactMap { name in
      Int(name.hasPrefix("x") ? name.dropFirst() : name[...]).map { (number: $0, name: name) }
    }.sorted { $0.number > $1.number }
    for revision in revisions {
      if let found = try bytes("\(folder)/\(revision.name)/meta/snap.yaml", { SnapMetadata($0) }) { return found }
    }
    return nil
  }
}

/// Three fields at the top of a snap's description, which snapd writes one a line.
///
/// Source: snapcraft.io, "The snap format": meta/snap.yaml
struct SnapMetadata: Equatable {
  var name: [UInt8]?
  var version: [UInt8]?
  /// The first, where there are several: a snap runs in one.
  var architecture: [UInt8]?

  init(_ bytes: Bytes) {
    var inArchitectures = false
    bytes.eachLine { line in
      if inArchitectures, architecture == nil, let item = line.trimmed.rest(after: "-") {
        architecture = SnapMetadata.value(item)
      }
      if let first = line.first, first != UInt8(ascii: " "), first != UInt8(ascii: "-") { inArchitectures = false }
      if name == nil, let rest = line.rest(after: "name:") { name = SnapMetadata.value(rest) }
      if version == nil, let rest = line.rest(after: "version:") { version = SnapMetadata.value(rest) }
      if let rest = line.rest(after: "architectures:") {
        inArchitectures = true
        let list = rest.trimmed
        if list.first == UInt8(ascii: "[") {
          let end = list.firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "]") } ?? list.count
          architecture = SnapMetadata.value(list.part(1..<end))
        }
      }
      return true
    }
  }

  /// A bare or quoted word without a comment; nil where it is empty.
  private static func value(_ bytes: Bytes) -> [UInt8]? {
    var value = bytes.trimmed
    if let quote = value.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") {
      guard let end = value.first(quote, from: 1) else { return nil }
      value = value.part(1..<end)
    } else if let hash = value.first(UInt8(ascii: "#")), hash > 0, value[hash - 1] <= 0x20 {
      value = value.part(0..<hash).trimmed
    }
    return value.isEmpty ? nil : Array(value)
  }
}
