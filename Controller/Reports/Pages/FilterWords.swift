/// Filters' values as pages say them.
enum FilterWords {
  static func choices(_ values: [String], of filter: Filter) -> [(value: String, label: String)] {
    values.map { ($0, value($0, of: filter.rawValue)) }
  }

  /// Of a filter by its name in an address; others' values are their own words.
  static func value(_ value: String, of name: String) -> String {
    switch (name, value) {
    case (Filter.stage.rawValue, _): CodeWords.ofStage(value)
    case (Filter.section.rawValue, _): CodeWords.ofSection(value)
    case (Filter.reason.rawValue, _): Words.reasons[value] ?? value
    case (Filter.use.rawValue, "in"): "In use"
    case (Filter.use.rawValue, "out"): "Out of use"
    case (Filter.use.rawValue, "not-here"): "Not here yet"
    case (Filter.model.rawValue, "-"), (Filter.os.rawValue, "-"): "Not known"
    case (Filter.school.rawValue, "-"): "No school"
    case (Filter.age.rawValue, "6"): "6 or more"
    default: value
    }
  }
}
