import Serving
import Testing

@Suite("CSV by RFC 4180")
struct CSVTests {
  private func read(_ bytes: [UInt8], _ limits: CSVLimits = CSVLimits()) -> (records: [[String]], faults: [Fault]) {
    var reader = CSVReader(bytes, limits: limits)
    var records: [[String]] = []
    var faults: [Fault] = []
    while let line = reader.next() {
      switch line {
      case .record(let record): records.append(record.fields)
      case .fault(let fault): faults.append(fault)
      }
    }
    return (records, faults)
  }

  private func records(_ text: String) -> [[String]] { read(Array(text.utf8)).records }

  @Test("Line ends, byte order mark, a last line without an end, and blank lines")
  func lines() {
    #expect(records("a,b\r\nc,d\r\n") == [["a", "b"], ["c", "d"]])
    #expect(records("\u{FEFF}a,b\nc,d") == [["a", "b"], ["c", "d"]])
    #expect(records("\n\r\na\n\n\nb\n\n") == [["a"], ["b"]])
    #expect(records("") == [])
    #expect(records("a,\n,b\n,\n") == [["a", ""], ["", "b"], ["", ""]])
    #expect(records("a,") == [["a", ""]])
  }

  @Test("Quoted fields hold commas, quotation marks and line ends")
  func quotes() {
    #expect(records("\"a,b\",\"say \"\"hi\"\"\",\"\"\n") == [["a,b", "say \"hi\"", ""]])
    #expect(records("x,\"1\r\n2\"\n") == [["x", "1\r\n2"]])
    #expect(records("\"\"") == [[""]])
  }

  @Test("A record knows the line on which it begins")
  func numbering() {
    var reader = CSVReader(Array("h\n\"a\nb\"\n\nc\n".utf8))
    var lines: [Int] = []
    while case .record(let record)? = reader.next() { lines.append(record.line) }
    #expect(lines == [1, 2, 5])
  }

  @Test("After a fault it goes on with the next line")
  func faults() {
    let found = read(Array("a\nb\"c\nd\n\"e\"f\ng\n".utf8))
    #expect(found.records == [["a"], ["d"], ["g"]])
    #expect(found.faults.map(\.line) == [2, 4])
    #expect(found.faults.map(\.code) == ["csv.quote", "csv.quote"])
  }

  @Test("Bounds are kept: rows, fields, bytes of a field, quoted or not")
  func bounds() {
    var limits = CSVLimits()
    limits.records = 2
    limits.fields = 3
    limits.fieldBytes = 4
    #expect(read(Array("a\nb\nc\nd\n".utf8), limits).faults.map(\.code) == ["csv.too-many-rows"])
    #expect(read(Array("a,b,c,d\n".utf8), limits).faults.map(\.code) == ["csv.too-many-fields"])
    #expect(read(Array("abcde\n".utf8), limits).faults.map(\.code) == ["csv.field-too-long"])
    #expect(read(Array("\"abcde\"\nok\n".utf8), limits).records == [["ok"]])
    #expect(read(Array("abcd\n".utf8), limits).records == [["abcd"]])
  }

  @Test("Bytes that are no UTF-8, other encodings and control characters are told")
  func encodings() {
    #expect(read([0x61, 0xff, 0x0a]).faults.map(\.code) == ["csv.encoding"])
    #expect(read([0x61, 0x00, 0x0a]).faults.map(\.code) == ["csv.control"])
    #expect(throws: CSVError.self) {
      try CSVTable.read([0xff, 0xfe, 0x61, 0x00], columns: [CSVColumn("a")]) { _, _ in 1 }
    }
  }

  @Test("A million quotation marks are read once, not a million times")
  func linear() {
    let marks = [UInt8](repeating: UInt8(ascii: "\""), count: 1_000_000)
    #expect(read(marks).faults.map(\.code) == ["csv.field-too-long"])
  }

  @Test(
    "Cells that a spreadsheet would run are neutralised",
    arguments: [
      ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\tx", "'\tx"), ("\rx", "\"'\rx\""),
      ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""), ("a\r\nb", "\"a\r\nb\""),
      (" x", "\" x\""),
      ("", ""), ("a=b", "a=b"), ("\0=1+1", "'\0=1+1"),
    ])
  func cells(text: String, cell: String) {
    #expect(CSVWriter.cell(text) == cell)
  }

  @Test("What is written is read back")
  func roundTrip() {
    var writer = CSVWriter(header: ["serial", "model"])
    writer.row(["A1B2", "Latitude, \"touch\"\r\nnew"])
    writer.row(["C3D4", nil])
    #expect(
      read(writer.bytes).records == [["serial", "model"], ["A1B2", "Latitude, \"touch\"\r\nnew"], ["C3D4", ""]])
  }
}
