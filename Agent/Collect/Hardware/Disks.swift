internal import Wire

/// A disk and where the kernel keeps it.
struct DiskReading {
  var disk: HardwareFacts.Disk
  /// Below the root, such as `sys/block/sda/device`.
  var device: String
}

struct DiskReadings {
  var list: [DiskReading] = []
  var gaps = Gaps()
}

extension Tree {
  /// Whole disks that stay in the machine, sorted by name. Source: /sys/block
  func disks() -> DiskReadings {
    var found = DiskReadings()
    for name in names(in: "sys/block", "disks", &found.gaps) where DiskKind.isDisk(name) {
      guard found.list.count < 64 else {
        found.gaps.add("disks", "more than 64 disks")
        break
      }
      let folder = "sys/block/\(name)"
      // Absent attributes mean fixed and visible; an SD card says "not removable", though its slot holds it loosely.
      if optionalNumber(folder + "/removable") == 1 || optionalNumber(folder + "/hidden") == 1 { continue }
      let size = number(folder + "/size", "disks.\(name).bytes", &found.gaps)
      if size == 0 || (try? text(folder + "/device/type")) == "SD" { continue }
      let kind = DiskKind.of(name, path: resolved(folder) ?? "")
      var disk = HardwareFacts.Disk(name: name, kind: kind)
      disk.bytes = size.flatMap { $0 > 0 && $0 <= Int64.max / 512 ? $0 * 512 : nil }
      if let size, disk.bytes == nil { found.gaps.add("disks.\(name).bytes", "not a number of sectors: \(size)") }
      disk.rotational = number(folder + "/queue/rotational", "disks.\(name).rotational", &found.gaps).map { $0 != 0 }
      describe(&disk, folder, &found.gaps)
      found.list.append(DiskReading(disk: disk, device: folder + "/device"))
    }
    return found
  }

  private func describe(_ disk: inout HardwareFacts.Disk, _ folder: String, _ gaps: inout Gaps) {
    let (device, field) = (folder + "/device", "disks.\(disk.name)")
    switch disk.kind {
    case "nvme":
      disk.model = text(device + "/model", field + ".model", &gaps)
      disk.serial = text(device + "/serial", field + ".serial", &gaps)
      disk.firmware = text(device + "/firmware_rev", field + ".firmware", &gaps)
    case "mmc":
      disk.model = text(device + "/name", field + ".model", &gaps)
      disk.serial = text(device + "/serial", field + ".serial", &gaps)
      disk.firmware = text(device + "/fwrev", field + ".firmware", &gaps)
    case "virtio":
      disk.serial = text(folder + "/serial", field + ".serial", &gaps)
    case "ata", "scsi", "usb":
      if let identity = pageOfIdentity(device) {
        (disk.model, disk.serial, disk.firmware) = (identity.model, identity.serial, identity.firmware)
      }
      disk.model = disk.model ?? text(device + "/model", field + ".model", &gaps)
      disk.firmware = disk.firmware ?? text(device + "/rev", field + ".firmware", &gaps)
      disk.serial = disk.serial ?? serialPage(device, field + ".serial", &gaps)
    default: break
    }
  }

  /// An ATA disk's IDENTIFY data. Source: SAT-4, ATA Information VPD page 89h; readable by root only
  private func pageOfIdentity(_ device: String) -> ATAIdentity? {
    (try? bytes(device + "/vpd_pg89", limit: Tree.attributeLimit) { ATAIdentity(page: $0) }) ?? nil
  }

  /// Source: SPC-4, Unit Serial Number VPD page 80h: four bytes of header, then the serial
  private func serialPage(_ device: String, _ field: String, _ gaps: inout Gaps) -> String? {
    do throws(ReadFault) {
      return try bytes(device + "/vpd_pg80", limit: Tree.attributeLimit) { page in
        page.count > 4 && page[1] == 0x80 ? page.part(4..<4 + Int(page.big16(at: 2))).text : nil
      } ?? nil
    } catch {
      gaps.add(field, error)
      return nil
    }
  }
}

/// What a block device is, by its name and place.
enum DiskKind {
  /// Not loop, RAM, mapper, RAID, optical, floppy or network devices, nor an eMMC's boot partitions.
  static func isDisk(_ name: String) -> Bool {
    let whole = ["nvme", "sd", "vd", "xvd", "hd"].contains { name.hasPrefix($0) }
    return whole || name.hasPrefix("mmcblk") && !name.contains("boot") && !name.contains("rpmb")
  }

  /// `path` is the device's place among /sys/devices.
  static func of(_ name: String, path: String) -> String {
    if name.hasPrefix("nvme") { return "nvme" }
    if name.hasPrefix("mmcblk") { return "mmc" }
    if name.hasPrefix("vd") { return "virtio" }
    if path.contains("/usb") { return "usb" }
    if path.contains("/ata") { return "ata" }
    return name.hasPrefix("sd") ? "scsi" : "other"
  }
}

/// The names in an ATA disk's IDENTIFY data, which swaps the bytes of each word.
///
/// Source: ACS-3, 7.12.7: words 10–19 serial, 23–26 firmware, 27–46 model; behind 60 bytes of page header
struct ATAIdentity: Equatable {
  var model: String?
  var serial: String?
  var firmware: String?

  init?(page: Bytes) {
    guard page.count >= 572, page[1] == 0x89 else { return nil }
    func words(_ range: Range<Int>) -> String? {
      let swapped = range.flatMap { [page[60 + $0 * 2 + 1], page[60 + $0 * 2]] }
      return swapped.withUnsafeBufferPointer { $0.text }
    }
    serial = words(10..<20)
    firmware = words(23..<27)
    model = words(27..<47)
  }
}
