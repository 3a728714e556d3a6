import Audit
import Serving
import Storage
import Vocabulary

/// A move that is one of many: all of them happen, or none.
struct PlannedMove: Sendable {
  /// Where it stands in a file; nil where there is none.
  let line: Int?
  let device: Device
  var move: CustodyMove

  /// With this evidence where nobody named another.
  func proven(by evidence: String) -> PlannedMove {
    var told = self
    told.move.evidence = move.evidence ?? evidence
    return told
  }
}

/// What many moves came to.
struct ManyMoved: Sendable {
  var moved: [(device: Device, holder: Holder?)] = []
  /// Devices that were where they should be already.
  var unchanged = 0
  /// Of each device, of what it was and of where it goes: another one where any of them is otherwise.
  var mark: Digest { .sha256(Array(marked.utf8)) }
  fileprivate var marked = ""
}

extension RegistryChange {
  /// Moves many devices at once, each decided from where it stands.
  ///
  /// - Parameters:
  ///   - faults: of the file so far; what is impossible is added, and then nothing is moved.
  ///   - previewed: the mark of what somebody was shown and has agreed to.
  /// - Throws: `csv.invalid` with every fault; where there is no file, `custody.impossible` with the first;
  ///   `custody.conflict` where it would not be what was shown.
  func move(
    _ plan: [PlannedMove], in district: DistrictID, _ faults: CSVFaults, previewed: Digest? = nil
  ) throws -> ManyMoved {
    var faults = faults
    let decided = try ManyDecided(plan, in: district, by: actor, now: now, &faults, transaction)
    let (moves, result) = (decided.moves, decided.result)
    guard faults.count == 0 else { throw CSVError(faults) }
    guard previewed == nil || previewed == result.mark else {
      throw RegistryError(
        .custodyConflict,
        "Something has changed since the preview, so nothing was moved. Look at what would happen now, and confirm that."
      )
    }
    try LedgerStore.append(moves, of: district, in: transaction)
    var schools: [SchoolID: [DeviceID]] = [:]
    for (device, holder) in result.moved {
      if case .school(let school)? = holder, school != device.school { schools[school, default: []].append(device.id) }
    }
    for (school, devices) in schools { try DeviceStore.set(school, of: devices, in: district, transaction) }
    return result
  }
}

/// What each of many moves comes to, decided from where its device stands; nothing of it is written.
struct ManyDecided {
  private(set) var moves: [(standing: LedgerStore.Standing, event: LedgerEvent)] = []
  private(set) var result = ManyMoved()

  /// - Parameter faults: what is impossible is added, where there is a file.
  /// - Throws: where there is no file, `custody.impossible` with the first.
  init(
    _ plan: [PlannedMove], in district: DistrictID, by actor: PrincipalID, now: Instant, _ faults: inout CSVFaults,
    _ transaction: any Transaction
  ) throws {
    moves.reserveCapacity(plan.count)
    let standings = try LedgerStore.standings(of: plan.map(\.device.id), in: district, transaction)
    let byDevice = Dictionary(standings.map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
    for one in plan {
      let standing = byDevice[one.device.id] ?? LedgerStore.Standing(device: one.device.id)
      if CustodyDecision.isDone(one.move, standing.projection) {
        result.unchanged += 1
        continue
      }
      do throws(RegistryError) {
        let event = try CustodyDecision.event(
          of: one.move, from: standing.projection, school: one.device.school, last: standing.lastEntry,
          actor: .principal(actor), now: now)
        moves.append((standing, event))
        result.moved.append((one.device, event.holder))
        result.marked += "\(one.device.id) \(standing.last) \(event.holder.map { "\($0)" } ?? "")\n"
      } catch {
        guard let line = one.line else {
          let name = one.device.serial ?? one.device.id.rawValue
          var told = RegistryError(error.kind, "Device '\(name)': \(error.message)")
          told.plain = error.plain.map { "\(name): \($0)" }
          throw told
        }
        var fault = Fault(
          line: line, field: "serial", value: one.device.serial, code: error.code.text, message: error.message)
        fault.plain = error.plain
        faults.add(fault)
      }
    }
  }
}

extension DeviceRegistry {
  /// - Throws: `custody.school-unknown`.
  func requireSchool(
    of holder: Holder?, in district: DistrictID, _ transaction: any Transaction
  ) throws {
    guard case .school(let id)? = holder, try !SchoolStore.exists(id, in: district, transaction) else { return }
    throw RegistryError(.custodySchool, "The district has no school '\(id)'. 'rollcall school list' names them.")
  }

  /// What the rows of a file say, with the devices, students and schools that they name; what is not there is a fault.
  func plan(
    _ file: CustodyFile, _ told: CustodyMove, in district: DistrictID, _ faults: inout CSVFaults,
    _ transaction: any Transaction
  ) throws -> [PlannedMove] {
    let devices = try DeviceStore.devices(serials: file.rows.map(\.serial), in: district, transaction)
    var numbers: [String] = []
    for case .student(let number)? in file.rows.map(\.recipient) { numbers.append(number) }
    if !numbers.isEmpty { try persons.require(district, transaction) }
    let students = numbers.isEmpty ? [:] : try persons.students(numbered: numbers, of: district, in: transaction)
    let schools = Set(try SchoolStore.page(of: district, transaction).map(\.id))
    var plan: [PlannedMove] = []
    plan.reserveCapacity(file.rows.count)
    for row in file.rows {
      guard let device = devices[row.serial.folded] else {
        faults.add(
          Fault(
            line: row.line, field: "serial", value: row.serial.text, code: "custody.serial-unknown",
            message: "The district has no device with this serial."))
        continue
      }
      var move = told
      move.accessories = row.accessories
      switch row.recipient {
      case .student(let number):
        guard let id = students[number] else {
          faults.add(
            Fault(
              line: row.line, field: "studentId", value: number, code: RegistryError.Kind.custodyPerson.rawValue,
              message: "The district's roster has no student with this number who has not left."))
          continue
        }
        move.to = .person(id)
      case .holder(.school(let school)) where !schools.contains(school):
        faults.add(
          Fault(
            line: row.line, field: "school", value: school.rawValue, code: RegistryError.Kind.custodySchool.rawValue,
            message: "The district has no school of this code."))
        continue
      case .holder(let holder): move.to = holder
      case nil: break
      }
      plan.append(PlannedMove(line: row.line, device: device, move: move))
    }
    return plan
  }
}
