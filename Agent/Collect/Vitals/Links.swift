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
      if up {
        link.signalDBm = wireless?.levels[name]
        link.qualityPercent = wireless?.qualities[name]
      }
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

/// Signal levels and link qualities by adapter; the networks' names do not stand there.
///
/// Source: /proc/net/wireless: `wlan0: 0000   70.  -40.  -256 …`, name, status, link, level
struct WirelessTable: Equatable {
  /// dBm, from −150 to −1; drivers that give a bare quality are left out.
  var levels: [String: Int] = [:]
  /// 0 to 100. The kernel rates a link from 0 to 70 where it knows the level in dBm, and else from 0 to 100.
  /// Source: net/wireless/wext-compat.c, cfg80211_wireless_stats
  var qualities: [String: Int] = [:]

  init(_ bytes: Bytes) {
    bytes.eachLine { line in
      let words = line.words(limit: 5)
      guard words.count >= 4, let name = words[0].text, name.hasSuffix(":") else { return true }
      let adapter = String(name.dropLast())
      let level = WirelessTable.number(words[3]).flatMap { (-150 ... -1).contains($0) ? Int($0) : nil }
      levels[adapter] = level
      let best: Int64 = level == nil ? 100 : 70
      if let quality = WirelessTable.number(words[2]), (0...best).contains(quality) {
        qualities[adapter] = Int(quality * 100 / best)
      }
      return max(levels.count, qualities.count) < 64
    }
  }

  /// A full stop behind a number says that it was measured since it was last asked for.
  private static func number(_ word: Bytes) -> Int64? {
    (word.last == UInt8(ascii: ".") ? word.part(0..<word.count - 1) : word).number
  }
}
