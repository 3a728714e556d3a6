import Serving
import Vocabulary

/// A cell's bytes, valid while its record is looked at and no longer.
typealias Cell = UnsafeBufferPointer<UInt8>

/// One record of a table: its cells, valid while it is looked at.
struct ScannedRecord {
  /// From 1: where it begins.
  let line: Int
  fileprivate let bytes: Cell
  fileprivate let places: UnsafeBufferPointer<Range<Int>>

  var count: Int { places.count }

  /// A record without cells.
  static func empty(line: Int) -> ScannedRecord {
    ScannedRecord(line: line, bytes: Cell(start: nil, count: 0), places: UnsafeBufferPointer(start: nil, count: 0))
  }

  /// Without the spaces around it.
  func cell(_ index: Int) -> Cell {
    var place = places[index]
    while place.lowerBound < place.upperBound, bytes[place.lowerBound] == 0x20 {
      place = (place.lowerBound + 1)..<place.upperBound
    }
    while place.lowerBound < place.upperBound, bytes[place.upperBound - 1] == 0x20 {
      place = place.lowerBound..<(place.upperBound - 1)
    }
    return Cell(rebasing: bytes[place])
  }
}

/// Cuts CSV that comes in pieces into records, without a copy of any cell: bytes in, bytes out, at most
/// ``recordLimit`` of them held.
///
/// ```
/// pieces ──▶ held bytes ──▶ the record's end ──▶ its cells, `""` made `"` in place ──▶ take
/// ```
///
/// After a fault of form it goes on with the next line. Source: RFC 4180.
struct RecordScanner {
  /// Of one record, in bytes.
  static let recordLimit = 64 << 10
  static let fieldLimit = 128
  /// Past so many faults of form the rest of the file is not looked at.
  private static let faultLimit = 1000

  private enum State { case fieldStart, plain, quoted, quoteInQuoted }

  private var held: [UInt8] = []
  /// How many of the held bytes were looked at for the record's end.
  private var looked = 0
  private var state = State.fieldStart
  /// Of the first held byte.
  private var line = 1
  private var places: [Range<Int>] = []
  private var isFirst = true
  /// Whether the rest of a line is passed over, because it was too long.
  private var isSkipping = false
  private var faults = 0
  private let fault: (Fault) -> Void

  /// - Parameter fault: told of each record that breaks the form.
  init(fault: @escaping (Fault) -> Void) {
    self.fault = fault
    held.reserveCapacity(Self.recordLimit * 3)
  }

  private var isOver: Bool { faults >= Self.faultLimit }

  /// The next piece of the file; `take` sees each record that is whole with it.
  mutating func feed(_ piece: Cell, _ take: (ScannedRecord) throws -> Void) throws {
    guard !isOver else { return }
    held.append(contentsOf: piece)
    try cut(take)
  }

  /// The file is over: what is held is its last record.
  mutating func end(_ take: (ScannedRecord) throws -> Void) throws {
    guard !isOver, !held.isEmpty else { return }
    if held.last != newline { held.append(newline) }
    try cut(take)
    guard !held.isEmpty, !isOver else { return }
    // A quote that is never closed.
    tell("csv.quote", "A field begins with a quotation mark that is never closed.")
  }

  private mutating func cut(_ take: (ScannedRecord) throws -> Void) throws {
    var start = 0
    while !isOver {
      if isSkipping {
        guard let end = held[start...].firstIndex(of: newline) else {
          start = held.count
          break
        }
        (start, looked, state, isSkipping) = (end + 1, end + 1, .fieldStart, false)
        line += 1
      }
      looked = max(looked, start)
      let end = recordEnd()
      if let end, end - start <= Self.recordLimit {
        try give(start..<end, take)
        start = end + 1
      } else if looked - start > Self.recordLimit {
        start = passOver(start, end)
      } else {
        break
      }
    }
    held.removeSubrange(..<min(start, held.count))
    looked = max(0, looked - start)
  }

  /// The place of the newline that ends the record, from where the last look ended.
  private mutating func recordEnd() -> Int? {
    var (index, state) = (looked, state)
    let count = held.count
    let found: Int? = held.withUnsafeBufferPointer { bytes in
      while index < count {
        let byte = bytes[index]
        switch state {
        case .plain:
          if byte == comma { state = .fieldStart } else if byte == newline { return index }
        case .quoted:
          if byte == quote { state = .quoteInQuoted }
        case .fieldStart:
          if byte == newline { return index }
          if byte != comma { state = byte == quote ? .quoted : .plain }
        case .quoteInQuoted:
          if byte == newline { return index }
          state = byte == quote ? .quoted : byte == comma ? .fieldStart : .plain
        }
        index += 1
      }
      return nil
    }
    self.state = found == nil ? state : .fieldStart
    looked = found.map { $0 + 1 } ?? index
    return found
  }

  /// A record that is too long: what follows its first line may be sound where a quote was not closed.
  ///
  /// - Parameter end: of the record, where a piece brought that too.
  private mutating func passOver(_ start: Int, _ end: Int?) -> Int {
    let first = held[start...].firstIndex(of: newline)
    // Within quotes alone a record goes on behind a newline.
    let isQuoted = first.map { $0 != end } ?? (state == .quoted)
    tell(
      isQuoted ? "csv.quote" : "csv.field-too-long",
      isQuoted
        ? "A field begins with a quotation mark that is not closed within \(Self.recordLimit) bytes."
        : "The row has over \(Self.recordLimit) bytes.")
    state = .fieldStart
    guard let first else {
      isSkipping = true
      looked = held.count
      return held.count
    }
    line += 1
    looked = first + 1
    return first + 1
  }

  private mutating func give(_ range: Range<Int>, _ take: (ScannedRecord) throws -> Void) throws {
    let start = line
    var range = range
    var lines = 0
    defer { line = start + 1 + lines }
    if range.lowerBound < range.upperBound, held[range.upperBound - 1] == carriageReturn {
      range = range.lowerBound..<(range.upperBound - 1)
    }
    if isFirst, held[range].starts(with: [0xef, 0xbb, 0xbf]) { range = (range.lowerBound + 3)..<range.upperBound }
    isFirst = false
    guard !range.isEmpty else { return }
    lines = held[range].reduce(0) { $0 + ($1 == newline ? 1 : 0) }
    if let (code, message) = split(range) { return tell(code, message) }
    try held.withUnsafeBufferPointer { bytes in
      try places.withUnsafeBufferPointer { places in
        try take(ScannedRecord(line: start, bytes: bytes, places: places))
      }
    }
  }

  /// Finds the record's cells; what breaks its form, or nil.
  private mutating func split(_ range: Range<Int>) -> (code: String, message: String)? {
    var found = places
    places = []
    found.removeAll(keepingCapacity: true)
    defer { places = found }
    return held.withUnsafeMutableBufferPointer { bytes in
      var index = range.lowerBound
      let end = range.upperBound
      while true {
        guard found.count < Self.fieldLimit else {
          return ("csv.too-many-fields", "The row has over \(Self.fieldLimit) fields.")
        }
        if index < end, bytes[index] == quote {
          guard let place = Self.unquote(bytes, &index, end) else {
            return ("csv.quote", "Field \(found.count + 1) goes on after its closing quotation mark, or is not closed.")
          }
          found.append(place)
        } else {
          let first = index
          while index < end, bytes[index] != comma {
            guard bytes[index] != quote else {
              return (
                "csv.quote",
                "Field \(found.count + 1) has a quotation mark inside; put the whole field in quotes and write \"\" for each."
              )
            }
            index += 1
          }
          found.append(first..<index)
        }
        guard index < end else { return nil }
        index += 1  // the comma
      }
    }
  }

  /// The place of a quoted cell's content, from which `""` is made `"`; nil where it does not end as it must.
  private static func unquote(
    _ bytes: UnsafeMutableBufferPointer<UInt8>, _ index: inout Int, _ end: Int
  ) -> Range<Int>? {
    index += 1
    let first = index
    var written = index
    while index < end {
      if bytes[index] == quote {
        index += 1
        guard index < end, bytes[index] == quote else {
          return index == end || bytes[index] == comma ? first..<written : nil
        }
      }
      bytes[written] = bytes[index]
      written += 1
      index += 1
    }
    return nil
  }

  private mutating func tell(_ code: String, _ message: String) {
    faults += 1
    fault(Fault(line: line, code: code, message: message))
    guard isOver else { return }
    fault(Fault(line: line, code: code, message: "After so many faults of form the rest of the file was not read."))
  }
}

private let comma = UInt8(ascii: ",")
private let quote = UInt8(ascii: "\"")
private let newline = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")
