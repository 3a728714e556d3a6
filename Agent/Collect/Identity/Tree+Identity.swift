internal import Vocabulary
internal import Wire

extension Tree {
  /// Which machine this is. Source: SMBIOS through /sys/class/dmi/id; the device tree where there is no SMBIOS
  func identity(_ adapters: [AdapterReading]) -> IdentityFacts {
    var facts = IdentityFacts()
    var gaps = Gaps()
    if exists("sys/class/dmi/id") {
      smbios(&facts, &gaps)
    } else if exists("proc/device-tree") {
      deviceTree(&facts, &gaps)
    } else {
      gaps.add("serial", "the kernel offers no firmware tables: /sys/class/dmi/id is absent")
    }
    facts.builtInMACs = builtInAddresses(adapters)
    facts.unreadable = gaps.list
    return facts
  }

  private func smbios(_ facts: inout IdentityFacts, _ gaps: inout Gaps) {
    let folder = "sys/class/dmi/id/"
    facts.serial = text(folder + "product_serial", "serial", &gaps)
    facts.uuid = text(folder + "product_uuid", "uuid", &gaps)
    facts.boardSerial = text(folder + "board_serial", "boardSerial", &gaps)
    facts.chassisSerial = text(folder + "chassis_serial", "chassisSerial", &gaps)
    facts.assetTag = text(folder + "chassis_asset_tag", "assetTag", &gaps)
    facts.vendor = text(folder + "sys_vendor", "vendor", &gaps)
    facts.product = text(folder + "product_name", "product", &gaps)
    facts.version = text(folder + "product_version", "version", &gaps)
    facts.family = text(folder + "product_family", "family", &gaps)
    facts.sku = text(folder + "product_sku", "sku", &gaps)
    facts.board = text(folder + "board_name", "board", &gaps)
    facts.firmwareVendor = text(folder + "bios_vendor", "firmwareVendor", &gaps)
    facts.firmwareVersion = text(folder + "bios_version", "firmwareVersion", &gaps)
    facts.firmwareDate = text(folder + "bios_date", "firmwareDate", &gaps)
    if let type = number(folder + "chassis_type", "chassisType", &gaps) {
      facts.chassisType = (0...255).contains(type) ? Int(type) : nil
      if facts.chassisType == nil { gaps.add("chassisType", "not an SMBIOS chassis type: \(type)") }
    }
  }

  /// Source: Devicetree specification, root node properties `serial-number`, `model`
  private func deviceTree(_ facts: inout IdentityFacts, _ gaps: inout Gaps) {
    facts.serial = text("proc/device-tree/serial-number", "serial", &gaps)
    facts.product = text("proc/device-tree/model", "product", &gaps)
    if facts.serial == nil, gaps.list.isEmpty { gaps.add("serial", "the device tree names no serial number") }
  }

  /// An address that software chose would change under a device's feet: it is never identity.
  private func builtInAddresses(_ adapters: [AdapterReading]) -> [String] {
    let addresses = adapters.filter { $0.adapter.builtIn && $0.permanent }
      .compactMap { $0.adapter.mac.flatMap(MACAddress.init) }
    return Set(addresses.filter { !$0.isLocallyAdministered }).sorted().map(\.text)
  }
}
