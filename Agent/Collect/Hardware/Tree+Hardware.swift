internal import Wire

extension Tree {
  /// What the machine is made of.
  func hardware(
    disks: DiskReadings, adapters: [AdapterReading], _ devices: any DeviceQuestions
  ) -> HardwareFacts {
    var facts = HardwareFacts()
    var gaps = Gaps()
    facts.processor = processor(devices, &gaps)
    facts.memoryBytes = memory("memoryBytes", &gaps).total
    facts.disks = disks.list.map(\.disk)
    for gap in disks.gaps.list { gaps.add(gap.field, gap.reason) }
    facts.batteries = batteries(&gaps)
    facts.adapters = adapters.map(\.adapter)
    for adapter in adapters {
      for gap in adapter.gaps.list { gaps.add(gap.field, gap.reason) }
    }
    facts.tpmVersion = tpmVersion(&gaps)
    firmware(&facts, &gaps)
    parts(&facts, &gaps)
    facts.unreadable = gaps.list
    return facts
  }

  /// Source: /sys/class/tpm/tpm0/tpm_version_major, since Linux 5.6
  private func tpmVersion(_ gaps: inout Gaps) -> String? {
    guard exists("sys/class/tpm/tpm0") else { return nil }
    switch number("sys/class/tpm/tpm0/tpm_version_major", "tpmVersion", &gaps) {
    case 2: return "2.0"
    case 1: return "1.2"
    case .some(let other): gaps.add("tpmVersion", "not a TPM version: \(other)")
    case nil where gaps.list.last?.field != "tpmVersion":
      gaps.add("tpmVersion", "this kernel does not tell the version of /sys/class/tpm/tpm0")
    case nil: break
    }
    return nil
  }

  /// Source: UEFI specification, section 3.3, SecureBoot; its value follows four bytes of attributes in efivarfs
  private func firmware(_ facts: inout HardwareFacts, _ gaps: inout Gaps) {
    guard exists("sys/firmware") else { return gaps.add("uefi", "absent: /sys/firmware") }
    facts.uefi = exists("sys/firmware/efi")
    guard facts.uefi == true else { return }
    let folder = "sys/firmware/efi/efivars"
    let variable = folder + "/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    do throws(ReadFault) {
      let value = try bytes(variable, limit: Tree.attributeLimit) { $0.count == 5 ? $0[4] : nil }
      switch value {
      case .some(0): facts.secureBoot = false
      case .some(1): facts.secureBoot = true
      case .some: gaps.add("secureBoot", "not a SecureBoot variable: /\(variable)")
      case nil: if try names(in: folder).isEmpty { gaps.add("secureBoot", "efivarfs is not mounted: /\(folder)") }
      }
    } catch {
      gaps.add("secureBoot", error)
    }
  }
}
