extension Transaction {
  /// For a transaction that fills tables: its statements are planned for what these hold by then. PostgreSQL keeps a plan that it made
  /// while a table was empty, which reads it through, until the table's statistics change; within one transaction they do not.
  package func expectGrowth() throws {
    guard engine == .postgres else { return }
    try run("SET LOCAL plan_cache_mode = force_custom_plan")
  }
}
