import Serving
import Vocabulary

/// A file of devices that go to somebody, or come back: its rows, and what is wrong with them by themselves.
struct CustodyFile: Sendable {
  struct Row: Sendable {
    let line: Int
    let serial: Serial
    let recipient: Recipient?
    let accessories: Accessories
  }

  /// Rows of one file: more take longer than other writers should wait.
  static let limit = 100_000

  private(set) var rows: [Row] = []
  /// What the file alone tells; what the registry and the roster say of it is added later, so that all is told at once.
  private(set) var faults = CSVFaults()

  static let assigned = [
    CSVColumn("serial", required: true, aliases: ["serial number", "serial no", "s/n"]),
    CSVColumn("studentId", aliases: ["student", "student number", "student no"]),
    CSVColumn("school", aliases: ["school id"]),
    CSVColumn("accessories", aliases: ["accessory"]),
  ]
  static let returned = [
    CSVColumn("serial", required: true, aliases: ["serial number", "serial no", "s/n"]),
    CSVColumn("accessories", aliases: ["accessory"]),
  ]

  /// - Throws: `csv.invalid` where there is no header to go by.
  init(_ bytes: [UInt8], columns: [CSVColumn]) throws(CSVError) {
    var limits = CSVLimits()
    limits.records = Self.limit + 1
    let isAssignment = columns == Self.assigned
    var rows: [Row] = []
    var faults: CSVFaults?
    var lines: [String: Int] = [:]
    do throws(CSVError) {
      _ = try CSVTable.read(bytes, columns: columns, limits: limits) { row, faults -> Row? in
        let read = Self.row(row, isAssignment: isAssignment, &lines, &faults)
        if let read { rows.append(read) }
        return read
      } end: {
        faults = $0
      }
    } catch {
      guard faults != nil else { throw error }
    }
    self.rows = rows
    self.faults = faults ?? CSVFaults()
  }

  private static func row(
    _ row: CSVRow, isAssignment: Bool, _ lines: inout [String: Int], _ faults: inout CSVFaults
  ) -> Row? {
    let serial = serial(row, &lines, &faults)
    let accessories = accessories(row, &faults)
    let recipient = isAssignment ? recipient(row, &faults) : nil
    guard let serial, let accessories, !isAssignment || recipient != nil else { return nil }
    return Row(line: row.line, serial: serial, recipient: recipient, accessories: accessories)
  }

  private static func serial(
    _ row: CSVRow, _ lines: inout [String: Int], _ faults: inout CSVFaults
  ) -> Serial? {
    guard let text = row["serial"] else { return nil }
    guard let serial = Serial(text) else {
      faults.add(row, "serial", code: "import.serial", "This is no serial; give the one printed on the case.")
      return nil
    }
    if let first = lines.updateValue(row.line, forKey: serial.folded) {
      faults.add(
        row, "serial", code: "import.repeated", "Line \(first) has this serial already; each device stands once.")
      return nil
    }
    return serial
  }

  private static func accessories(_ row: CSVRow, _ faults: inout CSVFaults) -> Accessories? {
    let names = (row["accessories"] ?? "").split { ",; +".contains($0) }.map { $0.lowercased() }
    let found = names.map(Accessory.init(rawValue:))
    guard !found.contains(nil) else {
      let all = Accessory.allCases.map(\.rawValue).joined(separator: " and ")
      faults.add(row, "accessories", code: "custody.accessory", "Accessories are \(all), with a space between.")
      return nil
    }
    return Accessories(found.compactMap(\.self))
  }

  private static func recipient(_ row: CSVRow, _ faults: inout CSVFaults) -> Recipient? {
    switch (row["studentId"], row["school"]) {
    case (let number?, nil):
      guard Recipient.isNumber(number) else {
        faults.add(row, "studentId", code: "custody.student", "A student's number has 1 to 64 characters.")
        return nil
      }
      return .student(number)
    case (nil, let text?):
      guard let school = SchoolID(rawValue: text) else {
        faults.add(row, "school", code: "custody.school-unknown", "A school is told by its code, such as 'north-high'.")
        return nil
      }
      return .holder(.school(school))
    case (nil, nil):
      faults.add(row, "studentId", code: "csv.required", "Say who gets the device: 'studentId' or 'school'.")
    case (_?, _?):
      faults.add(row, "school", code: "custody.student", "A device goes to a student or to a school, not to both.")
    }
    return nil
  }
}
