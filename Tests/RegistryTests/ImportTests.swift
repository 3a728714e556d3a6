import Serving
import Testing
import Vocabulary

@testable import Registry

@Suite("Importing what people know of devices")
struct ImportTests {
  private static let path = "/api/v1/districts/cedar-falls/devices/import"

  private func bench() async throws -> RegistryBench {
    let bench = try await RegistryBench.withDistricts()
    _ = try await bench.send(
      .post, "/api/v1/districts/cedar-falls/schools", body: #"{"id":"north","name":"North High"}"#)
    return bench
  }

  private func faults(_ bench: RegistryBench, _ file: String) async throws -> [Fault] {
    do {
      _ = try await bench.send(.post, Self.path, body: file)
      return []
    } catch let error as CSVError {
      #expect(error.code.text == "csv.invalid")
      #expect(error.status == .unprocessableContent)
      return error.faults
    }
  }

  @Test("Known devices take what the file says and keep what it does not; the others become known by serial alone")
  func upsert() async throws {
    let bench = try await bench()
    let known = try await bench.expect("PF3ABC01")
    let first = try await bench.send(
      .post, Self.path,
      body: "\u{FEFF}Serial Number,asset_tag,School,Model,management\r\n"
        + "pf3abc01, T-100 ,North High,\"Latitude 3340, touch\",\r\nPF3ABC02,,north,,external\r\n,,,,\r\n")
    #expect(first.json["rows"] as? Int == 2)
    #expect(first.json["created"] as? Int == 1)
    #expect(first.json["updated"] as? Int == 1)
    let device = try await bench.device(known)
    #expect(device.serial == "PF3ABC01")
    #expect(device.assetTag == "T-100")
    #expect(device.school == SchoolID(rawValue: "north"))
    #expect(device.model == "Latitude 3340, touch")
    #expect(device.stage == .ordered)
    _ = try await bench.send(.post, Self.path, body: "serial,assetTag\nPF3ABC01,T-200\n")
    #expect(try await bench.device(known).assetTag == "T-200")
    #expect(try await bench.device(known).model == "Latitude 3340, touch")
    let other = try await bench.send(.get, "/api/v1/devices", query: [("serial", "PF3ABC02")]).items[0]
    #expect(other["management"] as? String == "external")
    #expect(other["identity"] as? String == "serial-only")
    #expect(other["stage"] == nil)
  }

  @Test(
    "Every kind of bad line is told with line, column, value and rule",
    arguments: [
      ("assetTag\nT-1\n", 1, "serial", "csv.column"),
      ("serial,serail\nA1B2,x\n", 1, "serail", "csv.column"),
      ("serial,Serial Number\nA1B2,x\n", 1, "Serial Number", "csv.column"),
      ("serial;assetTag\nA1B2;T\n", 1, "serial;assetTag", "csv.column"),
      ("", 1, nil, "csv.header"),
      ("serial,assetTag\n,T-1\n", 2, "serial", "csv.required"),
      ("serial\nTo be filled by O.E.M.\n", 2, "serial", "import.serial"),
      ("serial\n0123456789\n", 2, "serial", "import.serial"),
      ("serial\nSÉR1234\n", 2, "serial", "import.serial"),
      ("serial\nA1B2\nC3D4\na1b2\n", 4, "serial", "import.repeated"),
      ("serial,assetTag\nA1B2,T-1\nC3D4,t-1\n", 3, "assetTag", "import.repeated"),
      ("serial,school\nA1B2,Nroth High\n", 2, "school", "import.school"),
      ("serial,management\nA1B2,mdm\n", 2, "management", "import.management"),
      ("serial,management\nA1B2,agent\n", 2, "management", "import.management"),
      ("serial,management\nPF3ENROLLED,external\n", 2, "management", "import.management"),
      ("serial,model\nA1B2,\"two\nlines\"\n", 2, "model", "import.text"),
      ("serial,model\nA1B2\n", 2, nil, "csv.field-count"),
      ("serial\nA1B2,extra\n", 2, nil, "csv.field-count"),
      ("serial\n\"A1B2\n", 2, "1", "csv.quote"),
      ("serial\nA1\"B2\n", 2, "1", "csv.quote"),
      ("serial\n\"A1\"B2\n", 2, "1", "csv.quote"),
      ("serial\nA1\u{0}B2\n", 2, "1", "csv.control"),
    ] as [(String, Int, String?, String)])
  func badLine(file: String, line: Int, column: String?, code: String) async throws {
    let bench = try await bench()
    try await bench.enroll(try await bench.expect("PF3ENROLLED"), key: 1)
    let found = try await faults(bench, file)
    #expect(found.count == 1)
    #expect(found.first?.line == line)
    #expect(found.first?.field == column)
    #expect(found.first?.code == code)
  }

  @Test("A misspelt column and a misspelt school name the nearest one")
  func nearest() async throws {
    let bench = try await bench()
    #expect(try await faults(bench, "serial,asettag\nA1B2,x\n")[0].message.contains("'assetTag'"))
    #expect(try await faults(bench, "serial,school\nA1B2,noth\n")[0].message.contains("'north'"))
  }

  @Test(
    "An asset tag stays with one device of the district: the line, the tag and who has it are told, among all faults")
  func tagTaken() async throws {
    let bench = try await bench()
    _ = try await bench.send(.post, Self.path, body: "serial,assetTag\nPF3XK2N8,A2\nPF3XK2N9,A3\n")
    let found = try await faults(bench, "serial,assetTag,school\nPF3XK2N0,a2,\nPF3XK2N1,A9,nowhere\nPF3XK2N2,A3,\n")
    #expect(
      found.map { "\($0.line ?? 0) \($0.field ?? "") \($0.value ?? "") \($0.code)" } == [
        "2 assetTag a2 import.tag-taken", "3 school nowhere import.school", "4 assetTag A3 import.tag-taken",
      ])
    #expect(found[0].message.contains("'PF3XK2N8'") && found[2].message.contains("'PF3XK2N9'"))
    #expect(try await bench.count("registry_device") == 2)
    // What a device has already may stand in a file; another district has tags of its own.
    #expect(try await faults(bench, "serial,assetTag\nPF3XK2N8,A2\n").isEmpty)
    let river = Self.path.replacing("cedar-falls", with: "oak-park")
    _ = try await bench.send(.post, river, body: "serial,assetTag\nPF3XK2N0,A2\n")
  }

  @Test("Tags move between devices within one file, in whatever order; one that only gives its tag up keeps it")
  func tagMoves() async throws {
    let bench = try await bench()
    _ = try await bench.send(.post, Self.path, body: "serial,assetTag\nPF3XK2N8,A2\nPF3XK2N9,A3\n")
    #expect(try await faults(bench, "serial,assetTag\nPF3XK2N9,A2\nPF3XK2N8,A3\n").isEmpty)
    let swapped = try await bench.send(.get, "/api/v1/devices", query: [("assetTag", "A2")]).items
    #expect(swapped.map { $0["serial"] as? String } == ["PF3XK2N9"])
    #expect(try await faults(bench, "serial,assetTag\nPF3XK2N0,A3\nPF3XK2N8,A4\n").isEmpty)
    // An empty cell says nothing, so the tag is not free.
    #expect(try await faults(bench, "serial,assetTag\nPF3XK2N1,A4\nPF3XK2N8,\n").map(\.code) == ["import.tag-taken"])
  }

  @Test("A tag that was given away after the file was read is refused where the change is made")
  func tagRace() throws {
    let device = ImportedDevice(
      line: 2, serial: Serial("PF3XK2N0")!, assetTag: "A2", school: nil, model: nil, management: nil)
    let holder = TagHolder(serial: nil, name: "lab-7")
    let error = #expect(throws: CSVError.self) {
      try ImportDecision.checkTags(of: [device], holders: ["A2": [holder]])
    }
    #expect(error?.faults.map(\.code) == ["import.tag-taken"] && error?.faults[0].message.contains("'lab-7'") == true)
    try ImportDecision.checkTags(of: [device], holders: ["A3": [holder]])
  }

  @Test("One fault, and nothing of the file is applied; all faults are told at once")
  func whole() async throws {
    let bench = try await bench()
    let found = try await faults(bench, "serial,school\nA1B2,north\nDefault string,north\nC3D4,nowhere\n")
    #expect(found.map(\.line) == [3, 4])
    #expect(found.map(\.value) == ["Default string", "nowhere"])
    #expect(try await bench.count("registry_device") == 0)
    #expect(try await bench.count("audit_entry") == 1)
  }

  @Test("Of very many faults the first thousand are listed, and all counted")
  func many() async throws {
    let bench = try await bench()
    let file = "serial\n" + String(repeating: "Default string\n", count: 2500)
    do {
      _ = try await bench.send(.post, Self.path, body: file)
      Issue.record("the file was taken")
    } catch let error as CSVError {
      #expect(error.faults.count == 1000)
      #expect(error.message.contains("2500 faults"))
    }
  }

  @Test("A file sent twice with one Idempotency-Key is applied once")
  func repeated() async throws {
    let bench = try await bench()
    for _ in 0..<2 {
      let answer = try await bench.send(.post, Self.path, body: "serial\nA1B2\n", key: "import-1")
      #expect(answer.json["created"] as? Int == 1)
    }
    #expect(try await bench.count("audit_entry") == 2)
  }

  @Test("A formula in a cell is kept as text, and neutralised where it is written")
  func formula() async throws {
    let bench = try await bench()
    _ = try await bench.send(.post, Self.path, body: "serial,model\nA1B2,\"=HYPERLINK(\"\"http://x\"\")\"\n")
    let model = try await bench.send(.get, "/api/v1/devices").items[0]["model"] as? String
    #expect(model == #"=HYPERLINK("http://x")"#)
    #expect(CSVWriter.cell(model ?? "") == #""'=HYPERLINK(""http://x"")""#)
  }

  @Test("Random bytes after a header never crash the reader, and apply nothing unless they are a list")
  func hostile() throws {
    var generator = SeededGenerator(seed: 99)
    let alphabet = Array("\",\r\n;=A1é\u{0}\t ".utf8) + [0xff, 0xc3, 0xef, 0xbb, 0xbf]
    for _ in 0..<3000 {
      let count = Int(generator.next() % 60)
      let body = Array("serial,assetTag\n".utf8) + (0..<count).map { _ in alphabet.randomElement(using: &generator)! }
      do {
        let devices = try ImportDecision.read(body, schools: [], agents: [], holders: [:])
        #expect(Set(devices.map(\.serial)).count == devices.count)
      } catch {
        #expect(!error.faults.isEmpty)
      }
    }
  }
}
