import Serving
import Storage
import TestSupport
import Testing
import Vocabulary

@testable import Registry

/// What networks are called, and which of them a device's last contact came from.
@Suite("Networks")
struct NetworkTests {
  private static let path = "/api/v1/districts/cedar-falls/networks"

  private static func set(_ labels: (String, String)...) -> String {
    let items = labels.map { #"{"addresses":"\#($0.0)","label":"\#($0.1)"}"# }
    return #"{"set":[\#(items.joined(separator: ","))]}"#
  }

  private static func origin(_ octets: UInt8...) -> Origin? { Origin(octets: octets) }

  private static func faults(
    _ bench: RegistryBench, _ body: String, _ path: String = path
  ) async throws -> [String] {
    do {
      _ = try await bench.send(.patch, path, body: body)
      return []
    } catch let error as RegistryError {
      #expect(error.code.text == "registry.invalid")
      return error.faults.map { "\($0.field ?? ""): \($0.message)" }
    }
  }

  @Test("The longest prefix holds, a district's label before the state's, of both families")
  func longest() async throws {
    let bench = try await RegistryBench.withDistricts()
    let registry = bench.registry
    func words(_ origin: Origin?, _ district: DistrictID = RegistryBench.cedar) -> String? {
      registry.networkWords(registry.network(of: origin, in: district), in: district)
    }
    #expect(words(Self.origin(10, 20, 1, 1)) == nil, "nothing is called anything")
    _ = try await bench.send(
      .patch, Self.path,
      body: Self.set(("10.0.0.0/8", "district"), ("10.20.0.0/16", "North High"), ("2001:DB8:20::/48", "hot spot")))
    _ = try await bench.send(
      .patch, "/api/v1/networks",
      body: Self.set(
        ("10.20.1.0/24", "depot"), ("192.0.2.7/32", "fair"), ("2001:db8::/32", "provider"), ("::/0", "IPv6")))
    #expect(words(Self.origin(10, 20, 1, 1)) == "North High", "the state's, though longer, comes second")
    #expect(words(Self.origin(10, 21, 1, 1)) == "district")
    #expect(words(Self.origin(10, 20, 1, 1), RegistryBench.oak) == "depot")
    #expect(words(Self.origin(10, 20, 2, 1), RegistryBench.oak) == "elsewhere")
    #expect(words(Self.origin(192, 0, 2, 7)) == "fair" && words(Self.origin(192, 0, 2, 8)) == "elsewhere")
    let site: [UInt8] = [0x20, 0x01, 0x0d, 0xb8, 0, 0x20, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9]
    #expect(words(Origin(octets: site)) == "hot spot" && words(Origin(octets: site), RegistryBench.oak) == "provider")
    #expect(words(Origin(octets: [0x30] + site.dropFirst())) == "IPv6")
    let mapped: [UInt8] = [UInt8](repeating: 0, count: 10) + [0xff, 0xff, 10, 20, 9, 9]
    #expect(words(Origin(octets: mapped)) == "North High", "it is that IPv4 address")
    #expect(words(nil) == nil && words(.unknown) == nil, "where it came from is not known")
  }

  @Test("Labels are set, get new words, and go; those that a contact had are then not known any more")
  func changed() async throws {
    let bench = try await RegistryBench.withDistricts()
    let device = try await bench.expect("PF3XK2M9")
    try await bench.enroll(device, key: 1)
    func shown() async throws -> String? {
      let one = try await bench.send(.get, "/api/v1/districts/cedar-falls/devices/\(device)").json["lastNetwork"]
      let listed = try await bench.send(.get, "/api/v1/devices").items.first?["lastNetwork"]
      #expect(one as? String == listed as? String)
      return one as? String
    }
    func contact(_ origin: Origin?, health: Health? = nil) async throws {
      let network = bench.registry.network(of: origin, in: RegistryBench.cedar)
      try await bench.contact(device, key: 1, health: health, network: network)
    }
    try await contact(Self.origin(10, 20, 1, 1))
    #expect(try await shown() == nil)
    let set = try await bench.send(
      .patch, Self.path, body: Self.set(("10.20.0.0/16", " school "), ("10.30.0.0/16", "home")))
    #expect(set.items.map { $0["label"] as? String } == ["school", "home"])
    try await contact(Self.origin(10, 20, 1, 1), health: .unknown)
    #expect(try await shown() == "school")
    _ = try await bench.send(.patch, Self.path, body: Self.set(("10.20.0.0/16", "the school")))
    #expect(try await shown() == "the school", "the number stays")
    try await contact(Self.origin(172, 16, 1, 1))
    #expect(try await shown() == "elsewhere")
    try await contact(Self.origin(10, 30, 1, 1))
    #expect(try await shown() == "home")
    let left = try await bench.send(
      .patch, Self.path, body: #"{"remove":["10.30.0.0/16"],"set":[{"addresses":"10.40.0.0/16","label":"new"}]}"#)
    #expect(left.items.map { $0["addresses"] as? String } == ["10.20.0.0/16", "10.40.0.0/16"])
    #expect(try await shown() == nil, "no other label has its number")
    try await contact(nil)
    #expect(try await shown() == nil)
    let page = try await bench.send(.get, Self.path, query: [("limit", "1")])
    #expect(page.items.count == 1 && page.json["next"] as? String == "10.20.0.0/16")
    let next = try await bench.send(.get, Self.path, query: [("after", "10.20.0.0/16")])
    #expect(next.items.map { $0["label"] as? String } == ["new"])
  }

  @Test("Contacts that are kept together keep their networks too")
  func together() async throws {
    let bench = try await RegistryBench.withDistricts()
    _ = try await bench.send(.patch, Self.path, body: Self.set(("10.20.0.0/16", "school")))
    let network = bench.registry.network(of: Self.origin(10, 20, 1, 1), in: RegistryBench.cedar)
    var contacts: [Contact] = []
    for number in UInt8(1)...4 {
      let device = try await bench.expect("SER-\(number)")
      try await bench.enroll(device, key: number)
      contacts.append(
        Contact(
          district: RegistryBench.cedar, device: device, key: .numbered(number), at: RegistryBench.now,
          next: RegistryBench.now, agentVersion: "1", clockOffset: .zero, health: number > 2 ? .unknown : nil,
          network: number.isMultiple(of: 2) ? network : .elsewhere))
    }
    let all = contacts
    for _ in 0..<2 {
      try await bench.write { [registry = bench.registry] in _ = try registry.recordContacts(all, in: $0) }
    }
    for (index, contact) in all.enumerated() {
      let shown = try await bench.send(.get, "/api/v1/districts/cedar-falls/devices/\(contact.device)")
      #expect(shown.json["lastNetwork"] as? String == (index.isMultiple(of: 2) ? "elsewhere" : "school"))
    }
  }

  @Test("Each fault is told with its place, and nothing of the request is done")
  func faults() async throws {
    let bench = try await RegistryBench.withDistricts()
    let body = """
      {"remove":["10.9.0.0/16"],"set":[{"addresses":"10.20.0.0/16","label":"fine"},{"addresses":"10.20.1.0/16","label":"x"},
      {"addresses":"school","label":"x"},{"addresses":"2001:db8::/96","label":"x"},{"addresses":"10.20.0.0/16","label":"x"},
      {"addresses":"10.21.0.0/16","label":""},{"addresses":"10.22.0.0/16","label":"\(String(repeating: "x", count: 41))"},
      {"addresses":"10.23.0.0/16","label":"Elsewhere"},{"addresses":"10.24.0.0/33","label":"x"}]}
      """
    let faults = try await Self.faults(bench, body)
    #expect(
      faults.map { String($0.prefix { $0 != ":" }) } == [
        "remove[0]", "set[1].addresses", "set[2].addresses", "set[3].addresses", "set[4].addresses", "set[5].label",
        "set[6].label", "set[7].label", "set[8].addresses",
      ], "\(faults)")
    #expect(faults[1].contains("meant is perhaps 10.20.0.0/16") && faults[3].contains("64"))
    #expect(try await bench.send(.get, Self.path).items.isEmpty)
    #expect(try await bench.refusal(.patch, Self.path, body: "{}") == "request.body")
    let many = (0..<201).map { ("10.\($0).0.0/16", "n\($0)") }
    let set = many.map { #"{"addresses":"\#($0.0)","label":"\#($0.1)"}"# }
    let most = #"{"set":[\#(set.prefix(200).joined(separator: ","))]}"#
    #expect(try await Self.faults(bench, #"{"set":[\#(set.joined(separator: ","))]}"#).count == 1)
    #expect(try await Self.faults(bench, most).isEmpty)
    #expect(try await Self.faults(bench, #"{"set":[\#(set[200])]}"#).first?.contains("200 labels at most") == true)
    #expect(try await Self.faults(bench, most).isEmpty, "they are so already")
    #expect(try await Self.faults(bench, #"{"set":[\#(set[200])],"remove":["10.0.0.0/16"]}"#).isEmpty)
    let tooMany = #"{"remove":[\#((0..<401).map { "\"10.\($0 % 200).0.0/16\"" }.joined(separator: ","))]}"#
    #expect(try await bench.refusal(.patch, Self.path, body: tooMany) == "request.body")
  }

  @Test("A district's labels are its own; the state's are the state's to change")
  func tenancy() async throws {
    let bench = try await RegistryBench.withDistricts()
    let (oak, cedar) = (Caller.technician(RegistryBench.oak), Caller.technician(RegistryBench.cedar))
    let body = Self.set(("10.20.0.0/16", "school"))
    #expect(try await bench.refusal(.patch, Self.path, as: oak, body: body) == "request.not-found")
    #expect(try await bench.refusal(.get, Self.path, as: oak) == "request.not-found")
    #expect(
      try await bench.refusal(.patch, Self.path, as: .reader(RegistryBench.cedar), body: body) == "access.forbidden")
    #expect(try await bench.refusal(.patch, Self.path, as: cedar, body: body) == nil)
    #expect(try await bench.refusal(.patch, "/api/v1/networks", as: cedar, body: body) == "access.forbidden")
    #expect(try await bench.refusal(.patch, "/api/v1/networks", as: .stateReader, body: body) == "access.forbidden")
    #expect(try await bench.refusal(.patch, "/api/v1/networks", body: body) == nil)
    #expect(try await bench.send(.get, "/api/v1/networks", as: .stateReader).items.count == 1)
    let other = "/api/v1/districts/oak-park/networks"
    #expect(try await bench.send(.get, other, as: oak).items.isEmpty)
    let again = try await bench.send(.patch, Self.path, as: cedar, body: Self.set(("10.99.0.0/16", "x")), key: "same")
    _ = try await bench.send(.patch, Self.path, as: cedar, body: Self.set(("10.99.0.0/16", "x")), key: "same")
    #expect(again.items.count == 2)
    let bodies = try await bench.write { transaction in
      try transaction.rows("SELECT body FROM audit_entry WHERE action = 'network.change'").map {
        String(decoding: try $0.get("body", as: [UInt8].self), as: UTF8.self)
      }
    }
    #expect(bodies == [String](repeating: #"{"added":1,"removed":0,"renamed":0}"#, count: 3))
  }
}
