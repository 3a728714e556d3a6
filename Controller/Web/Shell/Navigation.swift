package import Serving

/// A place that people go to from every page, shown to those whom its rule lets in.
package struct Place: Sendable {
  package let label: String
  package let address: String
  /// A sentence, for the first page.
  package let words: String
  package let rule: AccessRule

  package init(_ label: String, _ address: String, _ words: String, _ rule: AccessRule) {
    self.label = label
    self.address = address
    self.words = words
    self.rule = rule
  }

  func isOpen(to caller: Caller) -> Bool {
    switch rule {
    // These need a district to be asked about.
    case .district(let roles), .school(let roles): caller.scopeWithSchools(of: roles) != nil
    case .open, .signedIn, .state, .scoped, .scopedSchools:
      (try? Authorization.authorize(caller, rule, district: nil)) != nil
    }
  }
}
