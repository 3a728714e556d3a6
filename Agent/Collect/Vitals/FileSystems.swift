internal import Wire

extension Tree {
  /// Mounted file systems on real devices, each device once, sorted by mount point.
  func fileSystems(
    _ table: MountTable, _ devices: any DeviceQuestions, _ gaps: inout Gaps
  ) -> [VitalFacts.FileSystem] {
    if let fault = table.fault { gaps.add("fileSystems", fault) }
    let mounts = Tree.worthTelling(table.mounts)
    if mounts.count > 64 { gaps.add("fileSystems", "more than 64 file systems") }
    return mounts.prefix(64).compactMap { mount in
      do throws(DeviceFault) {
        let space = try devices.space(at: mount.point, on: mount.device)
        return VitalFacts.FileSystem(
          mount: mount.point, kind: String(mount.kind.prefix(32)), totalBytes: space.total,
          availableBytes: space.available, readOnly: mount.readOnly)
      } catch {
        gaps.add("fileSystems.\(mount.point)", error.reason)
        return nil
      }
    }
  }

  /// One mount a device: of the whole file system rather than of a folder in it, then the shortest.
  static func worthTelling(_ mounts: [MountTable.Mount]) -> [MountTable.Mount] {
    var best: [String: MountTable.Mount] = [:]
    for mount in mounts where isReal(mount) && !isPersonal(mount.point) && mount.point.utf8.count <= 256 {
      // btrfs's numbers are of subvolumes; its source is the device.
      let key = mount.device.major == 0 ? mount.source : mount.device.description
      if let other = best[key], rank(other) <= rank(mount) { continue }
      best[key] = mount
    }
    return best.values.sorted { $0.point < $1.point }
  }

  private static func rank(_ mount: MountTable.Mount) -> (Int, Int, String) {
    (mount.folder == "/" ? 0 : 1, mount.point.utf8.count, mount.point)
  }

  /// On a block device that holds data: no loop (7), no image of software, nothing served by a program or the network.
  private static func isReal(_ mount: MountTable.Mount) -> Bool {
    let kinds = ["squashfs", "iso9660", "udf", "erofs", "cramfs", "fuse", "fuseblk", "autofs", "overlay", "devtmpfs"]
    return mount.source.hasPrefix("/dev/") && !mount.source.hasPrefix("/dev/loop") && mount.device.major != 7
      && mount.device.major != 11 && !kinds.contains(mount.kind) && !mount.kind.hasPrefix("fuse.")
      && (mount.device.major != 0 || mount.kind == "btrfs" || mount.kind == "bcachefs")
  }

  /// Mount points that name a person or a person's stick.
  private static func isPersonal(_ point: String) -> Bool {
    ["/home/", "/media/", "/run/media/", "/run/user/", "/var/run/media/"].contains { point.hasPrefix($0) }
  }
}
