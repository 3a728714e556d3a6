import Archive

/// An export of plainly invented people, as a schools' system would write it.
struct Export {
  var version = "1.2"
  var mode = "bulk"
  /// Columns that begin every file: blank in a whole file.
  var lead: [String] { mode == "bulk" ? ["", ""] : ["active", "2026-08-01T00:00:00Z"] }
  var orgs: [[String]] = []
  var classes: [[String]] = []
  var users: [[String]] = []
  var roles: [[String]] = []
  var enrollments: [[String]] = []
  var demographics: [[String]] = []
  /// Lines of the manifest beside those that are computed.
  var manifest: [String: String] = [:]
  /// Files in place of those that are computed; nil takes one out.
  var files: [String: String?] = [:]

  static let orgColumns = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"
  static let classColumns =
    "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods"
  static let userColumns12 =
    "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns"
  static let userColumns11 =
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password"
  static let roleColumns =
    "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId"
  static let enrollmentColumns =
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate"

  static let demographicColumns =
    "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus"

  // MARK: - Rows

  mutating func org(
    _ id: String, _ name: String, type: String = "school", identifier: String = "", parent: String = "d"
  ) {
    orgs.append([id] + lead + [name, type, identifier, parent])
  }

  mutating func user(
    _ id: String, _ given: String, _ family: String, role: String = "student", at orgs: [String] = ["s1"],
    number: String = "", email: String = "", sms: String = "", phone: String = "", agents: [String] = [],
    preferred: String = "", grades: String = "", username: String = ""
  ) {
    let names = [given, family, "", number, email, sms, phone, agents.joined(separator: ","), grades, "Secret-\(id)"]
    if version == "1.1" {
      users.append(
        [id] + lead + ["true", orgs.joined(separator: ","), role, username, "{Fed:\(id)}"] + names)
    } else {
      users.append(
        [id] + lead + ["true", username, "{Fed:\(id)}"] + names + ["", "", preferred, "", "", orgs.first ?? "", "they"])
      for (index, org) in orgs.enumerated() {
        roles.append(
          ["\(id)-\(org)"] + lead + [id, index == 0 ? "primary" : "secondary", role, "", "", org, ""])
      }
    }
  }

  mutating func schoolClass(_ id: String, _ title: String, at school: String = "s1", code: String = "") {
    classes.append([id] + lead + [title, "05", "course", code, "homeroom", "", school, "term", "", "", ""])
  }

  mutating func enroll(_ user: String, in schoolClass: String, role: String = "student", ends: String = "") {
    enrollments.append(
      ["\(schoolClass)-\(user)"] + lead + [schoolClass, "s1", user, role, "false", "2026-08-20", ends])
  }

  mutating func demographics(_ user: String, _ born: String, _ sex: String) {
    demographics.append(
      [user] + lead + [born, sex, "", "", "", "", "true", "", "", "US", "IA", "Elsewhere-\(user)", "01652"])
  }

  // MARK: - The archive

  static func csv(_ header: String, _ rows: [[String]]) -> String {
    let lines = rows.map { row in
      row.map { cell in
        cell.contains { ",\"\n".contains($0) } ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
      }.joined(separator: ",")
    }
    return ([header] + lines).joined(separator: "\r\n") + "\r\n"
  }

  var archive: [UInt8] {
    get throws { try ArchiveWriter.pack(content.map { ($0.key, Array($0.value.utf8)) }.sorted { $0.0 < $1.0 }) }
  }

  private var content: [String: String] {
    let tables: [(String, String, [[String]])] = [
      ("orgs", Self.orgColumns, orgs), ("classes", Self.classColumns, classes),
      ("users", version == "1.1" ? Self.userColumns11 : Self.userColumns12, users), ("roles", Self.roleColumns, roles),
      ("enrollments", Self.enrollmentColumns, enrollments), ("demographics", Self.demographicColumns, demographics),
    ]
    var properties = ["manifest.version": "1.0", "oneroster.version": version, "source.systemName": "Example SIS"]
    var content: [String: String] = [:]
    for (name, header, rows) in tables {
      properties["file.\(name)"] = rows.isEmpty ? "absent" : mode
      if !rows.isEmpty { content["\(name).csv"] = Self.csv(header, rows) }
    }
    properties.merge(manifest) { $1 }
    content["manifest.csv"] = Self.csv(
      "propertyName,value", properties.sorted { $0.key < $1.key }.map { [$0.key, $0.value] })
    for (name, text) in files { content[name] = text }
    return content
  }

  // MARK: - A small district

  /// Two schools, two students with a guardian between them, a teacher, a class.
  static func cedar(version: String = "1.2") -> Export {
    var export = Export(version: version)
    export.org("d", "Cedar Falls", type: "district", identifier: "cedar-falls", parent: "")
    export.org("s1", "Otter Creek Elementary", identifier: "1001")
    export.org("s2", "Heron High", identifier: "1002")
    export.user(
      "u1", "Robin", "Exampleton", number: "100001", email: "Robin@students.example", agents: ["g1"], preferred: "Rob",
      grades: "05", username: "robin.e")
    export.user("u2", "Zoë", "Fictional, Jr.", number: "100002", agents: ["g1", "g2"], grades: "05")
    export.user("t1", "Terry", "Madeup", role: "teacher", at: ["s1", "s2"], number: "T-7")
    export.user("g1", "Gale", "Exampleton", role: "parent", email: "Gale@home.example", phone: "+1 (555) 010-0199")
    export.user("g2", "Kim", "Fictional", role: "guardian", sms: "555-010-0123")
    export.schoolClass("c1", "Homeroom 5A", code: "5A")
    export.enroll("u1", in: "c1")
    export.enroll("u2", in: "c1")
    export.enroll("t1", in: "c1", role: "teacher")
    return export
  }
}
