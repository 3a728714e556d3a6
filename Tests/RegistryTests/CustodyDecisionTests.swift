import Audit
import Testing
import Vocabulary

@testable import Registry

@Suite("Moves of a device, decided")
struct CustodyDecisionTests {
  private let person = Holder.person(.numbered(1))
  private let now = RegistryBench.now

  private func standing(_ moves: [CustodyMove], school: SchoolID? = nil) throws -> LedgerProjection {
    try moves.reduce(LedgerProjection()) { try after($1, $0, school: school) }
  }

  private func after(
    _ move: CustodyMove, _ standing: LedgerProjection, school: SchoolID? = nil
  ) throws(RegistryError) -> LedgerProjection {
    standing.after(
      try CustodyDecision.event(of: move, from: standing, school: school, last: nil, actor: .controller, now: now))
  }

  private func assigned(_ accessories: Accessories = []) -> CustodyMove {
    var move = CustodyMove(.assign, to: person)
    move.accessories = accessories
    return move
  }

  @Test(
    "From each stage exactly the moves that make sense are possible",
    arguments: [
      (nil, "receive deliver assign loan repair lost stolen transfer retire"),
      (.ordered, "receive deliver"),
      (.received, "deliver assign loan repair lost stolen transfer retire"),
      (.enrolled, "deliver assign loan repair lost stolen transfer retire"),
      (.verified, "deliver assign loan repair lost stolen transfer retire"),
      (.packed, "deliver lost stolen"), (.shipped, "receive deliver lost stolen"),
      (.delivered, "assign loan repair lost stolen transfer retire"),
      (.assigned, "return repair lost stolen give-accessories"),
      (.inService, "return repair lost stolen give-accessories"),
      (.inRepair, "repaired lost stolen retire"),
      (.lost, "stolen found retire"), (.stolen, "lost stolen found retire"),
      (.returned, "receive assign loan repair lost stolen transfer retire"),
      (.retired, ""),
    ] as [(Stage?, String)])
  func table(stage: Stage?, moves: String) {
    let possible = CustodyDecision.moves(from: LedgerProjection(stage: stage, custody: .person)).map(\.rawValue)
    #expect(possible == moves.split(separator: " ").map(String.init), "\(String(describing: stage))")
  }

  @Test("A school passes its device on, a person gives it back first")
  func passedOn() throws {
    let atSchool = try standing([CustodyMove(.assign, to: .school(SchoolID(rawValue: "north")!))])
    #expect(try after(assigned(), atSchool).holder == person)
    let withPerson = try standing([assigned()])
    #expect(throws: RegistryError(.custodyImpossible, "")) {
      _ = try after(CustodyMove(.assign, to: .person(.numbered(2))), withPerson)
    }
    for kind in [CustodyMove.Kind.transfer, .retire, .loan] {
      #expect(!CustodyDecision.allows(kind, from: withPerson) && CustodyDecision.allows(kind, from: atSchool))
    }
  }

  @Test("What is impossible names why, what came before, and what is possible")
  func words() throws {
    let lost = try standing([assigned(), CustodyMove(.lost)])
    let entry = LedgerEntry(
      sequence: 2, actor: "principal:prn_1", event: LedgerEvent(.lost, at: now, actor: .controller))
    let error = #expect(throws: RegistryError.self) {
      _ = try CustodyDecision.event(
        of: CustodyMove(.giveBack), from: lost, school: nil, last: entry, actor: .controller, now: now)
    }
    #expect(error?.status == .conflict && error?.code == "custody.impossible")
    #expect(
      error?.message
        == "The move 'return' is impossible: it is 'lost' with person, by what came before: event 2 ('lost' on \(now) by principal:prn_1). Possible now: stolen, found, retire."
    )
  }

  @Test("Repaired or found, a device is where it was before, with who had it")
  func back() throws {
    for (there, back) in [(CustodyMove.Kind.repair, CustodyMove.Kind.repaired), (.lost, .found), (.stolen, .found)] {
      var move = CustodyMove(there)
      move.category = .screen
      let standing = try standing([assigned([.charger]), move, CustodyMove(back)])
      #expect(standing.stage == .assigned && standing.custody == .person && standing.holder == person)
      #expect(standing.owed == [person: [.charger]] && standing.repair == nil && standing.policeReport == nil)
    }
    // Lost by the repair shop: found, it is in repair; repaired, it is with its student.
    let shop = try standing([assigned(), CustodyMove(.repair, to: .vendor("Depot")), CustodyMove(.lost)])
    let found = try after(CustodyMove(.found), shop)
    #expect(found.stage == .inRepair && found.holder == .vendor("Depot"))
    #expect(try after(CustodyMove(.repaired), found).holder == person)
    // Of a device of which an event of before said that it is lost, nobody knows where it was.
    let said = LedgerProjection(stage: .lost, custody: .person)
    #expect(try after(CustodyMove(.found), said).stage == .returned)
  }

  @Test("A device comes back to its school, or to the district, or where it is said")
  func home() throws {
    let north = SchoolID(rawValue: "north")!
    #expect(try standing([assigned(), CustodyMove(.giveBack)]).holder == .district)
    #expect(try standing([assigned(), CustodyMove(.giveBack)], school: north).holder == .school(north))
    let said = try standing([assigned(), CustodyMove(.giveBack, to: .warehouse)], school: north)
    #expect(said.stage == .returned && said.holder == .warehouse && said.custody == .warehouse)
  }

  @Test("Accessories that do not come back stay owed by who had them, whoever has the device then")
  func accessories() throws {
    var back = CustodyMove(.giveBack)
    back.accessories = [.carryingCase]
    let other = Holder.person(.numbered(2))
    var owing = try standing([assigned([.charger, .carryingCase]), back, CustodyMove(.assign, to: other)])
    #expect(owing.owed == [person: [.charger]] && owing.holder == other)
    var given = CustodyMove(.giveAccessories)
    given.accessories = [.charger]
    owing = try after(given, owing)
    #expect(owing.owed == [person: [.charger], other: [.charger]])
    var returned = CustodyMove(.returnAccessories)
    returned.accessories = [.charger]
    owing = try after(returned, owing)
    #expect(owing.owed == [person: [.charger]], "who has the device first")
    owing = try after(returned, owing)
    #expect(owing.owed.isEmpty)
    #expect(throws: RegistryError(.custodyImpossible, "")) { _ = try after(returned, owing) }
  }

  @Test("The number of a police report may come later, once")
  func policeReport() throws {
    var reported = CustodyMove(.stolen)
    reported.policeReport = "26-0815"
    let stolen = try standing([assigned(), CustodyMove(.stolen)])
    #expect(throws: RegistryError(.custodyImpossible, "")) { _ = try after(CustodyMove(.stolen), stolen) }
    let known = try after(reported, stolen)
    #expect(known.policeReport == "26-0815" && known.stage == .stolen)
    #expect(throws: RegistryError(.custodyImpossible, "")) { _ = try after(reported, known) }
    #expect(try after(CustodyMove(.found), known).holder == person)
  }

  @Test("A holder's text reads as the same holder, and what is none is refused")
  func holders() {
    for holder in [
      Holder.person(.numbered(7)), .school(SchoolID(rawValue: "north")!), .district, .warehouse, .vendor(nil),
      .vendor("Depot: 2nd floor"), .otherDistrict(RegistryBench.oak),
    ] { #expect(Holder(holder.description) == holder) }
    for text in [
      "", ":", "person", "person:", "person:dev_0000000000000001", "school:North High", "vendor:", "vendor: x",
      "DISTRICT",
      "district:", "warehouse:1", "person:per_0000000000000001:x", "vendor:\u{7}",
      "vendor:" + String(repeating: "x", count: 101),
    ] { #expect(Holder(text) == nil, "\(text)") }
  }

  @Test(
    "Whatever possible moves follow one another, none traps, and each leaves a device from which its moves are told")
  func random() throws {
    var generator = SeededGenerator(seed: 20_261_122)
    let holders: [Holder] = [
      .person(.numbered(1)), .person(.numbered(2)), .school(SchoolID(rawValue: "north")!), .district, .warehouse,
      .vendor("Depot"), .otherDistrict(RegistryBench.oak),
    ]
    var made = 0
    for _ in 0..<300 {
      var standing = LedgerProjection()
      for _ in 0..<25 {
        var move = CustodyMove(CustodyMove.Kind.allCases.randomElement(using: &generator)!)
        move.to = generator.next() % 3 == 0 ? nil : holders.randomElement(using: &generator)
        if generator.next() % 2 == 0 { move.accessories = [Accessory.allCases.randomElement(using: &generator)!] }
        if generator.next() % 2 == 0 { move.policeReport = "\(generator.next() % 3)" }
        let allowed = CustodyDecision.moves(from: standing)
        do {
          standing = try after(move, standing)
          #expect(allowed.contains(move.kind))
          made += 1
        } catch {
          #expect(error.code == "custody.impossible")
        }
        #expect(standing.holder.map { $0.custody == standing.custody } ?? true)
        #expect(!standing.owed.values.contains { $0.isEmpty })
      }
    }
    #expect(made > 1000)
  }
}
