package import Serving
package import Vocabulary

/// A page that asks which one of several it is to be about, such as a district.
package struct Choices: Sendable {
  package struct Choice: Sendable {
    let label: String
    let address: String
    let words: String

    package init(_ label: String, _ address: String, _ words: String = "") {
      (self.label, self.address, self.words) = (label, address, words)
    }
  }

  let choices: [Choice]
  let any: Bool
  let nothing: String
  let next: String?

  /// - Parameters:
  ///   - nothing: what is said where there is none.
  ///   - next: the address of the next page.
  package init(_ choices: [Choice], nothing: String, next: String? = nil) {
    (self.choices, any, self.nothing, self.next) = (choices, !choices.isEmpty, nothing, next)
  }
}

extension Shell {
  package func choose(_ choices: Choices, _ heading: Heading, _ context: OperatorContext) throws -> Reply {
    try page("choose", choices, heading, context)
  }
}

extension TenantScope {
  /// The one district that there is to see; nil where there are several.
  package var onlyDistrict: DistrictID? {
    guard case .districts(let districts) = self, districts.count == 1 else { return nil }
    return districts.first
  }
}
