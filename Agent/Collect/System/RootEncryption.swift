internal import Wire

extension Tree {
  /// Whether the root file system lies wholly on encrypted block devices, and how.
  ///
  /// From the device of `/` down through partitions, LVM and RAID to the disks.
  /// Source: /sys/dev/block/M:N/dm/uuid, which dm-crypt begins with `CRYPT-LUKS2-`; /sys/dev/block/M:N/slaves
  func rootEncryption(_ mounts: MountTable, _ facts: inout SystemFacts, _ gaps: inout Gaps) {
    if let fault = mounts.fault { return gaps.add("rootEncrypted", fault) }
    guard let root = mounts.rootMount else { return gaps.add("rootEncrypted", "nothing is mounted at /") }
    guard let device = place(of: root) else {
      return gaps.add("rootEncrypted", "the root file system (\(root.kind)) is on no block device that can be told")
    }
    var budget = 64
    do throws(ReadFault) {
      let found = try encryption(of: device, &budget)
      facts.rootEncrypted = found != nil
      facts.encryptionKind = found
    } catch {
      gaps.add("rootEncrypted", error)
    }
  }

  /// The device's folder, such as `sys/dev/block/254:0`. btrfs mounts have no number of their own, but name a source.
  private func place(of mount: MountTable.Mount) -> String? {
    let byNumber = "sys/dev/block/\(mount.device)"
    if mount.device.major != 0 { return exists(byNumber) ? byNumber : nil }
    guard mount.source.hasPrefix("/dev/"), let name = mount.source.split(separator: "/").last else { return nil }
    if exists("sys/class/block/\(name)") { return "sys/class/block/\(name)" }
    let mapped = ((try? names(in: "sys/block")) ?? []).first { block in
      block.hasPrefix("dm-") && (try? text("sys/block/\(block)/dm/name")) == String(name)
    }
    return mapped.map { "sys/block/\($0)" }
  }

  /// `luks2`, `luks1`, `plain` …; nil where a part of it is not encrypted.
  private func encryption(of folder: String, _ budget: inout Int) throws(ReadFault) -> String? {
    budget -= 1
    guard budget > 0 else { throw ReadFault("more than 64 block devices below the root file system") }
    if let uuid = try text(folder + "/dm/uuid"), let kind = Tree.encryptionKind(uuid) { return kind }
    // A partition keeps its disk above it, and only the disk knows what it stands on.
    if exists(folder + "/partition") { return try encryption(of: folder + "/..", &budget) }
    var kind: String?
    for name in try names(in: folder + "/slaves") {
      guard let found = try encryption(of: "\(folder)/slaves/\(name)", &budget) else { return nil }
      kind = kind ?? found
    }
    return kind
  }

  /// dm-verity and dm-integrity call themselves CRYPT- too, but hide nothing.
  static func encryptionKind(_ uuid: String) -> String? {
    let parts = uuid.split(separator: "-", maxSplits: 2)
    guard parts.count == 3, parts[0] == "CRYPT", parts[1] != "VERITY", parts[1] != "INTEGRITY",
      parts[1].utf8.count <= 16
    else { return nil }
    return parts[1].lowercased()
  }
}
