import AgentTransport
import CurlClient
import Vocabulary
import Wire

/// `state.json` and the spool: whole or absent, with a checksum, so that a damaged file is noticed and never believed.
///
/// The file is `{"checksum":"…","state":{…}}`; the checksum is SHA-256 over the bytes of the state's value.
struct StateFile {
  let folder: StateFolder
  let files: AtomicFiles

  /// The state, and whether a damaged one was set aside.
  ///
  /// - Throws: `agent.file-unreadable`, `agent.file-unwritable`.
  func load() throws -> (state: AgentState, wasDamaged: Bool) {
    guard let bytes = try files.read(folder.state) else { return (AgentState(), false) }
    if let state = try Self.decoded(bytes) { return (state, false) }
    try files.rename(folder.state, to: folder.damagedState)
    return (.lost, true)
  }

  /// Like ``load()``, but changes nothing; nil where there is none or it is damaged.
  func peek() throws -> AgentState? { try files.read(folder.state).flatMap { try Self.decoded($0) } }

  func save(_ state: AgentState) throws {
    try files.write(Self.encoded(state), to: folder.state)
  }

  static func encoded(_ state: AgentState) throws -> [UInt8] {
    let value = try WireCodec.encode(state)
    return prefix(try SHA256.digest(value)) + value + suffix
  }

  /// nil where the file is damaged.
  ///
  /// - Throws: `transfer.digest-unavailable`.
  static func decoded(_ bytes: [UInt8]) throws(TransferError) -> AgentState? {
    let length = #"{"checksum":"","state":"#.utf8.count + 64
    guard bytes.count > length + suffix.count, bytes.suffix(suffix.count) == suffix[...] else { return nil }
    let value = Array(bytes[length..<(bytes.count - suffix.count)])
    guard Array(bytes.prefix(length)) == prefix(try SHA256.digest(value)) else { return nil }
    return try? WireCodec.decode(AgentState.self, from: value, as: "the agent's state")
  }

  private static func prefix(_ checksum: Digest) -> [UInt8] { Array(#"{"checksum":"\#(checksum)","state":"#.utf8) }
  private static let suffix = Array("}\n".utf8)

  // MARK: - Spool

  /// One message at most: a newer one takes its place.
  func spool(_ message: [UInt8]) throws {
    try files.makeFolder(folder.spool)
    try files.write(message, to: folder.message)
  }

  /// The spooled bytes, if they are the ones that `pending` means.
  func spooled(_ pending: AgentState.Pending) throws -> [UInt8]? {
    guard let bytes = try files.read(folder.message, limit: Limits.messageBytes),
      try SHA256.digest(bytes) == pending.body
    else { return nil }
    return bytes
  }

  func clearSpool() throws { try files.remove(folder.message) }
}
