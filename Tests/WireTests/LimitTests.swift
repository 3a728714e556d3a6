import Testing
import Vocabulary

@testable import Wire

@Suite("What a check-in may hold")
struct LimitTests {
  private func refusal(_ change: (inout Facts) -> Void) throws -> WireError.Kind? {
    var facts = Facts(identity: .init(), hardware: .init(), system: .init(), vitals: .init())
    change(&facts)
    let bytes = try message(facts)
    return wireFault { () throws(WireError) in _ = try WireCodec.checkIn(from: bytes) }
  }

  @Test("A list of 256 elements passes, one of 257 is too large")
  func lists() throws {
    let long = 257
    let unreadable = [Unreadable](repeating: .init(field: "f", reason: "r"), count: long)
    let changes: [(inout Facts) -> Void] = [
      { $0.identity?.builtInMACs = .init(repeating: "a", count: long) }, { $0.identity?.unreadable = unreadable },
      { $0.hardware?.disks = .init(repeating: .init(name: "a", kind: "b"), count: long) },
      { $0.hardware?.batteries = .init(repeating: .init(name: "a"), count: long) },
      {
        $0.hardware?.adapters = .init(
          repeating: .init(name: "a", kind: "b", mac: nil, driver: nil, builtIn: true), count: long)
      },
      { $0.hardware?.graphics = .init(repeating: .init(name: "a"), count: long) },
      { $0.hardware?.cameras = .init(repeating: .init(name: "a", model: nil, driver: nil), count: long) },
      { $0.hardware?.audio = .init(repeating: .init(name: "a", model: nil, driver: nil), count: long) },
      { $0.hardware?.unreadable = unreadable }, { $0.system?.failedUnits = .init(repeating: "a", count: long) },
      { $0.system?.unreadable = unreadable }, { $0.vitals?.disks = .init(repeating: .init(name: "a"), count: long) },
      {
        $0.vitals?.fileSystems = .init(
          repeating: .init(mount: "/", kind: "x", totalBytes: 1, availableBytes: 1, readOnly: false), count: long)
      },
      { $0.vitals?.batteries = .init(repeating: .init(name: "a"), count: long) },
      { $0.vitals?.thermals = .init(repeating: .init(zone: "a", millicelsius: 1), count: long) },
      { $0.vitals?.links = .init(repeating: .init(name: "a", up: true), count: long) },
      { $0.vitals?.unreadable = unreadable },
    ]
    for change in changes { #expect(try refusal(change) == .tooLarge) }
    #expect(try refusal { $0.system?.failedUnits = .init(repeating: "a", count: 256) } == nil)
    #expect(try refusal { $0.vitals?.unreadable = unreadable.dropLast() } == nil)
  }

  @Test("A text of 1,024 bytes passes, a longer one is too large wherever it stands")
  func texts() throws {
    let (fits, long) = (String(repeating: "é", count: 512), String(repeating: "é", count: 512) + "a")
    #expect(try refusal { $0.identity?.serial = fits } == nil)
    let changes: [(inout Facts) -> Void] = [
      { $0.identity?.serial = long }, { $0.identity?.builtInMACs = [long] }, { $0.system?.hostname = long },
      { $0.system?.failedUnits = [long] }, { $0.hardware?.tpmVersion = long },
      { $0.hardware?.unreadable = [.init(field: "f", reason: long)] },
      { $0.vitals?.thermals = [.init(zone: long, millicelsius: 1)] },
      { $0.hardware?.cameras = [.init(name: "a", model: long, driver: nil)] },
      {
        var battery = VitalFacts.BatteryState(name: "BAT0")
        battery.state = long
        $0.vitals?.batteries = [battery]
      },
    ]
    for change in changes { #expect(try refusal(change) == .tooLarge) }
  }

  @Test("A section of over 64 KiB is too large")
  func sections() throws {
    let text = String(repeating: "x", count: 1000)
    #expect(try refusal { $0.system?.failedUnits = .init(repeating: text, count: 70) } == .tooLarge)
    #expect(try refusal { $0.identity?.builtInMACs = .init(repeating: text, count: 70) } == .tooLarge)
    #expect(try refusal { $0.system?.failedUnits = .init(repeating: text, count: 60) } == nil)
  }

  @Test("Bodies, software and lines past their bounds are too large or malformed")
  func software() throws {
    let body = [UInt8](repeating: 0x20, count: Limits.messageBytes + 1)
    #expect(wireFault { () throws(WireError) in _ = try WireCodec.checkIn(from: body) } == .tooLarge)
    let line = "name\t1\tall\tdpkg\n"
    func fault(_ encoding: String) -> WireError.Kind? {
      wireFault { () throws(WireError) in _ = try SoftwareList(encoding: encoding) }
    }
    #expect(fault("") == nil)
    #expect(fault(line) == nil)
    #expect(fault(line + line) == .softwareMalformed)
    #expect(fault("b\t1\tall\tdpkg\na\t1\tall\tdpkg\n") == .softwareMalformed)
    #expect(fault("name\t1\tall\tdpkg") == .softwareMalformed)
    #expect(fault("name\t1\tall\n") == .softwareMalformed)
    #expect(fault("name\t1\tall\tdpkg\tmore\n") == .softwareMalformed)
    #expect(fault("\t1\tall\tdpkg\n") == .softwareMalformed)
    #expect(fault("na\u{0}me\t1\tall\tdpkg\n") == .softwareMalformed)
    #expect(fault("na\u{7f}me\t1\tall\tdpkg\n") == .softwareMalformed)
    #expect(fault("\n") == .softwareMalformed)
    #expect(fault("n" + String(repeating: "m", count: 501) + "\t1\tall\tdpkg\n") == .softwareMalformed)
    let many = (0...Limits.packages).map { String(100_000 + $0) + "\t1\tall\tdpkg\n" }.joined()
    #expect(fault(many) == .tooLarge)
    #expect(fault(String(repeating: "x", count: Limits.softwareBytes + 1)) == .tooLarge)
  }

  @Test("Sequence numbers begin at one and leave room for the next", arguments: [0, -1, Int64.min, .max] as [Int64])
  func sequences(sequence: Int64) throws {
    let bytes = try message(Facts(), sequence: sequence)
    #expect(wireFault { () throws(WireError) in _ = try WireCodec.checkIn(from: bytes) } == .malformed)
  }
}
