import Foundation
import Storage
import Testing
import Vocabulary

@Suite("SQL text")
struct SQLRenderingTests {
  private func text(_ sql: SQL, _ engine: Engine = .postgres) -> String { sql.rendered(for: engine).text }

  @Test("Values are numbered in their order and never spliced")
  func numbered() {
    let sql: SQL = "SELECT \("a'b"), \(7) WHERE x = \(Int?.none)"
    #expect(text(sql) == "SELECT $1, $2 WHERE x = $3")
    #expect(text(sql, .sqlite) == "SELECT ?1, ?2 WHERE x = ?3")
    #expect(sql.rendered(for: .postgres).values == [.text("a'b"), .integer(7), .null])
  }

  @Test("Statements join, and their values count on")
  func joined() {
    let inner: SQL = "b = \(2)"
    let sql: SQL = "a = \(1) AND \(inner) AND c = \(3)"
    #expect(text(sql) == "a = $1 AND b = $2 AND c = $3")
    #expect(text(inner + " OR " + inner) == "b = $1 OR b = $2")
    #expect(text(.joined([inner, inner, inner], separator: ", ")) == "b = $1, b = $2, b = $3")
    #expect(text(.joined([], separator: ", ")) == "")
  }

  @Test("A list grows to a power of two by its last element; an empty one matches nothing")
  func lists() {
    let sql: (Int) -> SQL = { "x IN \(list: Array(0..<$0))" }
    #expect(text(sql(0)) == "x IN (NULL)")
    #expect(text(sql(1)) == "x IN ($1)")
    #expect(text(sql(3)) == "x IN ($1, $2, $3, $4)")
    #expect(sql(3).rendered(for: .postgres).values == [.integer(0), .integer(1), .integer(2), .integer(2)])
    #expect(sql(1024).rendered(for: .postgres).values.count == 1024)
    #expect(sql(1025).rendered(for: .postgres).values.count == 1025)
    #expect(Set((1...1024).map { text(sql($0)) }).count == 11)
  }

  @Test("A scope is a condition on its districts; the state's is always true, nobody's never")
  func scopes() throws {
    let birch = try #require(DistrictID(rawValue: "birch"))
    let cedar = try #require(DistrictID(rawValue: "cedar"))
    let condition: (TenantScope) -> SQL = { "WHERE \($0, on: "d.district_id")" }
    #expect(text(condition(.state)) == "WHERE (1 = 1)")
    #expect(text(condition(.districts([]))) == "WHERE d.district_id IN (NULL)")
    #expect(text(condition(.districts([cedar, birch]))) == "WHERE d.district_id IN ($1, $2)")
    #expect(condition(.districts([cedar, birch])).rendered(for: .sqlite).values == [.text("birch"), .text("cedar")])
    #expect(text("\(TenantScope.district(cedar))") == "district_id IN ($1)")
  }

  @Test("Text for each engine differs only where it says so")
  func perEngine() {
    let sql: SQL = "SELECT \(SQL.perEngine(sqlite: "a", postgres: "b")), \(1)"
    #expect(text(sql, .sqlite) == "SELECT a, ?1")
    #expect(text(sql, .postgres) == "SELECT b, $1")
  }

  @Test("Named values of a statement for many rows keep their numbers; quoted ones are text")
  func forRows() throws {
    let sql: SQL = "VALUES ($2, $10, '$1', 'it''s $3', $1)"
    #expect(try sql.renderedForRows(for: .sqlite) == "VALUES (?2, ?10, '$1', 'it''s $3', ?1)")
    #expect(try sql.renderedForRows(for: .postgres) == "VALUES ($2, $10, '$1', 'it''s $3', $1)")
  }

  @Test("The escape hatch for one engine stays rare")
  func escapeHatchIsCounted() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    var uses = 0
    for folder in ["Sources", "Controller"] {
      let files = try #require(FileManager.default.enumerator(atPath: root.appending(path: folder).path))
      for case let name as String in files where name.hasSuffix(".swift") && !name.hasPrefix("Storage") {
        let source = try String(contentsOf: root.appending(path: folder).appending(path: name), encoding: .utf8)
        uses += source.components(separatedBy: "perEngine(").count - 1
      }
    }
    // Two append-only tables with their triggers, the journal's positions and places, how controllers follow each other's keys, of
    // the index of software: rows kept in their key's tree, and a migration that reads every district's rows; a column's type
    // that was changed; the triggers that count health, their plans, and those that know what is not here yet; that a list of devices
    // looks their contacts up one by one, and a search their holders, and the people of words; serials from their end, for which one engine has no function; and, of
    // summaries and of counts for reports, rows kept in their key's tree, and that tables change their columns in place; and what
    // finds letters in the journal's bodies, and in the middle of serials, which each engine calls by another name.
    #expect(uses <= 26, "Say the same thing to both engines, or raise this number with a reason.")
  }
}
