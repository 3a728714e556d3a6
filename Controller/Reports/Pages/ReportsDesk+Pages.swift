import HTTPTypes
import Serving
import Vocabulary
package import Web

extension ReportsDesk {
  /// In the order of the navigation.
  package static let places = [
    Place("Overview", "/overview", "How the devices are, and what to do next", .scopedSchools(AccessRule.anyReader)),
    Place("Devices", "/devices", "Lists of devices, and changes of many at once", .scopedSchools(AccessRule.anyReader)),
    Place("Software", "/software", "What is installed, and who has it", .scoped(AccessRule.anyReader)),
    Place("Reports", "/reports", "Tables to print, and files for the board", .scopedSchools(AccessRule.anyReader)),
  ]

  package static let templates: [String: String] = [
    "overview": PackageResources.overview_mustache, "devices": PackageResources.devices_mustache,
    "bulk": PackageResources.bulk_mustache, "bulk-choice": PackageResources.bulk_choice_mustache,
    "models": PackageResources.models_mustache, "software": PackageResources.software_mustache,
    "reports": PackageResources.reports_mustache, "report": PackageResources.report_mustache,
    "report-purpose": PackageResources.report_purpose_mustache, "counts": PackageResources.counts_mustache,
    "chosen-district": PackageResources.chosen_district_mustache, "chips": PackageResources.chips_mustache,
  ].mapValues { String(decoding: $0, as: UTF8.self) }
}

extension PeopleRoute {
  static func page(
    _ method: HTTPRequest.Method, _ path: String, _ rule: AccessRule, _ id: String, _ summary: String,
    query: [String] = [], handle: @escaping Handler
  ) -> PeopleRoute {
    PeopleRoute(
      method, path, rule, Operation(id, summary, query: query.map { .init($0, "") }), bodyLimit: 128 << 10,
      isPage: true, handle: handle)
  }
}
