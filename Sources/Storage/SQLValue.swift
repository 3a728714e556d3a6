package import Vocabulary

/// A value of the portable types: text, bigint, boolean, bytea, double precision, null.
package enum SQLValue: Hashable, Sendable {
  case null
  case text(String)
  case integer(Int64)
  case double(Double)
  case boolean(Bool)
  case bytes([UInt8])
}

/// A type that a statement binds and a row gives back.
package protocol SQLConvertible {
  var sqlValue: SQLValue { get }
  /// nil where the stored value is of another kind. NULL reaches only ``Optional``.
  init?(sqlValue: SQLValue)
}

extension String: SQLConvertible {
  package var sqlValue: SQLValue { .text(self) }
  package init?(sqlValue: SQLValue) {
    guard case .text(let text) = sqlValue else { return nil }
    self = text
  }
}

extension Int64: SQLConvertible {
  package var sqlValue: SQLValue { .integer(self) }
  package init?(sqlValue: SQLValue) {
    guard case .integer(let value) = sqlValue else { return nil }
    self = value
  }
}

extension Int: SQLConvertible {
  package var sqlValue: SQLValue { .integer(Int64(self)) }
  package init?(sqlValue: SQLValue) {
    guard case .integer(let value) = sqlValue else { return nil }
    self.init(exactly: value)
  }
}

extension Bool: SQLConvertible {
  package var sqlValue: SQLValue { .boolean(self) }
  /// SQLite keeps a boolean as the integers 0 and 1.
  package init?(sqlValue: SQLValue) {
    switch sqlValue {
    case .boolean(let value): self = value
    case .integer(0): self = false
    case .integer(1): self = true
    default: return nil
    }
  }
}

extension Double: SQLConvertible {
  package var sqlValue: SQLValue { .double(self) }
  package init?(sqlValue: SQLValue) {
    switch sqlValue {
    case .double(let value): self = value
    case .integer(let value): self = Double(value)
    default: return nil
    }
  }
}

extension [UInt8]: SQLConvertible {
  package var sqlValue: SQLValue { .bytes(self) }
  package init?(sqlValue: SQLValue) {
    guard case .bytes(let bytes) = sqlValue else { return nil }
    self = bytes
  }
}

extension Digest: SQLConvertible {
  package var sqlValue: SQLValue { .bytes(bytes) }
  package init?(sqlValue: SQLValue) {
    guard case .bytes(let bytes) = sqlValue else { return nil }
    self.init(bytes: bytes)
  }
}

extension Instant: SQLConvertible {
  package var sqlValue: SQLValue { .integer(milliseconds) }
  package init?(sqlValue: SQLValue) {
    guard case .integer(let value) = sqlValue else { return nil }
    self.init(milliseconds: value)
  }
}

extension Optional: SQLConvertible where Wrapped: SQLConvertible {
  package var sqlValue: SQLValue { self?.sqlValue ?? .null }
  package init?(sqlValue: SQLValue) {
    guard sqlValue != .null else {
      self = Wrapped?.none
      return
    }
    guard let value = Wrapped(sqlValue: sqlValue) else { return nil }
    self = Wrapped?.some(value)
  }
}

extension RawRepresentable where Self: SQLConvertible, RawValue == String {
  package var sqlValue: SQLValue { .text(rawValue) }
  package init?(sqlValue: SQLValue) {
    guard case .text(let text) = sqlValue else { return nil }
    self.init(rawValue: text)
  }
}

extension DistrictID: SQLConvertible {}
extension SchoolID: SQLConvertible {}
extension BatchID: SQLConvertible {}
extension DeviceID: SQLConvertible {}
extension PrincipalID: SQLConvertible {}
extension APITokenID: SQLConvertible {}
extension SessionID: SQLConvertible {}
extension EnrollmentTokenID: SQLConvertible {}
extension PendingID: SQLConvertible {}
extension EntryID: SQLConvertible {}
extension PersonID: SQLConvertible {}
extension KeyState: SQLConvertible {}
