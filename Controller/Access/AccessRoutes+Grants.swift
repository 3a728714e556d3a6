import Serving
import Vocabulary

extension AccessRoutes {
  var grants: [PeopleRoute] {
    [
      PeopleRoute(
        .post, "/api/v1/principals/{principal}/grants", Self.administrators,
        Operation(
          "addGrant", "Gives a principal a role in the state, a district or a school",
          body: ("application/json", GrantForm.schema), answers: (201, GrantForm.schema), repeats: 200)
      ) { call, context in
        let form = try JSONText.decode(GrantForm.self, from: call.body)
        let grant = try Grant(role: form.role, district: form.district, school: form.school)
        let principal: PrincipalID = try call.identifier("principal")
        return try await change(call, context) { [tenants] changes in
          let isNew = try changes.add(grant, to: principal, tenants: tenants)
          return try .json(GrantForm(grant), status: isNew ? .created : .ok)
        }
      },
      PeopleRoute(
        .delete, "/api/v1/principals/{principal}/grants", Self.administrators,
        Operation(
          "removeGrant", "Takes a role from a principal", query: GrantForm.parameters, answers: (204, nil))
      ) { call, context in
        let form = try GrantForm(query: call)
        let grant = try Grant(role: form.role, district: form.district, school: form.school)
        let principal: PrincipalID = try call.identifier("principal")
        return try await change(call, context) { changes in
          try changes.remove(grant, from: principal)
          return Reply(.noContent)
        }
      },
    ]
  }
}
