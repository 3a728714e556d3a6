internal import Wire

extension Tree {
  /// Graphics, cameras, sound and Bluetooth: what each is, never what it shows, hears or is near to.
  func parts(_ facts: inout HardwareFacts, _ gaps: inout Gaps) {
    facts.graphics = graphics(&gaps)
    facts.cameras = cameras(&gaps)
    facts.audio = soundCards(&gaps)
    // `hci0` is the adapter, `hci0:12` would be who is connected.
    facts.bluetooth = names(in: "sys/class/bluetooth", "bluetooth", &gaps)
      .contains { $0.hasPrefix("hci") && !$0.contains(":") }
  }

  /// Adapters that are hardware. Source: /sys/class/drm/cardN/device vendor, device and driver
  private func graphics(_ gaps: inout Gaps) -> [HardwareFacts.Graphics] {
    let folder = "sys/class/drm"
    // `card0-eDP-1` is a connector of `card0`.
    let cards = names(in: folder, "graphics", &gaps).filter { name in
      name.hasPrefix("card") && name.utf8.dropFirst(4).allSatisfy { (0x30...0x39).contains($0) }
        && exists("\(folder)/\(name)/device")
    }.prefix(16)
    var ids: [PCINames.ID?] = []
    for name in cards {
      let device = "\(folder)/\(name)/device"
      let maker = text(device + "/vendor", "graphics.\(name).pciID", &gaps)
      ids.append(PCINames.ID(maker: maker, device: text(device + "/device", "graphics.\(name).pciID", &gaps)))
    }
    let names = pciNames(of: ids.compactMap(\.self))
    return zip(cards, ids).map { name, id in
      var card = HardwareFacts.Graphics(name: name)
      card.driver = linkName("\(folder)/\(name)/device/driver")
      card.pciID = id?.text
      card.model = id.flatMap { names[$0] }
      return card
    }
  }

  /// One part for each device that takes pictures; those that software makes up have no device.
  ///
  /// Source: /sys/class/video4linux/videoN name, index, device; index 0 is a device's first node
  private func cameras(_ gaps: inout Gaps) -> [HardwareFacts.Part] {
    let folder = "sys/class/video4linux"
    var seen: Set<String> = []
    var found: [HardwareFacts.Part] = []
    for name in names(in: folder, "cameras", &gaps) where name.hasPrefix("video") && found.count < 32 {
      guard let place = resolved("\(folder)/\(name)/device"), optionalNumber("\(folder)/\(name)/index") ?? 0 == 0,
        seen.insert(place).inserted
      else { continue }
      let model = text("\(folder)/\(name)/name", "cameras.\(name)", &gaps)
      found.append(HardwareFacts.Part(name: name, model: model, driver: linkName("\(folder)/\(name)/device/driver")))
    }
    return found
  }

  private func soundCards(_ gaps: inout Gaps) -> [HardwareFacts.Part] {
    do throws(ReadFault) {
      return try bytes("proc/asound/cards", limit: 64 << 10) { SoundCards($0).list } ?? []
    } catch {
      gaps.add("audio", error)
      return []
    }
  }

  /// Names of these ids; without such a list on the machine, none.
  private func pciNames(of ids: [PCINames.ID]) -> [PCINames.ID: String] {
    guard !ids.isEmpty else { return [:] }
    for path in ["usr/share/hwdata/pci.ids", "usr/share/misc/pci.ids"] {
      var table = PCINames(wanted: Set(ids))
      // A list that cannot be read is as one that is not there: the ids themselves are told.
      if (try? eachLine(path, limit: 16 << 20, { table.take($0) })) == true { return table.names }
    }
    return [:]
  }
}

/// Sound cards by the kernel's numbers.
///
/// Source: /proc/asound/cards: ` 0 [PCH            ]: HDA-Intel - HDA Intel PCH`; a second line says where it is
struct SoundCards: Equatable {
  var list: [HardwareFacts.Part] = []

  init(_ bytes: Bytes) {
    bytes.eachLine { line in
      guard let open = line.first(UInt8(ascii: "[")), let number = line.part(0..<open).number, number >= 0,
        let close = line.first(UInt8(ascii: "]"), from: open),
        let rest = line.part(close + 1..<line.count).rest(after: ": ")
      else { return true }
      let words = rest.words(limit: 2)
      guard let driver = words.first?.text else { return true }
      var model: String?
      if let dash = rest.first(UInt8(ascii: "-"), from: words[0].count) {
        model = rest.part(dash + 1..<rest.count).text
      }
      list.append(HardwareFacts.Part(name: "card\(number)", model: model, driver: driver))
      return list.count < 32
    }
  }
}

/// Names of PCI devices out of the list that distributions carry.
///
/// Source: pci.ids(5): `8086  Intel Corporation`, TAB `9a49  TigerLake-LP GT2 [Iris Xe Graphics]`, two TABs for subsystems
struct PCINames {
  struct ID: Hashable {
    let maker: String
    let device: String

    /// From what sysfs says, such as `0x8086` and `0x9a49`; nil for anything else.
    init?(maker: String?, device: String?) {
      func digits(_ text: String?) -> String? {
        guard let text, text.hasPrefix("0x"), text.utf8.count == 6,
          text.utf8.dropFirst(2).allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        return String(text.dropFirst(2))
      }
      guard let maker = digits(maker), let device = digits(device) else { return nil }
      (self.maker, self.device) = (maker, device)
    }

    var text: String { "\(maker):\(device)" }
  }

  private(set) var names: [ID: String] = [:]
  private let wanted: Set<ID>
  /// Of the maker whose devices follow, its name and what is wanted of it.
  private var maker = ""
  private var devices: [ID] = []

  init(wanted: Set<ID>) { self.wanted = wanted }

  mutating func take(_ line: Bytes) {
    guard let first = line.first, first != UInt8(ascii: "#") else { return }
    if first != 9 {
      devices = wanted.filter { line.part(0..<4).elementsEqual($0.maker.utf8) }
      if !devices.isEmpty { maker = line.part(4..<line.count).text ?? "" }
    } else if !devices.isEmpty, line.count > 5, line[1] != 9 {
      guard let id = devices.first(where: { line.part(1..<5).elementsEqual($0.device.utf8) }), names[id] == nil,
        let device = line.part(5..<line.count).text
      else { return }
      names[id] = "\(maker) \(device)"
    }
  }
}
