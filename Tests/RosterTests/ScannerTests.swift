import Archive
import Serving
import Testing
import Vocabulary

@testable import Roster

@Suite("Reading tables byte by byte")
struct ScannerTests {
  private final class Found {
    var records: [String] = []
    var faults: [String] = []
  }

  /// What is found when the text comes in pieces of that many bytes.
  private func scan(_ bytes: [UInt8], piece: Int) throws -> (records: [String], faults: [String]) {
    let found = Found()
    var scanner = RecordScanner { found.faults.append("\($0.line ?? 0) \($0.code)") }
    func take(_ record: ScannedRecord) {
      let cells = (0..<record.count).map { String(decoding: record.cell($0), as: UTF8.self) }
      found.records.append("\(record.line): " + cells.joined(separator: "|"))
    }
    for start in stride(from: 0, to: bytes.count, by: piece) {
      try Array(bytes[start..<min(start + piece, bytes.count)]).withUnsafeBufferPointer { try scanner.feed($0, take) }
    }
    try scanner.end(take)
    return (found.records, found.faults)
  }

  @Test(
    "Records are cut the same wherever the pieces end",
    arguments: [
      ("a,b\nc,d\n", ["1: a|b", "2: c|d"], []),
      ("\u{FEFF}a,b\r\nc,d", ["1: a|b", "2: c|d"], []),
      ("a,\n\n,b\n", ["1: a|", "3: |b"], []),
      ("\"a,\"\"b\",\"\"\n\"c\nd\",e\nf,g\n", ["1: a,\"b|", "2: c\nd|e", "4: f|g"], []),
      (" a , b c \n", ["1: a|b c"], []),
      ("a\"b,c\nd,e\n", ["2: d|e"], ["1 csv.quote"]),
      ("\"a\"b,c\nd,e\n", ["2: d|e"], ["1 csv.quote"]),
      ("\"a\" ,b\nd,e\n", ["2: d|e"], ["1 csv.quote"]),
      ("a,b\n\"c,d\n", ["1: a|b"], ["2 csv.quote"]),
      ("", [], []), ("\n\r\n", [], []), ("a", ["1: a"], []),
    ] as [(String, [String], [String])])
  func pieces(text: String, records: [String], faults: [String]) throws {
    for piece in [1, 2, 3, 5, 1000] {
      let found = try scan(Array(text.utf8), piece: piece)
      #expect(found.records == records && found.faults == faults, "\(piece)")
    }
  }

  @Test("A record that is too long is told, and reading goes on with the next line")
  func long() throws {
    let long = String(repeating: "x", count: RecordScanner.recordLimit + 10)
    let plain = try scan(Array("a,b\n\(long),c\nd,e\n".utf8), piece: 4096)
    #expect(plain.records == ["1: a|b", "3: d|e"] && plain.faults == ["2 csv.field-too-long"])
    let open = try scan(Array("a,b\n\"c\nd,e\n\(long)".utf8) + Array("\nf,g\n".utf8), piece: 4096)
    #expect(open.faults.first == "2 csv.quote" && open.records.contains("3: d|e") && open.records.last == "5: f|g")
    let wide = try scan(Array((String(repeating: ",", count: 200) + "\nd,e\n").utf8), piece: 64)
    #expect(wide.records == ["2: d|e"] && wide.faults == ["1 csv.too-many-fields"])
  }

  @Test("A record that is too long is passed over alike where a piece brings it whole, and lines keep their numbers")
  func longInOnePiece() throws {
    // As files come out of archives.
    let piece = 64 << 10
    let rows = (0..<700).map { "row-\($0),\(String(repeating: "x", count: 120))\n" }.joined()
    #expect(rows.utf8.count > RecordScanner.recordLimit)
    // A quote that nobody closed on line 2, and the next one behind 90 KB.
    let open = try scan(Array("a,b\n\"c\n\(rows)d\",e\nx\"y,z\nlast,f\n".utf8), piece: piece)
    #expect(open.faults == ["2 csv.quote", "703 csv.quote", "704 csv.quote"])
    #expect(open.records.count == 702 && open.records.last == "705: last|f")
    #expect(open.records[1].hasPrefix("3: row-0|") && open.records[700].hasPrefix("702: row-699|"))
    // A plain record that ends within the second piece.
    let long = String(repeating: "x", count: RecordScanner.recordLimit + 10)
    let plain = try scan(Array("a,b\n\(long),c\nd,e\n".utf8), piece: piece)
    #expect(plain.records == ["1: a|b", "3: d|e"] && plain.faults == ["2 csv.field-too-long"])
    // As long as may be, whatever the pieces.
    let most = String(repeating: "y", count: RecordScanner.recordLimit - 2)
    for piece in [4096, piece, 1 << 20] {
      let found = try scan(Array("a,b\n\(most),c\nd,e\n".utf8), piece: piece)
      #expect(found.faults == [] && found.records.count == 3, "\(piece)")
    }
  }

  @Test("Very many faults of form end the reading of a file")
  func faults() throws {
    let found = try scan(Array(String(repeating: "a\"\n", count: 5000).utf8), piece: 777)
    #expect(found.faults.count == 1001 && found.records.isEmpty)
  }

  @Test("Random bytes never trap, and are cut alike whatever the pieces")
  func random() throws {
    var generator = Seeded(state: 7)
    let alphabet = Array("\",\r\n a1é\u{0}".utf8) + [0xff, 0xc3, 0xef, 0xbb, 0xbf]
    for _ in 0..<2000 {
      let count = Int(generator.next() % 80)
      let bytes = (0..<count).map { _ in alphabet[Int(generator.next() % UInt64(alphabet.count))] }
      let (one, all) = (try scan(bytes, piece: 1), try scan(bytes, piece: 100))
      #expect(one.records == all.records && one.faults == all.faults, "\(bytes)")
    }
  }

  @Test("An archive whose files were changed anywhere never traps, and is taken up whole or not at all")
  func hostile() async throws {
    let bench = try await RosterBench()
    let export = Export.cedar()
    let users = Array(Export.csv(Export.userColumns12, export.users).utf8)
    var generator = Seeded(state: 11)
    let strange = Array("\",\n\r x".utf8) + [0x00, 0xff, 0xc3]
    for _ in 0..<150 {
      var bytes = users
      for _ in 0...Int(generator.next() % 3) {
        bytes[Int(generator.next() % UInt64(bytes.count))] = strange[Int(generator.next() % UInt64(strange.count))]
      }
      let files: [(name: String, bytes: [UInt8])] = try ArchiveReader.open(try export.archive) { archive in
        try archive.entries.map { entry in
          var content: [UInt8] = []
          try archive.read(entry) { content += $0 }
          return (entry.name, entry.name == "users.csv" ? bytes : content)
        }
      }
      let archive = try ArchiveWriter.pack(files)
      switch try await bench.desk.plan(archive, only: RosterBench.cedar, on: RosterBench.today, in: .state) {
      case .success(let plan): #expect(plan.districts.count == 1)
      case .failure(let error): #expect(!error.faults.isEmpty)
      }
    }
  }
}

/// The same numbers from the same seed, on every machine. Source: Steele, Lea, Flood, "SplitMix64".
struct Seeded {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

@Suite("Rows by 64 bits")
struct RowIndexTests {
  @Test("What stands is told from what a file tells, through growth")
  func outcomes() {
    let key = RowKey()
    var index = RowIndex()
    for number in 0..<5000 { index.stands(key(0, "r\(number)"), hash: Int64(number), hasLeft: number % 10 == 0) }
    #expect(index.untold == 4500)
    #expect(index.tell(key(0, "r1"), hash: 1) == .unchanged && index.tell(key(0, "r2"), hash: 1) == .changed)
    #expect(index.tell(key(0, "r10"), hash: 10) == .returned && index.tell(key(0, "new"), hash: 0) == .added)
    #expect(index.tell(key(0, "new"), hash: 0) == .repeated && index.tell(key(1, "r1"), hash: 1) == .added)
    #expect(index.remove(key(0, "r3")) == true && index.remove(key(0, "r20")) == false)
    #expect(index.remove(key(0, "nobody")) == false && index.remove(key(0, "r1")) == nil)
    #expect(index.untold == 4497 && index.isUntold(key(0, "r4")) && !index.isUntold(key(0, "r1")))
    #expect(index.refers(key(0, "r1"), isDelta: false) && !index.refers(key(0, "r4"), isDelta: false))
    #expect(index.refers(key(0, "r4"), isDelta: true) && !index.refers(key(0, "r3"), isDelta: true))
  }

  @Test("Rows wait packed in their order, and come out by district as often as they are asked for")
  func spool() throws {
    var spool = RowSpool()
    for number in 0..<30_000 {
      try spool.add(
        district: number / 20_000, isNew: number % 2 == 0, id: "row-\(number)",
        body: Array("Robin \(number) of Otter Creek".utf8))
    }
    // Longer than two blocks.
    var long = RowSpool()
    try long.add(district: 0, isNew: true, id: "long", body: [UInt8](repeating: 7, count: 5 << 20))
    try long.chunks(of: 10) { #expect($0.map(\.body.count) == [5 << 20]) }
    for _ in 0..<2 {
      var next = 0
      try spool.chunks(of: 500) { rows in
        #expect(rows.count <= 500 && Set(rows.map(\.district)).count == 1)
        for row in rows {
          if row.id != "row-\(next)" || row.isNew != (next % 2 == 0) || row.district != next / 20_000 {
            Issue.record("\(row.id) in place of \(next)")
          }
          next += 1
        }
      }
      #expect(next == 30_000)
    }
  }

  @Test("Rows of districts that take turns come out many of a district at once, each district's in their order")
  func turns() throws {
    var spool = RowSpool()
    for number in 0..<30_000 {
      try spool.add(district: number % 140, isNew: true, id: "row-\(number)", body: [])
    }
    var (next, chunks) = (Array(0..<140), 0)
    try spool.chunks(of: 100) { rows in
      chunks += 1
      let district = try #require(rows.first).district
      for row in rows {
        #expect(row.district == district && row.id == "row-\(next[district])")
        next[district] += 140
      }
    }
    #expect(next.allSatisfy { $0 >= 30_000 } && chunks == 140 * 3)
    // Of large rows no more than fits wait for others.
    var large = RowSpool()
    for number in 0..<40 {
      try large.add(district: number, isNew: true, id: "row-\(number)", body: [UInt8](repeating: 7, count: 1 << 20))
    }
    var order: [Int] = []
    try large.chunks(of: 100) { order += $0.map(\.district) }
    #expect(order == Array(0..<40))
  }
}
