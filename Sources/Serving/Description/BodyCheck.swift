internal import Vocabulary

/// Checks a JSON body against what its route says of it, before anything is done with it: the words name the member,
/// and a misspelt or empty one is never as good as none, for a token's `serials` limit what it may do.
extension Operation {
  /// - Throws: `request.body`.
  package func checkBody(_ call: Call) throws(ServingError) {
    // An archive, or a form with one, holds any byte.
    if body?.type == "application/zip" || body?.type == "multipart/form-data" { return }
    guard !call.body.contains(0), !call.body.hasNULInJSON else {
      throw ServingError(.body, "A text of the body holds the character U+0000, which cannot be stored.")
    }
    guard case (type: "application/json", schema: .object(let properties, let required))? = body else { return }
    if call.body.isEmpty, !isBodyRequired { return }
    if csv != nil, call.headers[.contentType]?.lowercased().hasPrefix("text/csv") == true { return }
    let members = try JSONText.members(of: call.body)
    let known = properties.map(\.name)
    if let stray = members.keys.sorted().first(where: { !known.contains($0) }) {
      let nearest = Spelling.nearest(to: stray, in: known).map { " Did you mean '\($0)'?" } ?? ""
      throw ServingError(
        .body, "The body has no member '\(stray.prefix(100))'.\(nearest) It takes \(known.joined(separator: ", ")).")
    }
    for (name, schema) in properties {
      guard let member = members[name] else {
        if required.contains(name) { throw ServingError(.body, "The body has no '\(name)', which it needs.") }
        continue
      }
      if let fault = member.fault(schema) { throw ServingError(.body, "The body's '\(name)' \(fault).") }
    }
  }
}

/// What kind of JSON value a member is.
struct JSONMember: Decodable {
  private enum Kind: Equatable {
    case null, boolean, whole, number, array, object
    case text(String)
  }

  private let kind: Kind

  init(from decoder: any Decoder) throws {
    kind = try Self.scalar(decoder) ?? ((try? decoder.unkeyedContainer()) != nil ? .array : .object)
  }

  private static func scalar(_ decoder: any Decoder) throws -> Kind? {
    guard let value = try? decoder.singleValueContainer() else { return nil }
    if value.decodeNil() { return .null }
    if let text = try? value.decode(String.self) { return .text(text) }
    if (try? value.decode(Bool.self)) != nil { return .boolean }
    if (try? value.decode(Int64.self)) != nil { return .whole }
    if (try? value.decode(Double.self)) != nil { return .number }
    return nil
  }

  /// What is wrong with it as a value of `schema`, as the end of a sentence; nil where nothing is.
  fileprivate func fault(_ schema: Schema) -> String? {
    switch (schema, kind) {
    case (_, .null): return "is null; give a value, or leave it out"
    case (.any, _), (.string, .text), (.dateTime, .text), (.integer, .whole), (.boolean, .boolean), (.array, .array),
      (.object, .object), (.number, .whole), (.number, .number):
      return nil
    case (.oneOf(let choices, _), .text(let text)):
      return choices.contains(text) ? nil : "is '\(text.prefix(100))'; it is one of \(choices.joined(separator: ", "))"
    case (.oneOf(let choices, _), _): return "is one of \(choices.joined(separator: ", "))"
    case (.string, _): return "is not a text"
    case (.dateTime, _): return "is not a text with a time, such as 2026-11-21T07:00:00Z"
    case (.integer, _): return "is not a whole number, or is too large"
    case (.number, _): return "is not a number"
    case (.boolean, _): return "is neither true nor false"
    case (.array, _): return "is not a list"
    case (.object, _): return "is not an object"
    }
  }
}
