import Vocabulary

/// A device on one screen, as the help desk reads it out: who it is, where, whether it is well, what changed.
struct DeviceStory {
  let device: JSONValue
  /// The newest changes of facts, newest first.
  let changes: [JSONValue]
  let now: Instant
  let palette: Palette
  private var lines: [String] = []

  init(_ device: JSONValue, changes: [JSONValue], now: Instant, palette: Palette) {
    self.device = device
    self.changes = changes
    self.now = now
    self.palette = palette
  }

  var text: String {
    var story = self
    story.identity()
    story.contact()
    story.health()
    story.hardware()
    story.history()
    return story.lines.joined(separator: "\n") + "\n"
  }

  // MARK: - The parts

  private mutating func identity() {
    let name = device["serial"].string ?? device["hostname"].string ?? device["id"].text
    let model = [device["vendor"].text, device["model"].text].filter { !$0.isEmpty }.joined(separator: " ")
    lines.append(palette.bold(safe(name)) + (model.isEmpty ? "" : "  " + safe(model)))
    row("Id", "\(device["id"].text)   identity \(device["identity"].text)")
    row("Names", joined([labelled("asset tag", "assetTag"), labelled("hostname", "hostname")]))
    row(
      "Where", joined([labelled("district", "district"), labelled("school", "school"), labelled("custody", "custody")]))
    row("Stage", joined([device["stage"].string, labelled("management", "management")]))
    row("With", CustodyWords.holder(device["standing"]), verdict: CustodyWords.verdict(device["standing"]))
    row("Owed", CustodyWords.owed(device["standing"]))
    for key in device["keys"].items {
      let digest = key["key"].text
      let until = key["notAfter"].string.map { "certificate until \(TimeText.minute($0))" }
      let state = key["state"].text
      // The controller's own reasons are sentences; here they stand between commas.
      let reason = key["reason"].string.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
      let words = [state, reason, until, "key \(Digest(hex: digest)?.short ?? digest)"].compactMap(\.self)
        .joined(separator: ", ")
      row("Key", words, verdict: state)
    }
  }

  private mutating func contact() {
    row("Last seen", TimeText.story(device["lastContact"].string, now: now) ?? "never")
    row("Network", device["lastNetwork"].string)
    row("Agent", joined([device["agentVersion"].string, clock]))
    row("Expected", TimeText.story(device["nextContact"].string, now: now))
  }

  private mutating func health() {
    let verdict = device["health"]["verdict"].string ?? "unknown"
    row("Health", verdict, verdict: verdict)
    for item in device["health"]["items"].items {
      let verdict = item["verdict"].text
      let words = [verdict, item["reason"].text].filter { !$0.isEmpty }.joined(separator: " — ")
      row("  " + item["item"].text, words, verdict: verdict)
    }
  }

  private mutating func hardware() {
    let facts = device["facts"]
    let hardware = facts["hardware"]
    let memory = hardware["memoryBytes"].integer.map { "\(ByteCount($0)) memory" }
    row("Hardware", joined([hardware["processor"]["model"].string, memory, tpm(hardware)]))
    for disk in hardware["disks"].items { row("Disk", diskLine(disk, vitals: facts["vitals"])) }
    for battery in hardware["batteries"].items { row("Battery", batteryLine(battery, vitals: facts["vitals"])) }
    let system = facts["system"]
    row(
      "System", joined([system["osName"].string, system["kernel"].string.map { "kernel \($0)" }, encryption(system)]))
    for card in hardware["graphics"].items { row("Graphics", partLine(card, "pciID")) }
    for camera in hardware["cameras"].items { row("Camera", partLine(camera)) }
    for card in hardware["audio"].items { row("Sound", partLine(card)) }
    row("Bluetooth", hardware["bluetooth"].bool.map { $0 ? "there" : "none" })
    for link in facts["vitals"]["links"].items { row("Wi-Fi", signalLine(link)) }
    row("Last start", startLine(system))
    row("Software", softwareLine)
  }

  private mutating func history() {
    guard !changes.isEmpty else { return }
    lines.append(palette.bold("Recent changes"))
    for change in changes {
      let when = change["at"].string.map(TimeText.minute) ?? ""
      let what = [change["section"].text, change["field"].text].filter { !$0.isEmpty }.joined(separator: ".")
      let old = change["old"].string ?? "nothing"
      lines.append("  " + safe("\(when)  \(what): \(old) → \(change["new"].string ?? "nothing")"))
    }
  }

  // MARK: - Details

  private func diskLine(_ disk: JSONValue, vitals: JSONValue) -> String {
    let state = vitals["disks"].items.first { $0["name"] == disk["name"] } ?? .null
    return joined([
      disk["name"].string, disk["model"].string, disk["bytes"].integer.map { "\(ByteCount($0))" },
      disk["serial"].string.map { "serial \($0)" }, state["percentUsed"].integer.map { "\($0) % worn" },
    ]) ?? ""
  }

  private func batteryLine(_ battery: JSONValue, vitals: JSONValue) -> String {
    let state = vitals["batteries"].items.first { $0["name"] == battery["name"] } ?? .null
    var holds: String?
    if let full = state["fullMicrowattHours"].integer, let design = battery["designMicrowattHours"].integer, design > 0
    {
      holds = "holds \(Int((Double(full) * 100 / Double(design)).rounded())) % of new"
    }
    return joined([
      battery["name"].string, battery["manufacturer"].string, battery["model"].string, holds,
      state["cycles"].integer.map { "\($0) cycles" },
    ]) ?? ""
  }

  private func partLine(_ part: JSONValue, _ id: String = "") -> String? {
    joined([part["model"].string ?? part[id].string ?? part["name"].string, part["driver"].string])
  }

  /// Of an adapter that tells how well it hears its network.
  private func signalLine(_ link: JSONValue) -> String? {
    let quality = link["qualityPercent"].integer.map { "quality \($0) %" }
    return joined([quality, link["signalDBm"].integer.map { "\($0) dBm" }])
  }

  private func startLine(_ system: JSONValue) -> String? {
    guard let total = system["bootMilliseconds"].integer else { return nil }
    let firmware = system["bootFirmwareMilliseconds"].integer.map { ", \(seconds($0)) of them before the kernel" }
    return "took \(seconds(total))\(firmware ?? "")"
  }

  private func seconds(_ milliseconds: Int64) -> String { "\(milliseconds / 1000) s" }

  /// With their sources, where there are several.
  private var softwareLine: String? {
    guard let count = device["softwareCount"].integer else { return nil }
    let sources = device["softwareSources"].members.compactMap { name, number in
      number.integer.map { "\(name) \($0)" }
    }
    return "\(count) packages" + (sources.count > 1 ? " (\(sources.sorted().joined(separator: ", ")))" : "")
  }

  /// Said only where it is off by a minute or more.
  private var clock: String? {
    guard let offset = device["clockOffsetMilliseconds"].integer, abs(offset) >= 60_000 else { return nil }
    return "its clock is \(abs(offset) / 1000) s \(offset > 0 ? "fast" : "slow")"
  }

  private func tpm(_ hardware: JSONValue) -> String? { hardware["tpmVersion"].string.map { "TPM \($0)" } }

  private func encryption(_ system: JSONValue) -> String? {
    system["rootEncrypted"].bool.map { $0 ? "disk encrypted" : "disk not encrypted" }
  }

  private func labelled(_ label: String, _ key: String) -> String? { device[key].string.map { "\(label) \($0)" } }

  private func joined(_ parts: [String?]) -> String? {
    let given = parts.compactMap { $0 }.filter { !$0.isEmpty }
    return given.isEmpty ? nil : given.joined(separator: ", ")
  }

  private func safe(_ text: String) -> String { TerminalText.neutralised(text) }

  /// A label and its value, where there is one; coloured by the word `verdict`.
  private mutating func row(_ label: String, _ value: String?, verdict: String? = nil) {
    guard let value, !value.isEmpty else { return }
    let label = safe(label)
    let space = String(repeating: " ", count: max(1, 14 - TerminalText.width(label)))
    lines.append(label + space + palette.verdict(safe(value), word: verdict ?? ""))
  }
}
