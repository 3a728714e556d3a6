import Foundation
import NIOCore
import Vocabulary

/// Errors of the system and of libraries in words for people, never as Swift prints them.
enum FaultWords {
  static func of(_ error: any Error) -> String {
    if let coded = error as? any CodedError { return coded.message }
    if let io = error as? IOError { return system(io.errnoCode) }
    if let posix = error as? POSIXError { return system(posix.code.rawValue) }
    guard let cocoa = error as? CocoaError else { return "\(type(of: error))" }
    if let posix = cocoa.underlying as? POSIXError { return system(posix.code.rawValue) }
    return switch cocoa.code {
    case .fileWriteNoPermission, .fileReadNoPermission: system(EACCES)
    case .fileWriteFileExists: system(EEXIST)
    case .fileNoSuchFile, .fileReadNoSuchFile: system(ENOENT)
    default: "the system refused it (\(cocoa.code.rawValue))"
    }
  }

  /// Why a PEM file cannot be used.
  static func ofPEM(_ path: String) -> String {
    guard access(path, R_OK) == 0 else { return "\(path): \(system(errno))" }
    return "\(path) is damaged, or is not PEM"
  }

  static func system(_ number: Int32) -> String { String(cString: strerror(number)) }
}
