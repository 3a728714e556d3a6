import Enrollment
import Foundation
import Storage
import Vocabulary

/// Keeps the state folder's keys the same as those of the other controllers, through the database.
///
/// What was changed here since the last time goes into the database, what was changed there comes here; where both were,
/// nothing is changed and a person decides. `shared.json` in the folder remembers what the two agreed on.
struct SharedKeys: Sendable {
  let database: any Database
  let key: SealKey
  let state: StateFolder
  let items: [SharedItem]

  /// - Parameters:
  ///   - contactKey: where the contact key is; nil for its place in the folder.
  ///   - name: the controller's, for a journal that has no key yet.
  init(database: any Database, key: SealKey, state: StateFolder, contactKey: String? = nil, name: String? = nil) {
    self.database = database
    self.key = key
    self.state = state
    items = Self.items(state, contactKey, name)
  }

  private static func items(_ state: StateFolder, _ contactKey: String?, _ name: String? = nil) -> [SharedItem] {
    [.authority(state), .journal(state, name: name), .contacts(contactKey, state)]
  }

  /// What is not the same in the folder and in the database; nothing is changed.
  ///
  /// - Throws: `config.seal-key`, `storage.*`.
  static func differing(
    _ settings: ControllerSettings, key: SealKey, in transaction: any Transaction
  ) throws -> [String] {
    try items(settings.state, settings.contactKey).filter { item in
      guard let stored = try SharedStore.get(item.name, in: transaction) else { return true }
      return try item.read() != key.open(stored.sealed, as: item.name, revision: stored.revision)
    }.map(\.name)
  }

  /// nil where the settings name no seal key.
  ///
  /// - Throws: `config.seal-key`.
  init?(_ settings: ControllerSettings, on database: any Database) throws {
    guard let path = settings.sealKey else { return nil }
    self.init(
      database: database, key: try SealKey.load(path), state: settings.state, contactKey: settings.contactKey,
      name: settings.names.first)
  }

  /// What the folder and the database agreed on.
  private struct Agreed: Codable {
    var revision: Int64
    /// SHA-256 of the content, hexadecimal.
    var digest: String
    /// The revision that was being put into the folder: cut short, the folder holds a part of it.
    var taking: Int64?
  }

  /// - Returns: whether something of this folder went into the database.
  /// - Throws: `config.seal-key`; `config.shared` where folder and database were both changed; `storage.*`.
  @discardableResult
  func agree() async throws -> Bool {
    var hasGiven = try await giveFirst()
    for item in items where try await agree(on: item) { hasGiven = true }
    return hasGiven
  }

  /// What the database has none of goes there, all in one change: a controller that starts beside finds the keys that belong to
  /// an authority together with it, and makes none of its own.
  private func giveFirst() async throws -> Bool {
    let own = try items.map { (item: $0, content: try $0.read()) }
    let given = try await database.write(in: .state) { [key] transaction in
      let authority = try SharedStore.get(SharedItem.authorityName, in: transaction)
      // Whose key is another one must not be the first with anything.
      if let authority {
        _ = try key.open(authority.sealed, as: SharedItem.authorityName, revision: authority.revision)
      }
      let hasAuthority =
        authority != nil || own.contains { $0.item.name == SharedItem.authorityName && $0.content != nil }
      return try own.compactMap { item, content -> (item: SharedItem, content: [UInt8], isMade: Bool)? in
        guard try SharedStore.get(item.name, in: transaction) == nil,
          let first = try content ?? (hasAuthority ? item.make?(transaction) : nil)
        else { return nil }
        let sealed = SharedStore.Stored(revision: 1, sealed: try key.seal(first, as: item.name, revision: 1))
        return try SharedStore.put(item.name, sealed, in: transaction) ? (item, first, content == nil) : nil
      }
    }
    for (item, content, isMade) in given {
      if isMade { try item.take(content) }
      try remember(item.name, Agreed(revision: 1, digest: Self.digest(content)))
    }
    return !given.isEmpty
  }

  /// The revisions in the database: a number that grew means that another controller changed something.
  func revisions() async throws -> [String: Int64] {
    try await database.read(in: .state) { try SharedStore.revisions(in: $0) }
  }

  /// What every controller is called, where the first one was told so; kept by whoever comes first.
  func names(or own: [String]?) async throws -> [String]? {
    let name = "names"
    if let stored = try await stored(name) {
      let text = String(decoding: try key.open(stored.sealed, as: name, revision: stored.revision), as: UTF8.self)
      return own ?? text.split(separator: ",").map(String.init)
    }
    if let own { _ = try await put(Array(own.joined(separator: ",").utf8), as: name, revision: 1) }
    return own
  }

  private func agree(on item: SharedItem) async throws -> Bool {
    // Another controller may come first; after a few rounds something else is wrong.
    for _ in 0..<8 {
      let (mine, stored) = (try item.read(), try await stored(item.name))
      guard let stored else { return false }
      let theirs = try key.open(stored.sealed, as: item.name, revision: stored.revision)
      var agreed = try remembered()[item.name]
      if let agreed, agreed.revision > stored.revision, mine != theirs {
        // The database went back, as after a restore: what is here is newer, and may be the only copy of a key.
        guard let mine else { throw conflict(item) }
        guard try await put(mine, as: item.name, revision: agreed.revision + 1, after: stored.revision) else {
          continue
        }
        try remember(item.name, Agreed(revision: agreed.revision + 1, digest: Self.digest(mine)))
        return true
      }
      if agreed?.taking == stored.revision { agreed?.digest = mine.map(Self.digest) ?? "" }
      if let mine, mine != theirs, agreed?.digest != Self.digest(mine) {
        guard let agreed, agreed.revision == stored.revision else { throw conflict(item) }
        guard try await put(mine, as: item.name, revision: stored.revision + 1) else { continue }
        try remember(item.name, Agreed(revision: stored.revision + 1, digest: Self.digest(mine)))
        return true
      }
      if mine != theirs {
        try remember(
          item.name,
          Agreed(revision: agreed?.revision ?? 0, digest: agreed?.digest ?? "", taking: stored.revision))
        try item.take(theirs)
      }
      try remember(item.name, Agreed(revision: stored.revision, digest: Self.digest(theirs)))
      return false
    }
    throw conflict(item)
  }

  private func stored(_ name: String) async throws -> SharedStore.Stored? {
    try await database.read(in: .state) { try SharedStore.get(name, in: $0) }
  }

  /// - Parameter before: the revision that it replaces; by default the one before.
  private func put(
    _ content: [UInt8], as name: String, revision: Int64, after before: Int64? = nil
  ) async throws -> Bool {
    let next = SharedStore.Stored(
      revision: revision, sealed: try key.seal(content, as: name, revision: revision))
    return try await database.write(in: .state) { try SharedStore.put(name, next, after: before, in: $0) }
  }

  private func conflict(_ item: SharedItem) -> ConfigurationError {
    ConfigurationError(
      .shared,
      "The \(item.name) in \(item.place) and the one in the database were both changed, or never were the same. Nothing was changed. To take the database's, move \(item.place) aside and start again."
    )
  }

  private func remembered() throws -> [String: Agreed] {
    guard let data = FileManager.default.contents(atPath: state.shared) else { return [:] }
    // Damaged, it is as if there were none: what is the same needs no memory, and the rest is asked of a person.
    return (try? JSONDecoder().decode([String: Agreed].self, from: data)) ?? [:]
  }

  private func remember(_ name: String, _ agreed: Agreed) throws {
    var all = try remembered()
    if let before = all[name], before.revision == agreed.revision, before.digest == agreed.digest,
      before.taking == agreed.taking
    {
      return
    }
    all[name] = agreed
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    try DurableFile.write(
      String(decoding: try encoder.encode(all), as: UTF8.self) + "\n", to: state.shared, mode: 0o600)
  }

  private static func digest(_ content: [UInt8]) -> String { "\(Digest.sha256(content))" }
}
