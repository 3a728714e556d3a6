import Enrollment
import Foundation
import Storage

/// Something in the state folder that every controller of a database has the same of.
struct SharedItem: Sendable {
  /// Its row's name.
  let name: String
  /// Its file or folder here.
  let place: String
  /// What is in the folder; nil where nothing is.
  let read: @Sendable () throws -> [UInt8]?
  /// Puts it into the folder, in place of what is there.
  let take: @Sendable ([UInt8]) throws -> Void
  /// Makes the first one, without keeping it; nil where only `init`, or a person, may.
  let make: (@Sendable (any Transaction) throws -> [UInt8]?)?

  /// The authority's row: without one there is no controller for whom anything would be kept.
  static let authorityName = "authority"

  /// The certificates of the authority and the issuing key; never the root's key.
  static func authority(_ state: StateFolder) -> SharedItem {
    let files = AuthorityFiles(folder: state.authorityFolder)
    return SharedItem(
      name: authorityName, place: state.authorityFolder,
      read: {
        guard FileManager.default.fileExists(atPath: state.root) else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return [UInt8](try encoder.encode(try files.bundle()))
      },
      take: { try files.take(JSONDecoder().decode(AuthorityBundle.self, from: Data($0))) }, make: nil)
  }
}
