/// Single values: what most files of sysfs hold.
extension Tree {
  /// The file's one line; nil where there is no such file or it is empty.
  func text(_ path: String) throws(ReadFault) -> String? {
    try bytes(path, limit: Tree.attributeLimit) { $0.text } ?? nil
  }

  /// As ``text(_:)``; what stood in the way becomes a gap under `field`.
  func text(_ path: String, _ field: String, _ gaps: inout Gaps) -> String? {
    do throws(ReadFault) {
      return try text(path)
    } catch {
      gaps.add(field, error)
      return nil
    }
  }

  /// The file's decimal number; nil where there is no such file.
  ///
  /// - Throws: where it is no number, or one past 64 bits.
  func number(_ path: String) throws(ReadFault) -> Int64? {
    let found = try bytes(path, limit: Tree.attributeLimit) { ($0.number, $0.text) }
    guard let found else { return nil }
    if let number = found.0 { return number }
    guard let text = found.1 else { return nil }
    throw ReadFault("not a number: '\(text.prefix(32))' in /\(path)")
  }

  func number(_ path: String, _ field: String, _ gaps: inout Gaps) -> Int64? {
    do throws(ReadFault) {
      return try number(path)
    } catch {
      gaps.add(field, error)
      return nil
    }
  }

  /// A number where failing to read it is the usual way of saying "none", such as the speed of a link that is down.
  func optionalNumber(_ path: String) -> Int64? { (try? number(path)) ?? nil }

  func names(in path: String, _ field: String, _ gaps: inout Gaps) -> [String] {
    do throws(ReadFault) {
      return try names(in: path)
    } catch {
      gaps.add(field, error)
      return []
    }
  }
}
