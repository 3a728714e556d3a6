import Storage

/// What reports may read of the roster. A view is never changed: another shape is another version beside it.
enum ReportViews {
  static let statements: [SQL] = [
    .view(
      "roster_report_person_v1",
      """
      SELECT district_id, person_id, role, number, given_name, family_name, preferred_given_name,
        preferred_family_name, grades, school_id, left_at FROM roster_person
      """)
  ]
}
