import Serving
import Testing
import Vocabulary

/// Every rule with every set of roles, for every single grant in every place, for pairs of grants, for a caller without
/// grants and for nobody, on one's own, another and a malformed district. What is expected is said anew, one
/// sentence a rule, and not taken from the code under test.
@Suite("Who may use a route")
struct AuthorizationTests {
  private static let own = district("own")
  private static let other = district("other")
  private static let school: SchoolID = {
    guard let school = SchoolID(rawValue: "north") else { preconditionFailure("a school's code") }
    return school
  }()
  private static let reaches: [Reach] = [
    .state, .district(own), .district(other), .school(own, school), .school(other, school),
  ]
  /// A rule asks whether a role is among its own and nothing else of it, so that three stand for all; `RouteAccessTests`
  /// tries every one on the routes that there are.
  private static let roles: [Role] = [.stateAdmin, .districtIT, .readOnly]
  private static let grants = roles.flatMap { role in reaches.map { Grant(role, at: $0) } }
  private static let roleSets: [Set<Role>] = (0..<(1 << roles.count)).map { bits in
    Set(roles.enumerated().filter { bits & (1 << $0.offset) != 0 }.map(\.element))
  }
  private static let rules: [AccessRule] =
    [.open, .signedIn] + roleSets.flatMap { [.state($0), .district($0), .scoped($0), .school($0), .scopedSchools($0)] }
  private static let paths = [nil, "own", "other", "nowhere", "Not A District", ""]

  /// Nobody, callers without a grant, with one, and with two.
  private static let callers: [Caller?] = {
    var sets: [Set<Grant>] = [[]] + grants.map { [$0] }
    for first in grants { for second in grants where first != second { sets.append([first, second]) } }
    return [nil] + sets.map { Caller(principal: PrincipalID(unchecked: "prn_0000000000000001"), name: "x", grants: $0) }
  }()

  private static func district(_ code: String) -> DistrictID {
    guard let district = DistrictID(rawValue: code) else { preconditionFailure("a district's code") }
    return district
  }

  private enum Answer: Equatable {
    case scope(TenantScope)
    case refused(ServingError.Kind)
  }

  private func answer(_ caller: Caller?, _ rule: AccessRule, _ district: String?) -> Answer {
    do { return .scope(try Authorization.authorize(caller, rule, district: district)) } catch {
      return .refused(error.kind)
    }
  }

  private func expected(_ caller: Caller?, _ rule: AccessRule, _ district: String?) -> Answer {
    // An open route lets anybody in, and to no tenant's rows.
    if rule == .open { return .scope(.districts([])) }
    // All others take a valid token.
    guard let caller else { return .refused(.unauthenticated) }
    let wholly = { (roles: Set<Role>, place: Reach) in
      caller.grants.contains { roles.contains($0.role) && $0.reach == place }
    }
    switch rule {
    case .open, .signedIn: return .scope(.districts([]))
    // A state route takes one of its roles for the whole state.
    case .state(let roles): return wholly(roles, .state) ? .scope(.state) : .refused(.forbidden)
    // A scoped route shows the districts where one of its roles is held, and all of them to the state's.
    case .scoped(let roles):
      if wholly(roles, .state) { return .scope(.state) }
      let held = [Self.own, Self.other].filter { wholly(roles, .district($0)) }
      return held.isEmpty ? .refused(.forbidden) : .scope(.districts(Set(held)))
    // A district's route does not exist for who holds nothing there; who holds the wrong role is told so.
    case .district(let roles):
      guard let district, let id = DistrictID(rawValue: district) else { return .refused(.notFound) }
      guard touches(caller, id) else { return .refused(.notFound) }
      return wholly(roles, .state) || wholly(roles, .district(id)) ? .scope(.district(id)) : .refused(.forbidden)
    // A school's route is a district's to which one of its roles at a school of the district opens as well.
    case .school(let roles):
      guard let district, let id = DistrictID(rawValue: district) else { return .refused(.notFound) }
      guard touches(caller, id) else { return .refused(.notFound) }
      let opens = [Reach.state, .district(id), .school(id, Self.school)].contains { wholly(roles, $0) }
      return opens ? .scope(.district(id)) : .refused(.forbidden)
    // Of schools, a scoped route shows the districts.
    case .scopedSchools(let roles):
      if wholly(roles, .state) { return .scope(.state) }
      let held = [Self.own, Self.other].filter {
        wholly(roles, .district($0)) || wholly(roles, .school($0, Self.school))
      }
      return held.isEmpty ? .refused(.forbidden) : .scope(.districts(Set(held)))
    }
  }

  private func touches(_ caller: Caller, _ district: DistrictID) -> Bool {
    caller.grants.contains { [Reach.state, .district(district), .school(district, Self.school)].contains($0.reach) }
  }

  @Test("Who is let in by a school alone sees that school alone; who holds the district or the state sees it whole")
  func schoolsLimit() {
    for caller in Self.callers {
      for roles in Self.roleSets {
        let held = Set((caller?.grants ?? []).filter { roles.contains($0.role) }.map(\.reach))
        for rule in [AccessRule.school(roles), .scopedSchools(roles)] {
          let schools = Authorization.schools(caller, rule)
          for district in [Self.own, Self.other] {
            let whole = held.contains(.state) || held.contains(.district(district))
            let limited = !whole && held.contains(.school(district, Self.school))
            #expect((schools?[district] == [Self.school]) == limited)
          }
        }
        #expect(Authorization.schools(caller, .district(roles)) == nil)
      }
    }
  }

  @Test("Every rule answers every caller on every district as the rules say", arguments: rules)
  func generated(_ rule: AccessRule) {
    var wrong: [String] = []
    for caller in Self.callers {
      for path in Self.paths {
        let (found, wanted) = (answer(caller, rule, path), expected(caller, rule, path))
        if found != wanted {
          wrong.append("\(String(describing: caller?.grants)) on \(path ?? "-"): \(found), not \(wanted)")
        }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(3))")
  }

  @Test("No caller without a role for the whole state ever reaches the state's scope")
  func noEscalation() {
    for caller in Self.callers where caller?.grants.contains(where: { $0.reach == .state }) != true {
      for rule in Self.rules { for path in Self.paths { #expect(answer(caller, rule, path) != .scope(.state)) } }
    }
  }

  @Test("Rights are never united: what opens a district to a caller is always one single grant")
  func neverUnited() {
    for caller in Self.callers.compactMap(\.self) {
      for roles in Self.roleSets {
        for rule in [AccessRule.district(roles), .school(roles)] {
          let alone = caller.grants.contains { grant in
            let one = Caller(principal: caller.principal, name: caller.name, grants: [grant])
            return answer(one, rule, "own") == .scope(.district(Self.own))
          }
          #expect((answer(caller, rule, "own") == .scope(.district(Self.own))) == alone)
        }
      }
    }
  }

  @Test("A district's route never reaches beyond that district")
  func oneDistrict() {
    for caller in Self.callers {
      for roles in Self.roleSets {
        guard case .scope(let scope) = answer(caller, .district(roles), "own") else { continue }
        #expect(scope == .district(Self.own))
      }
    }
  }

  @Test("Another tenant's district and one that is not there look the same")
  func indistinguishable() throws {
    let caller = Caller(
      principal: try #require(PrincipalID(rawValue: "prn_0000000000000001")), name: "x",
      grants: [Grant(.districtIT, at: .district(Self.own))])
    var messages: Set<String> = []
    for path in ["other", "nowhere", "Not A District"] {
      do {
        _ = try Authorization.authorize(caller, .district(AccessRule.anyReader), district: path)
      } catch {
        messages.insert("\(error.code) \(error.message) \(error.status)")
      }
    }
    #expect(messages.count == 1)
  }

  @Test("A refusal for want of a token says how to send one")
  func challenge() {
    do throws(ServingError) {
      _ = try Authorization.authorize(nil, .signedIn, district: nil)
      Issue.record("let in")
    } catch {
      #expect(error.status == .unauthorized)
      #expect(error.headers[.wwwAuthenticate] == "Bearer realm=\"rollcall\"")
    }
  }
}
