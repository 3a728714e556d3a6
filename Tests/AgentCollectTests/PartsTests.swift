import Testing
import Wire

@testable import AgentCollect

@Suite("Graphics, cameras, sound, Bluetooth, boots and Wi-Fi")
struct PartsTests {
  @Test("A laptop's parts are told by what they are called, and nothing of what is near them")
  func parts() throws {
    let facts = FactCollector(root: fixture("rpm-laptop"), devices: RecordedDevices()).collect()
    let hardware = try #require(facts.hardware)
    #expect(hardware.graphics?.map(\.name) == ["card1"], "connectors and render nodes are no adapters")
    #expect(hardware.graphics?.first?.model == "Intel Corporation Alder Lake-UP3 GT2 [Iris Xe Graphics]")
    #expect(hardware.graphics?.first?.pciID == "8086:46a8")
    #expect(hardware.graphics?.first?.driver == "i915")
    let camera = HardwareFacts.Part(name: "video0", model: "Integrated Camera: Integrated C", driver: "uvcvideo")
    #expect(hardware.cameras == [camera], "one for both of its nodes, and none that a program makes up")
    #expect(
      hardware.audio == [
        .init(name: "card0", model: "HDA Intel PCH", driver: "HDA-Intel"),
        .init(name: "card1", model: "Classroom Headset", driver: "USB-Audio"),
      ])
    #expect(hardware.bluetooth == true)
    try expectAcceptable(facts)
  }

  @Test("A machine without such parts says so")
  func none() throws {
    let facts = FactCollector(root: fixture("no-dmi"), devices: RecordedDevices()).collect()
    #expect(facts.hardware?.graphics == [])
    #expect(facts.hardware?.cameras == [])
    #expect(facts.hardware?.audio == [])
    #expect(facts.hardware?.bluetooth == false)
  }

  @Test("What is told of parts does not change the hash, but what is compared beside it")
  func beside() throws {
    var facts = FactCollector(root: fixture("rpm-laptop"), devices: RecordedDevices()).collect()
    facts.system?.bootID = "one"
    var other = facts
    other.hardware?.cameras = []
    #expect(facts.canonical(.hardware) == other.canonical(.hardware))
    #expect(facts.beside(.hardware) != other.beside(.hardware))
    var later = facts
    later.system?.bootID = "two"
    #expect(facts.beside(.hardware) != later.beside(.hardware), "each start tells them again")
    #expect(FactSection.allCases.filter { facts.beside($0) != nil } == [.hardware])
  }

  @Test("Without a list of PCI's names the ids are told, and ids that are none are not")
  func ids() throws {
    let tree = try ScratchTree()
    try tree.write("sys/class/drm/card0/device/vendor", "0x1AF4\n")
    try tree.write("sys/class/drm/card0/device/device", "0x1050\n")
    try tree.write("sys/class/drm/card2/device/vendor", "0x1af4\n")
    try tree.write("sys/class/drm/card2/device/device", "0x1050\n")
    let graphics = try #require(FactCollector(root: tree.root).collect().hardware?.graphics)
    #expect(graphics.map(\.pciID) == [nil, "1af4:1050"])
    #expect(graphics.map(\.model) == [nil, nil])
  }

  @Test(
    "The time of a start is the firmware's and the system's, once it is over",
    arguments: [
      (BootTimes(firmware: 6_100_000, finished: 14_250_000), 20_350, 6100),
      (BootTimes(firmware: 0, finished: 9_000_999), 9000, nil), (BootTimes(firmware: 5_000_000, finished: 0), nil, nil),
      (BootTimes(firmware: .max, finished: .max), nil, nil),
    ] as [(BootTimes, Int64?, Int64?)])
  func boots(times: BootTimes, total: Int64?, firmware: Int64?) {
    let facts = FactCollector(root: fixture("no-dmi"), devices: RecordedDevices(boot: times)).collect()
    #expect(facts.system?.bootMilliseconds == total)
    #expect(facts.system?.bootFirmwareMilliseconds == firmware)
  }

  @Test("A link's quality is a part of the best that its driver tells")
  func quality() {
    let table = Array(
      """
      Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
       face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
       wlan0: 0000   56.  -54.  -256        0      0      0      0      0        0
       wlan1: 0000   70    -40   -256        0      0      0      0      0        0
       wlan2: 0000   80.   90.     0        0      0      0      0      0        0
       wlan3: 0000   99.  -54.  -256        0      0      0      0      0        0
      """.utf8
    ).viewed { WirelessTable($0) }
    #expect(table.qualities == ["wlan0": 80, "wlan1": 100, "wlan2": 80])
    #expect(table.levels == ["wlan0": -54, "wlan1": -40, "wlan3": -54])
  }

  @Test("systemd's answer of a number is read, and nothing else is")
  func variant() throws {
    // A method's return: signature v, body: 't', padding, 1234567.
    let fields: [UInt8] = [5, 1, 0x75, 0, 2, 0, 0, 0, 8, 1, 0x67, 0, 1, 0x76, 0]
    let body: [UInt8] = [1, 0x74, 0, 0, 0, 0, 0, 0, 0x87, 0xd6, 0x12, 0, 0, 0, 0, 0]
    let head: [UInt8] = [0x6c, 2, 1, 1, UInt8(body.count), 0, 0, 0, 9, 0, 0, 0, UInt8(fields.count), 0, 0, 0]
    let whole = head + fields + [0] + body
    #expect(try BusMessage(whole).variantNumber() == 1_234_567)
    for index in whole.indices {
      for value: UInt8 in [0, 1, 0x7f, 0xff] {
        var changed = whole
        changed[index] = value
        _ = try? BusMessage(changed).variantNumber()
      }
    }
    let call = BusMessage.call("Get", of: "a.b", at: "/p", to: "c.d", serial: 3, texts: ["x", "y"])
    #expect(try BusMessage(call).signature == "ss")
  }
}
