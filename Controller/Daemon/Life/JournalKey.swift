import Enrollment
import Foundation
import Transparency
import Vocabulary

/// The key that signs the journal's checkpoints, in the state folder: the one place that reads and makes it.
///
/// Its name is the journal's origin, made once from the controller's first name and chance, so that no two journals have
/// the same; neither changes when the controller gets other names.
enum JournalKey {
  /// The key, made where there is none; `checkpoint.pub` beside it says how to verify.
  ///
  /// - Throws: `config.unreadable` with the file, `config.state`, `enroll.file`.
  static func load(_ settings: ControllerSettings) throws -> NoteSigner {
    let folder = settings.state
    if !FileManager.default.fileExists(atPath: folder.checkpointKey) { try make(settings) }
    let text = try DurableFile.text(of: folder.checkpointKey).trimmingCharacters(in: .newlines)
    let signer: NoteSigner
    do throws(TransparencyError) { signer = try NoteSigner(secret: text) } catch {
      throw ConfigurationError(
        .unreadable, "\(folder.checkpointKey) cannot be used. \(error.message) Restore it from a backup.")
    }
    try tell(signer.verifier, folder)
    return signer
  }

  private static func make(_ settings: ControllerSettings) throws {
    try StateArchive.makeFolder(settings.state.journalFolder)
    try DurableFile.write(secret(of: settings.names.first), to: settings.state.checkpointKey, mode: 0o600)
  }

  /// A new key, as its file has it.
  ///
  /// - Parameter name: the controller's.
  fileprivate static func secret(of name: String?) throws -> String {
    let tail = Base32.encode((0..<5).map { _ in UInt8.random(in: .min ... .max) })
    return try NoteSigner(name: "\(name ?? "rollcall")/journal-\(tail)").secret + "\n"
  }

  /// What was interrupted, or removed, is there again.
  private static func tell(_ verifier: VerifierKey, _ folder: StateFolder) throws {
    let text = verifier.text + "\n"
    guard (try? DurableFile.text(of: folder.checkpointVerifier)) != text else { return }
    try DurableFile.write(text, to: folder.checkpointVerifier, mode: 0o644)
  }
}

extension SharedItem {
  /// What signs the journal's checkpoints: made by `init`, or by the first `serve` that finds none anywhere.
  ///
  /// - Parameter name: the controller's, for the journal's origin.
  static func journal(_ state: StateFolder, name: String?) -> SharedItem {
    SharedItem(
      name: "journal", place: state.journalFolder,
      read: {
        guard FileManager.default.fileExists(atPath: state.checkpointKey) else { return nil }
        return Array(try DurableFile.text(of: state.checkpointKey).utf8)
      },
      take: {
        try StateArchive.makeFolder(state.journalFolder)
        try DurableFile.write(String(decoding: $0, as: UTF8.self), to: state.checkpointKey, mode: 0o600)
      }, make: { _ in Array(try JournalKey.secret(of: name).utf8) })
  }
}
