internal import Wire

extension Tree {
  /// Source: /sys/class/net/NAME operstate and speed, megabits a second; /proc/net/wireless level, dBm
  func links(_ adapters: [AdapterReading], _ gaps: inout Gaps) -> [VitalFacts.Link] {
    _ = names(in: "sys/class/net", "links", &gaps)
    let wireless = adapters.contains { $0.adapter.kind == "wifi" } ? wirelessTable(&gaps) : nil
    return adapters.map { reading in
      let name = reading.adapter.name
      let folder = "sys/class/net/\(name)"
      let state = text(folder + "/operstate", "links.\(name).up", &gaps)
      // Some drivers never tell a state; then the carrier does.
      let up = state == "up" || state == "unknown" && optionalNumber(folder + "/carrier") == 1
      var link = VitalFacts.Link(name: name, up: up)
      // Reading the speed of a link that is down fails, and one that knows none says -1.
      if up, let speed = optionalNumber(folder + "/speed"), (1...1_000_000).contains(speed) {
        link.speedMbps = Int(speed)
      }
      if up { link.signalDBm = wireless?.levels[name] }
      return link
    }
  }

  private func wirelessTable(_ gaps: inout Gaps) -> WirelessTable? {
    do throws(ReadFault) {
      if let table = try bytes("proc/net/wireless", limit: 64 << 10, { WirelessTable($0) }) { return table }
      gaps.add("links.signalDBm", "absent: /proc/net/wireless")
    } catch {
      gaps.add("links.signalDBm", error)
    }
    return nil
  }
}

/// Signal levels by adapter.
///
/// Source: /proc/net/wireless: `wlan0: 0000   70.  -40.  -256 …`, name, status, link, level
struct WirelessTable: Equatable {
  /// dBm, from −150 to −1; drivers that give a bare quality are left out.
  var levels: [String: Int] = [:]

  init(_ bytes: Bytes) {
    bytes.eachLine { line in
      let words = line.words(limit: 5)
      guard words.count >= 4, let name = words[0].text, name.hasSuffix(":") else { return true }
      let level = words[3].last == UInt8(ascii: ".") ? words[3].part(0..<words[3].count - 1) : words[3]
      if let dBm = level.number, (-150 ... -1).contains(dBm) { levels[String(name.dropLast())] = Int(dBm) }
      return levels.count < 64
    }
  }
}
