import Crypto
import Testing
import Vocabulary
import Wire

@testable import rollcall_swarm

func sha256(_ bytes: [UInt8]) -> Vocabulary.Digest? { Vocabulary.Digest(bytes: SHA256.hash(data: bytes)) }

@Suite("A simulated fleet")
struct SwarmFleetTests {
  @Test("Identities follow from the seed, and are real ones")
  func identities() throws {
    let first = DeviceIdentity(index: 5, seed: 9)
    let again = DeviceIdentity(index: 5, seed: 9)
    #expect(first.serial == again.serial && first.uuid == again.uuid && first.mac == again.mac)
    #expect(try first.privateKey().rawRepresentation == again.privateKey().rawRepresentation)
    #expect(Serial(first.serial) != nil && HardwareUUID(first.uuid) != nil && Serial(first.boardSerial) != nil)
    #expect(MACAddress(first.mac).map(\.isLocallyAdministered) == false)
    let serials = Set((0..<1000).map { DeviceIdentity(index: $0, seed: 9).serial })
    #expect(serials.count == 1000)
  }

  @Test("A certificate request is base64 of DER, with serial and identity in it")
  func certificateRequest() throws {
    let identity = DeviceIdentity(index: 5, seed: 9)
    let body = try EnrollmentRequest.body(of: identity, key: try identity.privateKey())
    let der = try #require(Base64.decode(body))
    let text = String(decoding: der, as: UTF8.self)
    #expect(text.contains(identity.serial) && text.contains("urn:uuid:\(identity.uuid)"))
    #expect(text.contains("urn:rollcall:board:\(identity.boardSerial)") && text.contains("urn:rollcall:mac:"))
  }

  @Test("A fleet file reads as it was written")
  func fleetFile() throws {
    var known = SimulatedDevice(index: 4, leaf: [1, 2, 3], sequence: 12, variant: 3, edition: 1)
    known.hashes = Dictionary(
      uniqueKeysWithValues: FactSection.allCases.compactMap { section in
        sha256(Array(section.rawValue.utf8)).map { (section, $0) }
      })
    let file = FleetFile(seed: 9, intermediates: [[9, 8]], devices: [SimulatedDevice(index: 3, leaf: [5]), known])
    #expect(try FleetFile(text: file.text) == file)
  }

  @Test("A damaged fleet file is told by its line")
  func damaged() {
    #expect(throws: SwarmError.self) { try FleetFile(text: "something else\n") }
    #expect(throws: SwarmError.self) { try FleetFile(text: "rollcall-swarm-fleet 1\t1\t\nx\t1\t1\t1\t-\tAA==\n") }
  }

  @Test("A hardware table is read by its header")
  func hardware() throws {
    let table = try HardwareTable(
      tsv:
        "count\tvendor\tproduct\tchassis\tmemory_mib\tbattery_design_capacity\n3\tHP\tProBook\tNotebook\t8192\t47990 mWh\n1\tAcer\tB118\tConvertible\t4096\t\n"
    )
    #expect(table.models.map(\.product) == ["ProBook", "B118"])
    #expect(table.models[0].designMicrowattHours == 47_990_000 && table.models[1].chassisType == 31)
    var random = SeededRandom(seed: 1)
    let draws = (0..<4000).map { _ in table.draw(&random) }
    #expect((2800...3200).contains(draws.filter { $0 == 0 }.count))
    #expect(throws: HardwareTable.Malformed.self) { try HardwareTable(tsv: "vendor\tproduct\n\t\n") }
  }

  @Test(
    "Base64 agrees with RFC 4648",
    arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")])
  func base64(plain: String, encoded: String) {
    #expect(Base64.encode(Array(plain.utf8)) == Array(encoded.utf8))
    #expect(Base64.decode(Array((encoded + "\r\n").utf8)) == Array(plain.utf8))
  }

  @Test("Only the loopback interface is loaded unasked")
  func loopback() {
    #expect(RunOptions.isLoopback("127.0.0.1") && RunOptions.isLoopback("localhost") && RunOptions.isLoopback("::1"))
    #expect(!RunOptions.isLoopback("10.0.0.1") && !RunOptions.isLoopback("127.example.org"))
  }

  @Test("A process's cost is read from the kernel's files")
  func sample() throws {
    let stat = "7 (a b) c) S 1 7 7 0 -1 4194304 100 0 0 0 250 150 0 0 20 0 5 0 100 1000 200 18446744073709551615"
    let sample = try #require(
      ProcessSample(stat: stat, status: "Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t1024 kB\n", ticksPerSecond: 100))
    #expect(sample.cpuSeconds == 4)
    #expect(sample.residentBytes == 1_048_576 && sample.peakBytes == 2_097_152)
    #expect(ProcessSample(stat: "nothing", status: "", ticksPerSecond: 100) == nil)
  }

  @Test("A report names what it measured")
  func report() {
    var tally = Tally()
    for time in 1...1000 { tally.acknowledge(microseconds: Int64(time)) }
    tally.fail("503")
    let report = Report(mode: "steady", seconds: 2, tally: tally, rated: true, controller: nil, generator: nil)
    #expect(report.perSecond == 500)
    #expect(report.latencyMicroseconds.p50 == 500 && report.latencyMicroseconds.max == 1000)
    #expect(report.text.contains("corrected for coordinated omission") && report.text.contains("503: 1"))
    #expect(decimals(0.056, 2) == "0.06" && decimals(-1.5, 1) == "-1.5" && decimals(7, 0) == "7")
  }
}
