import Storage
package import Vocabulary

extension RosterDesk {
  /// Removes files that were sent by a page and that nobody took up in their time, of every district.
  ///
  /// - Returns: how many there were.
  package func removeOldUploads(now: Instant) async throws -> Int {
    try await database.write(in: .state) { try UploadStore.removeOld(at: now, $0) }
  }
}
