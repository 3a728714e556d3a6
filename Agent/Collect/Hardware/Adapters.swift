internal import Vocabulary
internal import Wire

/// A network adapter and what is known of its address.
struct AdapterReading {
  var adapter: HardwareFacts.Adapter
  /// Whether its address is the one burnt in.
  var permanent: Bool
  var gaps = Gaps()
}

extension Tree {
  /// Adapters that are hardware, sorted by name. Source: /sys/class/net/NAME/device
  func adapters(_ devices: any DeviceQuestions) -> [AdapterReading] {
    // A folder that cannot be listed shows as a gap of the links, which read it again.
    let names = ((try? names(in: "sys/class/net")) ?? []).filter { exists("sys/class/net/\($0)/device") }
    return names.prefix(64).map { adapter($0, devices) }
  }

  private func adapter(_ name: String, _ devices: any DeviceQuestions) -> AdapterReading {
    let (folder, field) = ("sys/class/net/\(name)", "adapters.\(name)")
    var gaps = Gaps()
    var kind = "other"
    if exists(folder + "/wireless") || exists(folder + "/phy80211") {
      kind = "wifi"
    } else if number(folder + "/type", field + ".kind", &gaps) == 1 {
      kind = "ethernet"
    }
    let (mac, permanent) = address(name, devices, &gaps)
    let adapter = HardwareFacts.Adapter(
      name: name, kind: kind, mac: mac?.text, driver: linkName(folder + "/device/driver"),
      builtIn: isBuiltIn(folder, field, &gaps))
    return AdapterReading(adapter: adapter, permanent: permanent, gaps: gaps)
  }

  /// Source: ETHTOOL_GPERMADDR, else /sys/class/net/NAME/address, where addr_assign_type 0 means permanent
  private func address(_ name: String, _ devices: any DeviceQuestions, _ gaps: inout Gaps) -> (MACAddress?, Bool) {
    let folder = "sys/class/net/\(name)"
    if let bytes = try? devices.permanentAddress(ofAdapter: name), bytes.count == 6,
      let mac = MACAddress(bytes.map { Hex.encode([$0]) }.joined(separator: ":"))
    {
      return (mac, true)
    }
    let present = text(folder + "/address", "adapters.\(name).mac", &gaps).flatMap(MACAddress.init)
    return (present, present != nil && optionalNumber(folder + "/addr_assign_type") == 0)
  }

  /// Not on USB, and not in a slot or dock that the firmware calls removable. Source: /sys/devices path, `removable`
  private func isBuiltIn(_ folder: String, _ field: String, _ gaps: inout Gaps) -> Bool {
    guard let path = resolved(folder + "/device") else {
      gaps.add(field + ".builtIn", "its place among the devices is not told")
      return false
    }
    return !path.contains("/usb") && (try? text(folder + "/device/removable")) != "removable"
  }
}
