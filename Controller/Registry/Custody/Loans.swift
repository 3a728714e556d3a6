import Serving
import Storage
import Vocabulary

/// A device on loan.
struct Loan: Sendable {
  let device: DeviceID
  let serial: String?
  let assetTag: String?
  let stage: Stage?
  let standing: CustodyStore.Row
  let dueDay: Int64
}

enum LoanStore {
  /// Devices on loan whose last day is before `day`, those that are due first at the top.
  static func page(
    of district: DistrictID, before day: Int64, after: (day: Int64, device: DeviceID)?, limit: Int,
    _ transaction: any Transaction
  ) throws -> [Loan] {
    let rest: SQL = after.map { "AND (due_day, registry_custody.device_id) > (\($0.day), \($0.device))" } ?? ""
    return try transaction.rows(
      """
      SELECT registry_custody.device_id, serial, asset_tag, stage, holder, since, due_day, loan_for, owner
      FROM registry_custody JOIN registry_device ON registry_device.district_id = registry_custody.district_id
        AND registry_device.device_id = registry_custody.device_id
      WHERE registry_custody.district_id = \(district) AND due_day IS NOT NULL AND due_day < \(day) \(rest)
      ORDER BY due_day, registry_custody.device_id LIMIT \(limit)
      """
    ).map { row in
      Loan(
        device: try row.get("device_id"), serial: try row.get("serial"), assetTag: try row.get("asset_tag"),
        stage: try row.get("stage"), standing: try CustodyStore.Row(row), dueDay: try row.get("due_day"))
    }
  }

  /// - Throws: `request.query` where the text is no page's `next`.
  static func place(_ after: String?) throws(ServingError) -> (day: Int64, device: DeviceID)? {
    guard let after else { return nil }
    let parts = after.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let day = Int64(parts[0]), let device = DeviceID(rawValue: parts[1]) else {
      throw ServingError(.query, "'after' is the 'next' of a page of this list.")
    }
    return (day, device)
  }
}

/// A loan as the API shows it.
struct LoanView: Encodable, Sendable {
  let device: DeviceID
  let serial: String?
  let assetTag: String?
  let stage: Stage?
  let holder: ShownHolder
  let since: String
  let due: String
  let isOverdue: Bool
  /// School days since the last day.
  let daysLate: Int
  let `for`: DeviceID?
  /// Not shown.
  let place: String

  init(_ loan: Loan, calendar: SchoolCalendar, today: Int64, seesPeople: Bool) {
    (device, serial, assetTag, stage) = (loan.device, loan.serial, loan.assetTag, loan.stage)
    holder = ShownHolder(loan.standing.holder, seesPeople: seesPeople)
    since = loan.standing.since.rfc3339
    due = CivilDate.text(of: loan.dueDay)
    isOverdue = loan.dueDay < today
    daysLate = calendar.daysLate(loan.dueDay, today: today)
    `for` = loan.standing.instead
    place = "\(loan.dueDay)/\(loan.device)"
  }

  private enum CodingKeys: String, CodingKey {
    case device, serial, assetTag, stage, holder, since, due, isOverdue, daysLate, `for`
  }

  static let schema = Schema.object(
    [
      ("device", .string("The device's id")), ("serial", .string("Its serial")), ("assetTag", .string("Its asset tag")),
      ("stage", .oneOf(Stage.allCases.map(\.rawValue), "A loaned device may be lost, or in repair itself")),
      (
        "holder",
        .string(
          "Who has it: 'person:' and an id, without the id for roles that see no students; or 'school:' and a code")
      ), ("since", .dateTime("Since when")),
      ("due", .string("The last day, as 2026-12-03")), ("isOverdue", .boolean("Whether that day is over")),
      ("daysLate", .integer("School days since that day, counted for a year at most")),
      ("for", .string("The device in whose place it is loaned")),
    ], required: ["device", "holder", "since", "due", "isOverdue", "daysLate"])
}
