internal import Audit
internal import HTTPTypes
internal import Serving
internal import Storage
internal import Vocabulary

/// How a device's health went in numbers, for people.
struct ReadingRoutes: Sendable {
  let desk: CheckIns

  var all: [PeopleRoute] {
    [
      PeopleRoute(
        .get, "/api/v1/districts/{district}/devices/{device}/readings", .school(AccessRule.anyReader),
        Operation(
          "listReadings",
          "What was measured of a device week by week, newest first: the first check-in of each week; 53 weeks are kept",
          query: PageRequest.parameters, answers: (200, Page<ReadingView>.schema(of: ReadingView.schema)))
      ) { call, context in try await list(call, context) },
      PeopleRoute(
        .post, "/api/v1/districts/{district}/devices/{device}/readings", .district(AccessRule.deviceManagers),
        Operation(
          "addReadings",
          "Add readings of the time before the device reported here, as another inventory has them; weeks that were measured here stay as they are",
          body: ("application/json", FormerReadings.schema),
          answers: (200, Page<ReadingView>.schema(of: ReadingView.schema)))
      ) { call, context in try await add(call, context) },
    ]
  }

  /// Empty for a device that never told its vitals.
  private func list(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let device: DeviceID = try call.identifier("device")
    let page = try PageRequest(call)
    let readings = try await desk.database.read(in: context.scope) { [records = desk.records] transaction in
      guard let known = try records.device(device, of: district, in: transaction),
        context.shows(known.school, of: district)
      else { throw ServingError.missing("device", device, in: district) }
      return try StoredFacts().toldWithReadings(by: device, in: district, transaction).readings
    }
    // Days as ISO 8601 writes them are in the order of their letters.
    let found = readings.reversed().map(ReadingView.init).filter { view in page.after.map { view.week < $0 } ?? true }
    return try .json(Page(found, limit: page.limit, key: \.week))
  }
}

extension ReadingRoutes {
  private func add(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let district: DistrictID = try call.identifier("district")
    let device: DeviceID = try call.identifier("device")
    let actor = try context.actor
    let former = try JSONText.decode(FormerReadings.self, from: call.body).checked()
    return try await desk.database.write(in: context.scope) { [records = desk.records] transaction in
      try Idempotency.reply(to: call, context, in: transaction) {
        guard try records.device(device, of: district, in: transaction) != nil else {
          throw ServingError.missing("device", device, in: district)
        }
        guard let known = try SectionStore.readings(device: device, district: district, in: transaction) else {
          throw CheckInError(
            .noVitals,
            "The device has told no vitals yet, so there is nothing that former readings precede. Let it check in first."
          )
        }
        let whole = known.preceded(by: former, now: HealthReading.week(of: call.now))
        if whole != known {
          try SectionStore.set(whole, device: device, district: district, in: transaction)
          try Journal.record(
            JournalEntry(
              at: call.now, actor: .principal(actor), action: "device.readings", object: ("device", device.rawValue),
              district: district, body: AddedBody(added: whole.all.count - known.all.count)), in: transaction)
        }
        return try .json(Page(whole.all.reversed().map(ReadingView.init), next: nil))
      }
    }
  }

  private struct AddedBody: JournalBody { let added: Int }
}

/// Readings that another inventory took.
private struct FormerReadings: Decodable, Sendable {
  struct Reading: Decodable, Sendable {
    var week: String
    var batteryPercent: Int?
    var diskUsedPercent: Int?
    var spaceFreePercent: Int?
    var memoryFreePercent: Int?
    var hottestCelsius: Int?
  }

  var readings: [Reading]

  static let schema = Schema.object([("readings", .array(ReadingView.schema))], required: ["readings"])

  /// - Throws: `request.body`, with the place of what is wrong.
  func checked() throws(ServingError) -> [HealthReading] {
    guard (1...HealthReadings.most).contains(readings.count) else {
      throw ServingError(.body, "'readings' has 1 to \(HealthReadings.most) of them, one a week.")
    }
    var checked: [HealthReading] = []
    for (index, reading) in readings.enumerated() {
      func wrong(_ field: String, _ rule: String) -> ServingError {
        ServingError(.body, "'readings[\(index)].\(field)' is \(rule).")
      }
      func percent(_ value: Int?, _ field: String, most: Int = 100) throws(ServingError) -> Int? {
        guard let value else { return nil }
        guard (0...most).contains(value) else { throw wrong(field, "a whole number from 0 to \(most)") }
        return value
      }
      guard reading.week.utf8.count == 10, let day = Instant(rfc3339: reading.week + "T00:00:00Z") else {
        throw wrong("week", "a day of it, such as 2026-11-16")
      }
      var made = HealthReading(week: HealthReading.week(of: day))
      guard HealthReadings.weeks.contains(made.week) else {
        throw wrong("week", "a day from 1970 on, and not of a far future")
      }
      made.batteryPercent = try percent(reading.batteryPercent, "batteryPercent", most: 254)
      made.diskUsedPercent = try percent(reading.diskUsedPercent, "diskUsedPercent", most: 254)
      made.spaceFreePercent = try percent(reading.spaceFreePercent, "spaceFreePercent")
      made.memoryFreePercent = try percent(reading.memoryFreePercent, "memoryFreePercent")
      if let celsius = reading.hottestCelsius {
        guard (-50...150).contains(celsius) else {
          throw wrong("hottestCelsius", "a whole number from -50 to 150, in °C")
        }
        made.celsius = celsius
      }
      checked.append(made)
    }
    return checked
  }
}

/// A week's reading as the API shows it; what was not told is absent.
struct ReadingView: Encodable, Sendable {
  let week: String
  let batteryPercent: Int?
  let diskUsedPercent: Int?
  let spaceFreePercent: Int?
  let memoryFreePercent: Int?
  let hottestCelsius: Int?

  init(_ reading: HealthReading) {
    week = CivilDate(daysSinceEpoch: reading.monday).description
    batteryPercent = reading.batteryPercent
    diskUsedPercent = reading.diskUsedPercent
    spaceFreePercent = reading.spaceFreePercent
    memoryFreePercent = reading.memoryFreePercent
    hottestCelsius = reading.celsius
  }

  static let schema = Schema.object(
    [
      ("week", .string("The Monday of its week, such as 2026-11-16 (UTC)")),
      ("batteryPercent", .integer("What the battery that holds least still holds of what it did when new")),
      ("diskUsedPercent", .integer("Endurance that the most worn disk has used up, percent")),
      ("spaceFreePercent", .integer("Free on the fullest file system, percent")),
      ("memoryFreePercent", .integer("Memory free for programs, percent")),
      ("hottestCelsius", .integer("The hottest part, °C")),
    ], required: ["week"])
}
