import Storage

/// Where the devices of a list come from: the table `registry_device`, or a part of it under that name.
///
/// PostgreSQL is told to look one device up after another, however many it believes there to be: it cannot join or sort what
/// stands behind a LIMIT in another way.
struct DeviceSource: Sendable {
  var from: SQL = "registry_device"
  var conditions: [SQL] = []
  /// By district and id, under the names by which the engine knows that it finds them in this order, so that a page ends
  /// the work.
  var order: SQL = "registry_device.district_id, registry_device.device_id"

  /// A part of the table in its order, of so many devices at most.
  static func part(_ range: [SQL], most: Int, on engine: Engine) -> DeviceSource {
    guard engine == .postgres else { return DeviceSource(conditions: range) }
    return DeviceSource(
      from: """
        (SELECT * FROM registry_device WHERE \(SQL.joined(range, separator: " AND "))
          ORDER BY district_id, device_id LIMIT \(most)) AS registry_device
        """)
  }

  /// These devices, each once.
  ///
  /// - Parameter most: of them; few texts stand for all numbers.
  static func places(_ places: [DevicePlace], most: Int) -> DeviceSource {
    var wanted = places.map { place -> SQL in "SELECT \(place.district) AS district, \(place.device) AS device" }
    // No device has an empty id.
    if wanted.count > 1 { wanted += repeatElement("SELECT '', ''", count: most - wanted.count) }
    return DeviceSource(
      from: "(\(SQL.joined(wanted, separator: " UNION ALL "))) AS wanted CROSS JOIN registry_device",
      conditions: ["registry_device.district_id = wanted.district", "registry_device.device_id = wanted.device"])
  }

  /// What `find` finds: `district_id, device_id`, some perhaps twice.
  static func found(by find: SQL, on engine: Engine) -> DeviceSource {
    guard engine == .postgres else {
      return DeviceSource(
        from: """
          (SELECT DISTINCT district_id, device_id FROM (\(find)) AS every_one) AS found JOIN registry_device
            ON registry_device.district_id = found.district_id AND registry_device.device_id = found.device_id
          """)
    }
    return DeviceSource(
      from: """
        (SELECT DISTINCT district_id, device_id FROM (\(find)) AS every_one ORDER BY district_id, device_id) AS found
        CROSS JOIN LATERAL (SELECT * FROM registry_device AS one WHERE one.district_id = found.district_id
          AND one.device_id = found.device_id LIMIT 1) AS registry_device
        """, order: "found.district_id, found.device_id")
  }
}
