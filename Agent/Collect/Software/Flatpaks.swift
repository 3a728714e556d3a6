internal import Wire

extension Tree {
  /// Applications and runtimes that were installed for the whole system by Flatpak; those of a home folder are not looked at.
  ///
  /// The version is the newest release that the application tells of itself, else the branch, as of a runtime.
  /// Source: /var/lib/flatpak/{app,runtime}/ID/ARCHITECTURE/BRANCH/active/metadata, AppStream's metainfo `<release version="…">`
  func flatpaks(_ list: inout SoftwareList.Builder) throws(ReadFault) {
    for kind in ["app", "runtime"] {
      let folder = "var/lib/flatpak/\(kind)"
      for id in try names(in: folder) {
        // `current` is a link to one of the others.
        for architecture in try names(in: "\(folder)/\(id)") where architecture != "current" {
          for branch in try names(in: "\(folder)/\(id)/\(architecture)") {
            let active = "\(folder)/\(id)/\(architecture)/\(branch)/active"
            guard exists(active + "/metadata") else { continue }
            let version = kind == "app" ? release(of: id, in: active) : nil
            list.add(
              name: Array(id.utf8), version: version ?? Array(branch.utf8), architecture: Array(architecture.utf8),
              source: "flatpak")
          }
        }
      }
    }
  }

  private func release(of id: String, in active: String) -> [UInt8]? {
    let places = ["metainfo/\(id).metainfo.xml", "metainfo/\(id).appdata.xml", "appdata/\(id).appdata.xml"]
    for place in places {
      // A file that cannot be read is as one that tells no release: the branch says which it is.
      if let found = try? bytes("\(active)/files/share/\(place)", { Metainfo.release($0) }) { return found }
    }
    return nil
  }
}

/// Of an application's AppStream file, the version of its first release, which is the newest.
///
/// Source: freedesktop.org AppStream specification, section 2.1.3.13
enum Metainfo {
  static func release(_ bytes: Bytes) -> [UInt8]? {
    var position = 0
    while let open = bytes.first(UInt8(ascii: "<"), from: position) {
      position = open + 1
      guard let rest = bytes.part(position..<bytes.count).rest(after: "release"), let next = rest.first, next <= 0x20
      else { continue }
      return attribute("version", of: rest.part(0..<(rest.first(UInt8(ascii: ">")) ?? 0)))
    }
    return nil
  }

  /// The value of `name="value"` or `name='value'`, of at most 128 bytes and without entities.
  private static func attribute(_ name: StaticString, of tag: Bytes) -> [UInt8]? {
    var position = 0
    while position < tag.count {
      guard tag[position] <= 0x20, let rest = tag.part(position + 1..<tag.count).rest(after: name) else {
        position += 1
        continue
      }
      let value = rest.trimmed
      guard value.first == UInt8(ascii: "=") else { return nil }
      let quoted = value.part(1..<value.count).trimmed
      guard let quote = quoted.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
        let end = quoted.first(quote, from: 1), (2...129).contains(end),
        quoted.part(1..<end).first(UInt8(ascii: "&")) == nil
      else { return nil }
      return Array(quoted.part(1..<end))
    }
    return nil
  }
}
