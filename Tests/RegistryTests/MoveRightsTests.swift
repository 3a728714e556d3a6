import Serving
import Testing
import Vocabulary

@testable import Registry

@Suite("Who may make which move")
struct MoveRightsTests {
  private static let north = SchoolID(rawValue: "north")!
  private static let reaches: [(name: String, reach: Reach)] = [
    ("state", .state), ("own district", .district(RegistryBench.cedar)),
    ("other district", .district(RegistryBench.oak)), ("own school", .school(RegistryBench.cedar, north)),
    ("other school", .school(RegistryBench.cedar, SchoolID(rawValue: "south")!)),
  ]

  private static func caller(_ role: Role, _ reach: Reach) -> Caller {
    Caller(principal: PrincipalID(rawValue: "prn_0000000000000002")!, name: "test", grants: [Grant(role, at: reach)])
  }

  /// What the roles' words promise, apart from the table that the code has: a device of `cedar-falls` at `north`.
  private static func promised(_ kind: CustodyMove.Kind, _ role: Role, _ place: String) -> Bool {
    let isWide = place == "state" || place == "own district"
    switch role {
    case .stateAdmin, .districtAdmin, .districtIT: return isWide
    case .warehouse: return isWide && [.receive, .deliver].contains(kind)
    case .helpDesk, .schoolStaff: return (isWide || place == "own school") && [.lost, .stolen].contains(kind)
    case .auditor, .readOnly: return false
    }
  }

  @Test(
    "Every move, every role, every reach: as the roles are described, of the table and of the API's rule and answer")
  func table() async throws {
    let bench = try await CustodyBench()
    let device = try await bench.device("PF3ABC01", school: "north")
    let known = try await bench.registry.device(device)
    for kind in CustodyMove.Kind.allCases {
      for role in Role.allCases {
        for (place, reach) in Self.reaches {
          let caller = Self.caller(role, reach)
          let wanted = Self.promised(kind, role, place)
          #expect(kind.isOpen(to: caller, known) == wanted, "\(kind) as \(role) of \(place)")
          // A form that is wrong comes as far as the form only for who may make the move, and moves nothing.
          let code = try await bench.refused(device, kind, #"{"expected":77}"#, as: caller)?.code
          let isUnseen =
            place == "other school" && [.lost, .stolen].contains(kind)
            && ![.warehouse, .auditor, .readOnly].contains(role)
          let codes =
            wanted
            ? ["registry.invalid", "custody.conflict"]
            : [place == "other district" || isUnseen ? "request.not-found" : "access.forbidden"]
          #expect(codes.contains(code ?? "made"), "\(kind) as \(role) of \(place): \(code ?? "made")")
        }
      }
    }
    #expect(try await bench.registry.count("registry_ledger_event") == 0)
  }

  @Test("The help desk alone reports a loss: the device is restricted, and the desk takes nothing else of it back")
  func loss() async throws {
    for (role, reach) in [(Role.helpDesk, Self.reaches[1].reach), (.schoolStaff, Self.reaches[3].reach)] {
      let bench = try await CustodyBench()
      let desk = Self.caller(role, reach)
      let device = try await bench.device("PF3ABC01", school: "north")
      try await bench.registry.enroll(device, key: 1)
      try await bench.move(device, .assign, #"{"to":"student:1001"}"#)
      let lost = try await bench.move(device, .lost, #"{"reason":"on the bus","evidence":"call 12"}"#, as: desk)
      let event = try #require(lost.json["event"] as? [String: Any])
      #expect(event["kind"] as? String == "lost" && event["actor"] as? String == "principal:\(desk.principal)")
      #expect(event["evidence"] as? String == "call 12")
      #expect(bench.registry.registry.keys.key(.numbered(1))?.state == .restricted)
      // What can follow is told as far as the desk may do it.
      let standing = try #require(lost.json["standing"] as? [String: Any])
      #expect(standing["moves"] as? [String] == ["stolen"])
      #expect(try await bench.standing(device)["moves"] as? [String] == ["stolen", "found", "retire"])
      try await bench.move(device, .stolen, #"{"policeReport":"26-4711"}"#, as: desk)
      for kind in CustodyMove.Kind.allCases where kind != .lost && kind != .stolen {
        let body = #"{"to":"district","category":"screen","reason":"x","accessories":["charger"],"days":1}"#
        #expect(try await bench.refused(device, kind, body, as: desk)?.code == "access.forbidden", "\(kind)")
      }
      #expect(try await bench.events(device).count == 4)
    }
  }

  @Test("A device of another school, and of none, is not there for who sees one school")
  func otherSchool() async throws {
    let bench = try await CustodyBench()
    let south = try await bench.device("PF3SOUTH", school: "south")
    let none = try await bench.device("PF3NONE1")
    for role in [Role.helpDesk, .schoolStaff] {
      let staff = Self.caller(role, .school(RegistryBench.cedar, Self.north))
      for device in [south, none] {
        for kind in [CustodyMove.Kind.lost, .stolen] {
          let refused = try await bench.refused(device, kind, as: staff)
          #expect(refused?.code == "request.not-found")
          #expect(refused?.message == "There is no device '\(device)' in district 'cedar-falls'.")
        }
      }
    }
    #expect(try await bench.registry.count("registry_ledger_event") == 0)
  }

  @Test("A manager's role at one school alone makes no move, and is told what it takes")
  func managerOfSchool() async throws {
    let bench = try await CustodyBench()
    let device = try await bench.device("PF3ABC01", school: "north")
    let refused = try await bench.refused(device, .lost, as: Self.caller(.districtIT, Self.reaches[3].reach))
    #expect(refused?.code == "access.forbidden")
    #expect(
      refused?.message.contains(
        "for the whole district 'cedar-falls', or help-desk or school-staff for its school") == true)
  }

  @Test("A warehouse technician takes boxes in and hands them over, and does nothing else")
  func warehouse() async throws {
    let bench = try await CustodyBench()
    let technician = Self.caller(.warehouse, .district(RegistryBench.cedar))
    let device = try await bench.registry.expect("PF3BOX01")
    let received = try await bench.move(device, .receive, as: technician)
    let standing = try #require(received.json["standing"] as? [String: Any])
    #expect(standing["stage"] as? String == "received" && standing["moves"] as? [String] == ["deliver"])
    let delivered = try await bench.move(device, .deliver, #"{"to":"school:north"}"#, as: technician)
    #expect((delivered.json["standing"] as? [String: Any])?["holder"] as? String == "school:north")
    for kind in CustodyMove.Kind.allCases where kind != .receive && kind != .deliver {
      #expect(try await bench.refused(device, kind, "{}", as: technician)?.code == "access.forbidden", "\(kind)")
    }
    for path in ["assignments", "returns"] {
      let refused = try await bench.registry.refusal(
        .post, CustodyBench.path + "/" + path, as: technician, body: #"{"class":"bio","serials":["PF3BOX01"]}"#)
      #expect(refused == "access.forbidden", "\(path)")
    }
  }
}
