import Testing

@testable import StoragePostgres

@Suite("Statements for many rows as one with arrays")
struct ManyRowsTests {
  @Test("The tuple's values become columns of unnest, quoted text stays, and NULL stands for a column of nothing")
  func form() throws {
    let form = try #require(
      ManyRows("INSERT INTO t (a, b, c)\nVALUES ($2, $1 || '$1, (', COALESCE($3, 'x''$2'))\nON CONFLICT DO NOTHING"))
    #expect(
      form.text([.text, .int8, nil])
        == "INSERT INTO t (a, b, c) SELECT u.c2, u.c1 || '$1, (', COALESCE(NULL, 'x''$2') "
        + "FROM unnest($1::text[], $2::bigint[]) AS u (c1, c2) WHERE TRUE\nON CONFLICT DO NOTHING")
    #expect(!form.mayMeetItself)
  }

  @Test("An UPDATE joins its rows of values, and what stands in quotes is no word of it")
  func update() throws {
    let form = try #require(ManyRows("UPDATE t SET a = $3, b = ' WHERE $1',\n  c = c + $4\nWHERE d = $1 AND e = $2"))
    #expect(
      form.text([.text, .text, nil, .int8])
        == "UPDATE t SET a = NULL, b = ' WHERE $1',\n  c = c + u.c3 "
        + "FROM unnest($1::text[], $2::text[], $3::bigint[]) AS u (c1, c2, c3) WHERE d = u.c1 AND e = u.c2")
    #expect(!form.mayMeetItself)
  }

  @Test(
    "What is neither one tuple of an INSERT nor a simple UPDATE runs row by row",
    arguments: [
      "UPDATE t SET a = $1", "UPDATE t SET a = $1 FROM u WHERE b = $2", "UPDATE t SET a = $1 WHERE b = $2 RETURNING c",
      "UPDATE t SET a = (SELECT b FROM u) WHERE b = $1", "DELETE FROM t WHERE a = $1",
      "INSERT INTO t (a) VALUES ($1), ($2)",
      "INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET b = $2", "INSERT INTO t (a) SELECT $1",
      "WITH x AS (SELECT 1) INSERT INTO t (a) VALUES ($1)", "INSERT INTO t (a) VALUES ($1",
    ])
  func others(_ text: String) { #expect(ManyRows(text) == nil) }
}
