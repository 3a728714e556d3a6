import HelpDesk
import Testing
import Vocabulary
import Wire

@testable import rollcalld

/// What a machine told, as the help desk's pages ask for it.
@Suite("What pages show of a machine")
struct DeskSourcesTests {
  @Test("Numbers become shares, links their kinds, and parts lines")
  func told() {
    var hardware = HardwareFacts()
    var battery = HardwareFacts.Battery(name: "BAT0")
    battery.designMicrowattHours = 50_000_000
    hardware.batteries = [battery]
    hardware.adapters = [
      HardwareFacts.Adapter(name: "wlp0", kind: "wifi", mac: nil, driver: nil, builtIn: true),
      HardwareFacts.Adapter(name: "enp1", kind: "ethernet", mac: nil, driver: nil, builtIn: true),
    ]
    hardware.memoryBytes = 8_165_296_384
    var vitals = VitalFacts()
    var state = VitalFacts.BatteryState(name: "BAT0")
    state.fullMicrowattHours = 23_500_000
    vitals.batteries = [state]
    var wireless = VitalFacts.Link(name: "wlp0", up: true)
    wireless.signalDBm = -58
    vitals.links = [wireless, VitalFacts.Link(name: "enp1", up: false)]
    vitals.fileSystems = [
      VitalFacts.FileSystem(mount: "/", kind: "ext4", totalBytes: 1000, availableBytes: 250, readOnly: false),
      VitalFacts.FileSystem(mount: "/home", kind: "ext4", totalBytes: 1000, availableBytes: 90, readOnly: false),
    ]
    vitals.thermals = [VitalFacts.Thermal(zone: "cpu", millicelsius: 61_500)]
    let told = MachineTold(Facts(hardware: hardware, vitals: vitals))
    #expect(told.batteryPercent == 47 && told.spaceFreePercent == 9 && told.hottestCelsius == 61)
    #expect(told.links == [.wireless] && told.signal == -58 && !told.isReadOnly)
    #expect(told.parts == [MachineTold.Part("Memory", "8 GiB")])
  }

  @Test("Numbers that no machine has break nothing")
  func hostile() {
    var hardware = HardwareFacts()
    var battery = HardwareFacts.Battery(name: "BAT0")
    battery.designMicrowattHours = 1
    hardware.batteries = [battery]
    hardware.memoryBytes = .min
    var vitals = VitalFacts()
    var state = VitalFacts.BatteryState(name: "BAT0")
    state.fullMicrowattHours = .max
    vitals.batteries = [state]
    vitals.memoryAvailableBytes = .max
    vitals.memoryTotalBytes = 0
    vitals.thermals = [
      VitalFacts.Thermal(zone: "x", millicelsius: .max), VitalFacts.Thermal(zone: "y", millicelsius: .min),
    ]
    vitals.fileSystems = [
      VitalFacts.FileSystem(mount: "/", kind: "ext4", totalBytes: -5, availableBytes: .min, readOnly: true)
    ]
    let told = MachineTold(Facts(hardware: hardware, vitals: vitals))
    #expect(told.batteryPercent == 254 && told.memoryFreePercent == nil && told.hottestCelsius == nil)
    #expect(told.isReadOnly && told.spaceFreePercent == nil && told.parts.isEmpty)
  }
}
