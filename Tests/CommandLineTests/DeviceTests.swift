import Testing

@testable import rollcall

private let device = """
  {"id":"dev_0123456789abcdef","district":"cedar-falls","school":"lincoln","serial":"PF3XK2M9","assetTag":"A-0042",
  "hostname":"lt-0042","vendor":"LENOVO","model":"ThinkPad L13","management":"agent","stage":"enrolled","custody":"district",
  "identity":"strong","keys":[{"key":"3f5a0c11223344556677889900aabbccddeeff00112233445566778899aabbcc","state":"active",
  "issuedAt":"2026-11-21T20:00:00Z","notAfter":"2027-02-19T20:00:00Z"}],"lastContact":"2026-11-21T20:55:00Z",
  "nextContact":"2026-11-21T21:55:00Z","health":{"verdict":"attention","items":[
  {"item":"battery","verdict":"attention","reason":"It holds 61 % of what it held when new."},
  {"item":"disk","verdict":"well","reason":"4 % of its endurance is used."}]},
  "facts":{"hardware":{"processor":{"model":"Intel Core i7-1165G7","threads":8,"architecture":"x86_64"},
  "memoryBytes":16777216000,"disks":[{"name":"nvme0n1","kind":"nvme","model":"KIOXIA","serial":"K1","bytes":256060514304}],
  "batteries":[{"name":"BAT0","manufacturer":"SMP","model":"5B10","designMicrowattHours":46000000}],"tpmVersion":"2.0"},
  "system":{"osName":"Debian GNU/Linux 12 (bookworm)","kernel":"6.1.0-28-amd64","rootEncrypted":true},
  "vitals":{"disks":[{"name":"nvme0n1","percentUsed":4}],
  "batteries":[{"name":"BAT0","fullMicrowattHours":28060000,"cycles":412}]}},"softwareCount":1503,"agentVersion":"0.1.0","clockOffsetMilliseconds":-90000}
  """

private func controller(found: [String: String], shown: String = device) -> FakeController {
  FakeController { request throws(ConnectionFailure) in
    if request.target.contains("/changes") {
      return .json(
        "{\"items\":[{\"at\":\"2026-11-20T08:00:00Z\",\"section\":\"hardware\",\"field\":\"memoryBytes\",\"old\":\"8 GiB\",\"new\":\"16 GiB\"}]}"
      )
    }
    if request.target.hasPrefix("/api/v1/districts/") { return .json(shown) }
    for (filter, items) in found where request.target.contains("?\(filter)=") { return .json("{\"items\":[\(items)]}") }
    return .json("{\"items\":[]}")
  }
}

@Suite("A device")
struct DeviceTests {
  @Test("device show tells the whole story on one screen")
  func story() {
    let outcome = run("device", "show", "PF3XK2M9", on: controller(found: ["serial": device]))
    #expect(outcome.status == .success)
    #expect(
      outcome.out == """
        PF3XK2M9  LENOVO ThinkPad L13
        Id            dev_0123456789abcdef   identity strong
        Names         asset tag A-0042, hostname lt-0042
        Where         district cedar-falls, school lincoln, custody district
        Stage         enrolled, management agent
        Key           active, certificate until 2027-02-19 20:00 UTC, key 3f5a0c1122334455…
        Last seen     2026-11-21 20:55 UTC (5 min ago)
        Agent         0.1.0, its clock is 90 s slow
        Expected      2026-11-21 21:55 UTC (in 55 min)
        Health        attention
          battery     attention — It holds 61 % of what it held when new.
          disk        well — 4 % of its endurance is used.
        Hardware      Intel Core i7-1165G7, 16 GiB memory, TPM 2.0
        Disk          nvme0n1, KIOXIA, 238 GiB, serial K1, 4 % worn
        Battery       BAT0, SMP, 5B10, holds 61 % of new, 412 cycles
        System        Debian GNU/Linux 12 (bookworm), kernel 6.1.0-28-amd64, disk encrypted
        Software      1503 packages
        Recent changes
          2026-11-20 08:00 UTC  hardware.memoryBytes: 8 GiB → 16 GiB

        """)
    #expect(outcome.out.split(separator: "\n").count <= 24)
  }

  @Test("A device known by its serial alone has a short story")
  func serialOnly() {
    let story = DeviceStory(
      ["id": "dev_1", "serial": "X1", "district": "d", "identity": "serial-only", "management": "none"], changes: [],
      now: .init(milliseconds: 0), palette: Palette(enabled: false))
    #expect(story.text.contains("X1\n") && story.text.contains("Last seen     never"))
  }

  @Test("A device's parts, its last start, its Wi-Fi and the sources of its software stand in its story")
  func parts() throws {
    let text = #"""
      {"id":"dev_1","serial":"X1","district":"d","identity":"strong","softwareCount":1021,
      "softwareSources":{"snap":3,"dpkg":1018},"facts":{
      "hardware":{"graphics":[{"name":"card0","pciID":"8086:46b3","driver":"i915"}],"bluetooth":false,
      "cameras":[{"name":"video0","model":"Example Camera","driver":"uvcvideo"}],
      "audio":[{"name":"card0","model":"Example Sound","driver":"HDA-Intel"}]},
      "system":{"bootMilliseconds":20350,"bootFirmwareMilliseconds":6100},
      "vitals":{"links":[{"name":"enp1s0","up":true},{"name":"wlp1s0","up":true,"qualityPercent":81,"signalDBm":-53}]}}}
      """#
    let device = try #require(JSONValue(Array(text.utf8)))
    let story = DeviceStory(device, changes: [], now: .init(milliseconds: 0), palette: Palette(enabled: false)).text
    for line in [
      "Graphics      8086:46b3, i915\n", "Camera        Example Camera, uvcvideo\n",
      "Sound         Example Sound, HDA-Intel\n", "Bluetooth     none\n", "Wi-Fi         quality 81 %, -53 dBm\n",
      "Last start    took 20 s, 6 s of them before the kernel\n", "Software      1021 packages (dpkg 1018, snap 3)\n",
    ] { #expect(story.contains(line), "\(story)") }
    #expect(story.split(separator: "\n").count { $0.hasPrefix("Wi-Fi") } == 1, "a cable has no such line")
  }

  @Test("The reason of a key's quarantine stands beside it, and no control character of it reaches the terminal")
  func reason() {
    let quarantined = device.replacing(
      "\"state\":\"active\"", with: "\"state\":\"quarantined\",\"reason\":\"two machines\\u001b say so\"")
    let outcome = run("device", "show", "PF3XK2M9", on: controller(found: ["serial": quarantined], shown: quarantined))
    #expect(
      outcome.out.contains(
        "Key           quarantined, two machines\\x1b say so, certificate until 2027-02-19 20:00 UTC"))
  }

  @Test("A reason that is a sentence stands between commas without its full stop")
  func sentence() {
    let held = device.replacing(
      "\"state\":\"active\"", with: "\"state\":\"quarantined\",\"reason\":\"Another key claims it.\"")
    let outcome = run("device", "show", "PF3XK2M9", on: controller(found: ["serial": held], shown: held))
    #expect(outcome.out.contains("Key           quarantined, Another key claims it, certificate until"))
  }

  @Test("One imported device is one", arguments: [(1, "Imported 1 device from"), (2, "Imported 2 devices from")])
  func imported(rows: Int, said: String) {
    let fake = FakeController(.success(.json("{\"rows\":\(rows),\"created\":0,\"updated\":\(rows)}")))
    let files = MemoryFiles(["i.csv": "serial\nA1B2\n"])
    #expect(run("device", "import", "i.csv", "-d", "d", on: fake, files: files).out.hasPrefix(said))
  }

  @Test("Of two live keys, the command says that --key chooses, and names them")
  func keyChoice() {
    let twice = device.replacing(
      "\"keys\":[",
      with: "\"keys\":[{\"key\":\"aa\",\"state\":\"quarantined\"},{\"key\":\"gone\",\"state\":\"revoked\"},"
    )
    let fake = FakeController { request throws(ConnectionFailure) in
      if request.method == .post { return .problem(409, "registry.key-choice", "Say it in 'key'.") }
      return .json("{\"items\":[\(request.target.contains("?serial=") ? twice : "")]}")
    }
    let outcome = run("device", "approve", "PF3XK2M9", on: fake)
    #expect(outcome.status == .refused)
    #expect(outcome.err.contains("2 live keys; say with --key which one stays: aa (quarantined), 3f5a0c"))
    #expect(!outcome.err.contains("'key'") && !outcome.err.contains("gone"))
    #expect(run("device", "approve", "PF3XK2M9", "--key", "3f5a0c", on: fake).status == .usage)
  }

  @Test("Several devices of one name are listed, with exit code 3")
  func ambiguous() {
    let items =
      "{\"id\":\"dev_1\",\"serial\":\"A1\",\"district\":\"d\"},{\"id\":\"dev_2\",\"serial\":\"A2\",\"district\":\"d\"}"
    let outcome = run("device", "show", "lt-1", on: controller(found: ["hostname": items]))
    #expect(outcome.status == .notFound)
    #expect(
      outcome.err.contains("dev_1") && outcome.err.contains("dev_2") && outcome.err.contains("2 devices are called"))
    #expect(outcome.out.isEmpty)
  }

  @Test("The same device found by serial and hostname is one device")
  func foundTwice() {
    let outcome = run("device", "show", "PF3XK2M9", on: controller(found: ["serial": device, "hostname": device]))
    #expect(outcome.status == .success)
  }

  @Test("Of a name that begins others, those are suggested")
  func suggestions() {
    let outcome = run("device", "show", "PF3X", on: controller(found: ["q": device]))
    #expect(outcome.status == .notFound)
    #expect(outcome.err.contains("PF3XK2M9") && outcome.err.contains("begin so"))
  }

  @Test("The ledger shows where each event left the device, not only what the event itself states")
  func ledger() {
    let event = """
      {"items":[{"sequence":1,"at":"2026-11-21T20:00:00Z","actor":"controller","kind":"expected","stageAfter":"ordered",
      "custodyAfter":"vendor"}]}
      """
    let fake = FakeController { request throws(ConnectionFailure) in
      request.target.contains("/ledger") ? .json(event) : .json("{\"items\":[\(device)]}")
    }
    let out = run("device", "ledger", "PF3XK2M9", "--output", "csv", on: fake).out
    #expect(
      out
        == "at,event,stage,custody,actor,evidence,reason,from,to,details\r\n2026-11-21T20:00:00Z,expected,ordered,vendor,controller,,,,,\r\n"
    )
  }

  @Test("Nothing found is exit code 3 and says so")
  func nothing() {
    let outcome = run("device", "show", "ZZZ", on: controller(found: [:]))
    #expect(outcome.status == .notFound)
    #expect(outcome.err.contains("ZZZ"))
  }

  @Test("quarantine sends its reason to the device's own path")
  func quarantine() {
    let fake = controller(found: ["serial": device])
    #expect(run("device", "quarantine", "PF3XK2M9", "--reason", "two machines", on: fake).status == .success)
    let last = fake.requests.last
    #expect(last?.target == "/api/v1/districts/cedar-falls/devices/dev_0123456789abcdef/quarantine")
    #expect(last?.body.map { String(decoding: $0, as: UTF8.self) } == "{\"reason\":\"two machines\"}")
  }

  @Test("Of machines without a serial that wait, the table shows the key as the agent does, files the whole of it")
  func waiting() {
    let key = "3f5a0c11223344556677889900aabbccddeeff00112233445566778899aabbcc"
    let item = """
      {"items":[{"id":"pen_1","district":"d","batch":"b","key":"\(key)","macs":["02:00:5e:00:00:01","02:00:5e:00:00:02"],
      "reason":"no-identity","requestedAt":"2026-11-21T20:00:00Z","seenAt":"2026-11-21T20:55:00Z"}]}
      """
    let fake = FakeController(.success(.json(item)))
    let table = run("pending", "list", on: fake).out
    #expect(
      table.contains("  3f5a0c1122334455…  ") && table.contains("02:00:5e:00:00:01, 02:00:5e:00:00:02"), "\(table)")
    let csv = run("pending", "list", "--output", "csv", on: fake).out
    #expect(
      csv == """
        id,key,serial,macs,district,batch,reason,requestedAt,seenAt,device\r
        pen_1,\(key),,"02:00:5e:00:00:01, 02:00:5e:00:00:02",d,b,no-identity,2026-11-21T20:00:00Z,2026-11-21T20:55:00Z,\r

        """)
    #expect(run("pending", "list", "--output", "json", on: fake).out.contains(key))
  }

  @Test("A waiting request is approved in its own district")
  func pending() {
    let fake = FakeController(
      .success(.json("{\"items\":[{\"id\":\"pen_1\",\"district\":\"cedar-falls\"}]}")), .success(.json("{}")))
    #expect(run("pending", "approve", "pen_1", on: fake).status == .success)
    #expect(fake.requests[1].target == "/api/v1/districts/cedar-falls/pending/pen_1/approve")
  }
}
