import Storage
import Vocabulary

@testable import Registry

/// What the counts of health must be, by the devices themselves, and what they are.
enum HealthWorld {
  static func counted(_ database: any Database) async throws -> [HealthStore.Place: HealthCounts] {
    let rows = try await database.read(in: .state) { transaction in
      try transaction.rows(
        """
        SELECT registry_device.district_id, school_id, stage, health, COUNT(*) AS devices
        FROM registry_device LEFT JOIN registry_contact ON registry_contact.district_id = registry_device.district_id
          AND registry_contact.device_id = registry_device.device_id
        GROUP BY registry_device.district_id, school_id, stage, health
        """)
    }
    var counts: [HealthStore.Place: HealthCounts] = [:]
    for row in rows {
      let stage: Stage? = try row.get("stage")
      let health: Health.Verdict? = try row.get("health")
      let word =
        switch stage {
        case .ordered: "not-here"
        case .lost, .stolen, .retired: "out-of-use"
        default: (health ?? .unknown).rawValue
        }
      let place = HealthStore.Place(district: try row.get("district_id"), school: try row.get("school_id"))
      counts[place, default: HealthCounts()].add(
        try row.get("devices"), word)
    }
    return counts
  }

  /// As the API reads them, places without any device left out.
  static func kept(_ database: any Database) async throws -> [HealthStore.Place: HealthCounts] {
    try await database.read(in: .state) { try HealthStore.counts(.state, bySchool: true, $0) }
      .filter { $0.value != HealthCounts() }
  }
}
