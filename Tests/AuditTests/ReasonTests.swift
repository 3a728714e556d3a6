import Audit
import Serving
import Testing
import Vocabulary

@Suite("Why somebody looks")
struct ReasonTests {
  private static let cedar = DistrictID(rawValue: "cedar-falls")!
  private static let oak = DistrictID(rawValue: "oak-park")!
  private static let elm = DistrictID(rawValue: "elm-grove")!

  private func reason(_ grants: Set<Grant>, said: String? = nil) throws -> StudentViews.Reason {
    let caller = Caller(principal: .random(), name: "somebody", grants: grants)
    let query = said.map { [(name: "purpose", value: $0)] } ?? []
    let call = Call(.get, "/", query: query, now: Instant(seconds: 1_790_000_000))
    return try StudentViews.reason(call, OperatorContext(caller: caller, scope: .state))
  }

  @Test("A role's purpose is that of the district where it is held, and of no other")
  func byDistrict() throws {
    let grants: Set<Grant> = [
      Grant(.auditor, at: .district(Self.cedar)), Grant(.districtIT, at: .district(Self.oak)),
      Grant(.districtAdmin, at: .district(Self.elm)), Grant(.auditor, at: .district(Self.elm)),
    ]
    let reason = try reason(grants)
    #expect(
      [Self.cedar, Self.oak, Self.elm].map(reason.purpose) == [.audit, .deviceCare, .administration])
    let auditor = try self.reason([Grant(.auditor, at: .state), Grant(.districtIT, at: .district(Self.oak))])
    #expect([Self.cedar, Self.oak].map(auditor.purpose) == [.audit, .deviceCare])
    #expect(try self.reason([Grant(.readOnly, at: .state)]).purpose(in: Self.cedar) == .other)
  }

  @Test("What is said comes first, wherever it is; who has to say it is asked")
  func said() throws {
    let grants: Set<Grant> = [Grant(.districtIT, at: .district(Self.oak))]
    #expect(try reason(grants, said: "inventory").purpose(in: Self.cedar) == .inventory)
    #expect(throws: AuditError.self) { try reason([Grant(.helpDesk, at: .district(Self.oak))]) }
    #expect(throws: ServingError(.query, "")) { try reason(grants, said: "curiosity") }
  }
}
