package import Storage

/// What goes with a device and comes back with it.
package enum Accessory: String, CaseIterable, Sendable, Hashable, Codable {
  case charger
  case carryingCase = "case"
}

/// Some accessories, in one order.
package struct Accessories: Sendable, Hashable, ExpressibleByArrayLiteral {
  package private(set) var items: Set<Accessory>

  package init(_ items: some Sequence<Accessory>) { self.items = Set(items) }
  package init(arrayLiteral elements: Accessory...) { items = Set(elements) }

  package var isEmpty: Bool { items.isEmpty }
  /// By their names.
  package var names: [String] { items.map(\.rawValue).sorted() }

  package func adding(_ other: Accessories) -> Accessories { Accessories(items.union(other.items)) }
  package func removing(_ other: Accessories) -> Accessories { Accessories(items.subtracting(other.items)) }
  package func contains(_ other: Accessories) -> Bool { items.isSuperset(of: other.items) }
}

extension Accessories: SQLConvertible {
  /// Names with commas between them; NULL for none.
  package var sqlValue: SQLValue { isEmpty ? .null : .text(names.joined(separator: ",")) }

  package init?(sqlValue: SQLValue) {
    switch sqlValue {
    case .null: self.init([])
    case .text(let text):
      let items = text.split(separator: ",").map { Accessory(rawValue: String($0)) }
      guard !items.contains(nil) else { return nil }
      self.init(items.compactMap(\.self))
    default: return nil
    }
  }
}

/// What is the matter with a device that goes to be repaired.
package enum RepairCategory: String, CaseIterable, Sendable, Hashable, Codable, SQLConvertible {
  case screen, keyboard, battery, charging, housing, liquid, storage, network, software, other
}
