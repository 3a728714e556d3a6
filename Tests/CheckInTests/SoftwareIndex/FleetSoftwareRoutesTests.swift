import Foundation
import Registry
import Serving
import Storage
import Testing
import Vocabulary
import Wire

@testable import CheckIn
@testable import Registry

@Suite("Software of many devices over the API")
struct FleetSoftwareRoutesTests {
  private static let principal = PrincipalID(rawValue: "prn_0000000000000001")!

  private static func caller(_ reach: Reach) -> Caller {
    Caller(principal: principal, name: "reader", grants: [Grant(.readOnly, at: reach)])
  }

  private static func ask(
    _ world: World, _ path: String, _ query: [(String, String)], as caller: Caller
  ) async throws -> [String: Any] {
    let route = try #require(world.desk.peopleRoutes.first { $0.path == path })
    let call = Call(.get, path, query: query.map { (name: $0.0, value: $0.1) }, now: World.start)
    try route.operation.refuseUnknownQuery(call)
    let reply = try await route.handle(call, OperatorContext(caller, route.rule, district: nil))
    return try #require(try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any])
  }

  private static func refusal(
    _ world: World, _ path: String, _ query: [(String, String)], as caller: Caller
  ) async throws -> String? {
    do {
      _ = try await ask(world, path, query, as: caller)
      return nil
    } catch let error as any StatusError {
      return "\(error.status.code) \(error.code.text)"
    }
  }

  private static func devices(_ answer: [String: Any]) -> [String] {
    (answer["items"] as? [[String: Any]] ?? []).compactMap { $0["device"] as? String }
  }

  private static let (list, whoHas) = ("/api/v1/software", "/api/v1/software/devices")

  @Test("What devices tell at check-in is found and counted; what a quarantined key tells is not")
  func checkIns() async throws {
    let world = try await World()
    let (good, held) = (try await world.enrol(1), try await world.enrol(2, state: .quarantined))
    _ = try await world.send(Sample.request(1, Sample.facts(1)), from: good)
    _ = try await world.send(Sample.request(1, Sample.facts(2)), from: held)
    let state = Self.caller(.state)
    var found = try await Self.ask(world, Self.whoHas, [("name", "lib-3")], as: state)
    #expect(Self.devices(found) == [good.id.rawValue])
    #expect(try await Self.ask(world, Self.list, [], as: state)["pending"] as? Int == 1)
    try await world.desk.indexer.catchUp()
    let counted = try await Self.ask(world, Self.list, [("prefix", "lib-3")], as: state)
    let items = try #require(counted["items"] as? [[String: Any]])
    #expect(counted["pending"] as? Int == 0 && items.count == 11)
    #expect(items.allSatisfy { $0["devices"] as? Int == 1 })
    // The key is approved: its next check-in is the device's.
    try await world.set(held, to: .active)
    _ = try await world.send(Sample.request(2, Sample.facts(2)), from: held)
    try await world.desk.indexer.catchUp()
    found = try await Self.ask(world, Self.whoHas, [("name", "lib-3")], as: state)
    #expect(Self.devices(found) == [good.id.rawValue, held.id.rawValue].sorted())
    // A key that is revoked later takes nothing back of what the device told, as its stage does not.
    try await world.set(good, to: .revoked)
    #expect(Self.devices(try await Self.ask(world, Self.whoHas, [("name", "lib-3")], as: state)).count == 2)
  }

  @Test("An unchanged list writes nothing of the index")
  func unchanged() async throws {
    let world = try await World()
    let device = try await world.enrol(1)
    _ = try await world.send(Sample.request(1, Sample.facts(1)), from: device)
    try await world.desk.indexer.catchUp()
    _ = try await world.send(Sample.request(2, Sample.facts(1), sending: []), from: device)
    #expect(try await world.count("checkin_software_stale") == 0)
    #expect(try await world.desk.indexer.catchUp() == 0)
  }

  @Test("Each sees the devices of the own district or school; another district is 404")
  func reach() async throws {
    let fleet = try await Fleet()
    let north = try #require(SchoolID(rawValue: "north"))
    var places: [Fleet.Place] = []
    for number in 0..<9 {
      let district = Fleet.districts[number % 3]
      places.append(try await fleet.device(number, in: district, school: number < 6 ? "north" : nil))
      try await fleet.tell([Sample.package("openssl", "3.\(number)"), Sample.package("vim", "9")], by: places[number])
    }
    try await fleet.catchUp()
    let own = Fleet.districts[1]
    func seen(_ caller: Caller, _ query: [(String, String)] = []) async throws -> [String] {
      Self.devices(try await Self.ask(fleet.world, Self.whoHas, [("name", "openssl")] + query, as: caller)).sorted()
    }
    func of(_ wanted: (Int) -> Bool) -> [String] {
      places.enumerated().filter { wanted($0.offset) }.map(\.element.device.rawValue).sorted()
    }
    #expect(try await seen(Self.caller(.state)) == of { _ in true })
    #expect(try await seen(Self.caller(.state), [("district", own.rawValue)]) == of { $0 % 3 == 1 })
    #expect(try await seen(Self.caller(.district(own))) == of { $0 % 3 == 1 })
    #expect(try await seen(Self.caller(.school(own, north))) == of { $0 % 3 == 1 && $0 < 6 })
    #expect(try await seen(Self.caller(.state), [("below", "3.4")]) == of { $0 < 4 })
    #expect(try await seen(Self.caller(.state), [("version", "3.4")]) == of { $0 == 4 })
    for path in [Self.list, Self.whoHas] {
      let query = [("district", Fleet.districts[0].rawValue)] + (path == Self.whoHas ? [("name", "vim")] : [])
      let refused = try await Self.refusal(fleet.world, path, query, as: Self.caller(.district(own)))
      #expect(refused == "404 request.not-found")
      let unknown = [("district", "nowhere")] + (path == Self.whoHas ? [("name", "vim")] : [])
      #expect(
        try await Self.refusal(fleet.world, path, unknown, as: Self.caller(.state)) == "404 registry.district-unknown")
    }
    let totals = try await Self.ask(fleet.world, Self.list, [("prefix", "v")], as: Self.caller(.district(own)))
    #expect((totals["items"] as? [[String: Any]])?.first?["devices"] as? Int == 3)
  }

  @Test(
    "A question that cannot be one is refused",
    arguments: [
      [], [("name", "")], [("name", "x"), ("version", "1"), ("below", "2")], [("name", "x"), ("version", "")],
      [("name", "x"), ("after", "y")], [("name", "x"), ("verson", "1")], [("name", "x"), ("limit", "0")],
      [("name", String(repeating: "x", count: 600))],
    ] as [[(String, String)]])
  func refused(query: [(String, String)]) async throws {
    let world = try await World()
    #expect(try await Self.refusal(world, Self.whoHas, query, as: Self.caller(.state)) == "400 request.query")
  }
}
