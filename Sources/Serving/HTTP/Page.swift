import Vocabulary

/// Keyset paging: at most `limit` items after the key in `after`; the answer's `next` goes into the next request.
package struct PageRequest: Sendable {
  package static let maximum = 1000

  package let limit: Int
  /// The last key of the page before, opaque to callers.
  package let after: String?

  /// From `limit` (1 to 1,000, 100 by default) and `after`.
  ///
  /// - Throws: `request.query`.
  package init(_ call: Call) throws(ServingError) {
    after = try call.query("after")
    guard let text = try call.query("limit") else {
      limit = 100
      return
    }
    guard let number = Int(text), (1...Self.maximum).contains(number) else {
      throw ServingError(.query, "'limit' is a whole number from 1 to \(Self.maximum).")
    }
    limit = number
  }

  package init(after: String?, limit: Int) {
    self.after = after
    self.limit = limit
  }

  package static let parameters = [
    Operation.Parameter("limit", "Items on a page, 1 to 1,000; 100 by default"),
    Operation.Parameter("after", "The 'next' of the page before"),
  ]
}

/// One page of a list, in the API's shape.
package struct Page<Item: Encodable & Sendable>: Encodable, Sendable {
  package let items: [Item]
  /// For `after` of the next request; absent on the last page.
  package let next: String?

  /// From up to `limit` + 1 items: one more than asked tells that there is a next page.
  package init(_ found: [Item], limit: Int, key: (Item) -> String) {
    items = Array(found.prefix(limit))
    next = found.count > limit ? items.last.map(key) : nil
  }

  /// A page that may be short although there is a next one, where the list was searched through for a bounded time.
  package init(_ items: [Item], next: String?) {
    self.items = items
    self.next = next
  }

  package static func schema(of item: Schema) -> Schema {
    .object(
      [("items", .array(item)), ("next", .string("For 'after' of the next request; absent on the last page"))],
      required: ["items"])
  }
}
