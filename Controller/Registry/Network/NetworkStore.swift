import Storage
import Vocabulary

/// What addresses are called by districts and the state, and the label that each device's last contact came from.
enum NetworkStore {
  static let schema: [SQL] = [
    """
    CREATE TABLE registry_network (
      district_id TEXT NOT NULL REFERENCES registry_district (district_id), number BIGINT NOT NULL CHECK (number > 0),
      addresses TEXT NOT NULL, label TEXT NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (district_id, number)
    )
    """,
    "CREATE UNIQUE INDEX registry_network_addresses ON registry_network (district_id, addresses)",
    // Those of the state, which hold in every district: of no tenant.
    """
    CREATE TABLE registry_state_network (
      number BIGINT NOT NULL PRIMARY KEY CHECK (number > 0), addresses TEXT NOT NULL UNIQUE, label TEXT NOT NULL,
      created_at BIGINT NOT NULL
    )
    """,
    // One row: goes on with each change, so that every controller sees that there was one.
    """
    CREATE TABLE registry_network_revision (
      one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1), revision BIGINT NOT NULL
    )
    """,
    "ALTER TABLE registry_contact ADD COLUMN network BIGINT",
  ]

  /// A district's, or the state's.
  static func labels(of district: DistrictID?, _ transaction: any Transaction) throws -> [NetworkLabel] {
    let rows =
      if let district {
        try transaction.rows(
          "SELECT number, addresses, label FROM registry_network WHERE district_id = \(district) ORDER BY addresses")
      } else {
        try transaction.rows("SELECT number, addresses, label FROM registry_state_network ORDER BY addresses")
      }
    return try rows.compactMap(read)
  }

  private static func read(_ row: Row) throws -> NetworkLabel? {
    NetworkLabel(number: try row.get("number"), addresses: try row.get("addresses"), label: try row.get("label"))
  }

  /// Of all districts and of the state; needs the scope of the state.
  static func all(_ transaction: any Transaction) throws -> NetworkLabels {
    var districts: [DistrictID: [NetworkLabel]] = [:]
    for row in try transaction.rows("SELECT district_id, number, addresses, label FROM registry_network") {
      guard let label = try read(row) else { continue }
      districts[try row.get("district_id"), default: []].append(label)
    }
    return NetworkLabels(
      revision: try revision(transaction), districts: districts, state: try labels(of: nil, transaction))
  }

  /// 0 before the first change.
  static func revision(_ transaction: any Transaction) throws -> Int64 {
    try transaction.row("SELECT revision FROM registry_network_revision")?.get("revision") ?? 0
  }

  /// Makes what is stored what `change` says.
  static func write(
    _ change: NetworkChange, of district: DistrictID?, now: Instant, _ transaction: any Transaction
  ) throws {
    for label in change.removed {
      try transaction.run(
        district.map { "DELETE FROM registry_network WHERE district_id = \($0) AND number = \(label.number)" }
          ?? "DELETE FROM registry_state_network WHERE number = \(label.number)")
    }
    for label in change.renamed {
      try transaction.run(
        district.map {
          "UPDATE registry_network SET label = \(label.label) WHERE district_id = \($0) AND number = \(label.number)"
        } ?? "UPDATE registry_state_network SET label = \(label.label) WHERE number = \(label.number)")
    }
    for label in change.added {
      try transaction.run(
        district.map {
          """
          INSERT INTO registry_network (district_id, number, addresses, label, created_at)
          VALUES (\($0), \(label.number), \(label.addresses), \(label.label), \(now))
          """
        } ?? """
          INSERT INTO registry_state_network (number, addresses, label, created_at)
          VALUES (\(label.number), \(label.addresses), \(label.label), \(now))
          """)
    }
    try transaction.run(
      """
      INSERT INTO registry_network_revision (one, revision) VALUES (1, 1)
      ON CONFLICT (one) DO UPDATE SET revision = registry_network_revision.revision + 1
      """)
  }
}
