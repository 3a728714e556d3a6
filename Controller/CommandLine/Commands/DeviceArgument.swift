import ArgumentParser

/// A device as people name it.
struct DeviceArgument: ParsableArguments {
  @Argument(help: "Its serial, asset tag, hostname or id.")
  var device: String

  @OptionGroup var place: DistrictFilter

  /// The one device that is meant, and its path.
  ///
  /// - Throws: exit code 3 where there is none, or several, which are then listed.
  func find(_ session: Session) throws -> (found: JSONValue, path: Target) {
    try DeviceSearch(device: device, place: place).find(session)
  }
}

/// Looks for a device by what people call it.
struct DeviceSearch {
  let device: String
  let place: DistrictFilter

  private var district: String? { place.given }

  /// The one device that is meant, and its path.
  ///
  /// - Throws: exit code 3 where there is none, or several, which are then listed.
  func find(_ session: Session) throws -> (found: JSONValue, path: Target) {
    if let district, isID {
      let path = Target("districts", district, "devices", device)
      return (try session.client.get(path), path)
    }
    var found: [JSONValue] = []
    for filter in isID ? ["id"] : ["serial", "assetTag", "hostname"] {
      let target = Target("devices", query: [(filter, device), ("district", district)])
      _ = try session.client.each(target, limit: 20) { item in
        if !found.contains(where: { $0["id"] == item["id"] }) { found.append(item) }
      }
    }
    guard let only = found.first, found.count == 1 else { throw try unclear(found, session) }
    return (only, Target("districts", only["district"].text, "devices", only["id"].text))
  }

  private var isID: Bool { device.hasPrefix("dev_") && device.utf8.count == 20 }

  /// None or several: what there is instead is listed.
  private func unclear(_ found: [JSONValue], _ session: Session) throws -> CommandError {
    var candidates = found
    if candidates.isEmpty, !isID {
      let target = Target("devices", query: [("q", device), ("district", district)])
      _ = try session.client.each(target, limit: 10) { candidates.append($0) }
    }
    var table = TextTable(deviceColumns)
    for candidate in candidates { table.add(deviceColumns.map { $0.shown(candidate) }) }
    if !candidates.isEmpty { session.console.error(table.text(width: session.console.width, Palette(enabled: false))) }
    if !found.isEmpty {
      return CommandError(
        .notFound, "\(found.count) devices are called '\(device)'. Say which one by its id, or narrow it by --district."
      )
    }
    return CommandError(
      .notFound,
      candidates.isEmpty
        ? "No device that you may see\(place.words) has the serial, asset tag, hostname or id '\(device)'."
        : "No device\(place.words) is called '\(device)', but these begin so.")
  }
}

extension Target {
  /// A part below this path.
  func under(_ part: String) -> Target {
    var longer = self
    longer.append(part)
    return longer
  }
}
