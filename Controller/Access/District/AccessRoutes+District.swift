import HTTPTypes
import Serving
import Storage
import Vocabulary

/// Who works in a district, for its own administrators.
extension AccessRoutes {
  static let districtAdministrators: Set<Role> = [.stateAdmin, .districtAdmin]
  private static let base = "/api/v1/districts/{district}/people"

  var districtPeople: [PeopleRoute] {
    [
      PeopleRoute(
        .get, Self.base, .district(Self.districtAdministrators.union([.auditor])),
        Operation(
          "listDistrictPeople", "Who works in the district, with their roles there", query: PageRequest.parameters,
          answers: (200, Page<PrincipalItem>.schema(of: PrincipalItem.schema)))
      ) { call, _ in
        let page = try PageRequest(call)
        let district: DistrictID = try call.identifier("district")
        let items = try await database.read(in: .state) { transaction in
          let found = try AccessStore.principals(of: district, page, in: transaction)
          let grants = try AccessStore.grants(of: found.map(\.id), in: transaction)
          return found.map { principal in
            PrincipalItem(principal, grants: (grants[principal.id] ?? []).filter { $0.district == district })
          }
        }
        return try .json(Page(items, limit: page.limit, key: \.id.rawValue))
      },
      PeopleRoute(
        .post, Self.base, .district(Self.districtAdministrators),
        Operation(
          "addDistrictPerson", "Adds a person with a role in the district and an account, with a one-time link",
          body: ("application/json", NewPerson.schema), answers: (201, IssuedLink.schema))
      ) { call, context in
        let form = try JSONText.decode(NewPerson.self, from: call.body)
        let district: DistrictID = try call.identifier("district")
        let wish = try AccountWish(login: form.login, name: form.name, principal: nil, now: call.now)
        let grant = try Grant(role: form.role, district: district, school: form.school)
        return try await issue(call, context, .created) { [tenants] in
          try $0.addPerson(wish, grant, tenants: tenants)
        }
      },
      PeopleRoute(
        .post, Self.base + "/{principal}/grants", .district(Self.districtAdministrators),
        Operation(
          "addDistrictGrant", "Gives somebody who works in the district a role there",
          body: ("application/json", DistrictGrant.schema), answers: (201, GrantForm.schema), repeats: 200)
      ) { call, context in
        let form = try JSONText.decode(DistrictGrant.self, from: call.body)
        let district: DistrictID = try call.identifier("district")
        let principal: PrincipalID = try call.identifier("principal")
        let grant = try Grant(role: form.role, district: district, school: form.school)
        return try await change(call, context) { [tenants] changes in
          let isNew = try changes.add(grant, of: district, to: principal, tenants: tenants)
          return try .json(GrantForm(grant), status: isNew ? .created : .ok)
        }
      },
      PeopleRoute(
        .delete, Self.base + "/{principal}/grants", .district(Self.districtAdministrators),
        Operation(
          "removeDistrictGrant", "Takes a role in the district from somebody",
          query: [.init("role", "The grant's role"), .init("school", "Its school; absent for the whole district")],
          answers: (204, nil))
      ) { call, context in
        let form = try GrantForm(query: call)
        let district: DistrictID = try call.identifier("district")
        let principal: PrincipalID = try call.identifier("principal")
        let grant = try Grant(role: form.role, district: district, school: form.school)
        return try await change(call, context) { changes in
          try changes.remove(grant, of: district, from: principal)
          return Reply(.noContent)
        }
      },
    ] + districtAccounts
  }

  private var districtAccounts: [PeopleRoute] {
    [
      PeopleRoute(
        .post, Self.base + "/{principal}/reset", .district(Self.districtAdministrators),
        Operation(
          "resetDistrictAccount", "As resetAccount, for somebody who works in this district alone",
          answers: (200, IssuedLink.schema))
      ) { call, context in
        let district: DistrictID = try call.identifier("district")
        let principal: PrincipalID = try call.identifier("principal")
        return try await issue(call, context, .ok) { try $0.resetAccount(principal, of: district) }
      },
      PeopleRoute(
        .post, Self.base + "/{principal}/disable", .district(Self.districtAdministrators),
        Operation(
          "disableDistrictAccount", "As disableAccount, for somebody who works in this district alone",
          answers: (204, nil))
      ) { call, context in
        let district: DistrictID = try call.identifier("district")
        let principal: PrincipalID = try call.identifier("principal")
        return try await change(call, context) { changes in
          try changes.disableAccount(principal, of: district)
          return Reply(.noContent)
        }
      },
    ]
  }
}

struct NewPerson: Decodable {
  let login: String
  let name: String
  let role: Role
  let school: SchoolID?

  static let schema = Schema.object(
    [
      ("login", .string("What the person signs in by: 3 to 64 of a–z, 0–9 and . _ @ + -")),
      ("name", .string("The person's name, 1 to 100 characters")),
    ] + DistrictGrant.properties, required: ["login", "name", "role"])
}

struct DistrictGrant: Decodable {
  let role: Role
  let school: SchoolID?

  static let properties: [(name: String, schema: Schema)] = [
    ("role", .oneOf(AccessChanges.rolesOfDistricts.map(\.rawValue), "What the person may do there")),
    ("school", .string("The school's code; absent for the whole district")),
  ]
  static let schema = Schema.object(properties, required: ["role"])
}
