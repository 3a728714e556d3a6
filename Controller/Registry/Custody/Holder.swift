package import Storage
package import Vocabulary

/// Who has a device; ``Custody`` says of what kind that one is.
package enum Holder: Sendable, Hashable {
  /// By id alone: a ledger holds no name.
  case person(PersonID)
  case school(SchoolID)
  /// The district that the device belongs to.
  case district
  case warehouse
  /// A repair shop or a maker, by the name that people gave it.
  case vendor(String?)
  /// The district to which the device was transferred, or from which it came.
  case otherDistrict(DistrictID)

  /// nil where it is no person.
  var person: PersonID? { if case .person(let id) = self { id } else { nil } }

  package var custody: Custody {
    switch self {
    case .person: .person
    case .school: .school
    case .district, .otherDistrict: .district
    case .warehouse: .warehouse
    case .vendor: .vendor
    }
  }
}

extension Holder: CustomStringConvertible {
  /// As it stands in the ledger and the API: `person:per_…`, `school:north`, `district`, `warehouse`, `vendor:Depot`,
  /// `district:oak-park`.
  package var description: String {
    switch self {
    case .person(let id): "person:\(id)"
    case .school(let id): "school:\(id)"
    case .district: "district"
    case .warehouse: "warehouse"
    case .vendor(nil): "vendor"
    case .vendor(let name?): "vendor:\(name)"
    case .otherDistrict(let id): "district:\(id)"
    }
  }

  /// nil where the text says no holder.
  package init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch (parts[0], parts.count > 1 ? parts[1] : nil) {
    case ("district", nil): self = .district
    case ("warehouse", nil): self = .warehouse
    case ("vendor", nil): self = .vendor(nil)
    case ("vendor", let name?):
      guard Self.isVendorName(name) else { return nil }
      self = .vendor(name)
    case ("person", let id?):
      guard let id = PersonID(rawValue: id) else { return nil }
      self = .person(id)
    case ("school", let id?):
      guard let id = SchoolID(rawValue: id) else { return nil }
      self = .school(id)
    case ("district", let id?):
      guard let id = DistrictID(rawValue: id) else { return nil }
      self = .otherDistrict(id)
    default: return nil
    }
  }

  /// 1 to 100 characters on one line, no space at its ends.
  private static func isVendorName(_ name: String) -> Bool {
    (1...100).contains(name.count) && name.utf8.count <= 400 && name.first?.isWhitespace == false
      && name.last?.isWhitespace == false
      && !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }
}

extension Holder: SQLConvertible {
  package var sqlValue: SQLValue { .text(description) }
  package init?(sqlValue: SQLValue) {
    guard case .text(let text) = sqlValue else { return nil }
    self.init(text)
  }
}

extension Holder: Encodable {
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
