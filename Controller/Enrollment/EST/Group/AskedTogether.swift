internal import Registry
internal import Storage
internal import Vocabulary

/// The asks of a group with their tokens, and what of them could be in each other's way: whose order would then matter.
struct AskedTogether {
  struct Asked {
    /// Its place in the group.
    let index: Int
    let ask: EnrollmentAsk
    let token: EnrollmentToken
    let pending: PendingRequest?
  }

  /// Those whose token is there and answers to its label; the others change nothing.
  let asked: [Asked]
  /// How many come with each token, by its secret's digest, and with each key; how many claim each mark.
  private let tokens: [Digest: Int]
  private let keys: [Digest: Int]
  private let marks: [String: Int]
  /// The devices that a person approved, or that were issued, for keys that ask.
  private let decided: Set<DeviceID>

  init(_ asks: [EnrollmentAsk], _ transaction: any Transaction) throws {
    let known = try TokenStore.tokens(secrets: asks.map(\.secret), transaction)
    let valid = asks.enumerated().compactMap { index, ask in
      known[ask.secret].flatMap { $0.place.answers(to: ask.label) ? (index: index, ask: ask, token: $0) : nil }
    }
    let waits =
      valid.isEmpty
      ? [] : try PendingStore.requests(of: valid.map { ($0.ask.key, $0.token.district) }, transaction)
    asked = valid.map { index, ask, token in
      let pending = waits.first { $0.key == ask.key && $0.district == token.district }
      return Asked(index: index, ask: ask, token: token, pending: pending)
    }
    tokens = Self.counts(asked.map(\.ask.secret))
    keys = Self.counts(asked.map(\.ask.key))
    marks = Self.counts(asked.flatMap { $0.ask.identity.marks.union($0.pending?.identity.marks ?? []) })
    decided = Set(waits.compactMap(\.device))
  }

  private static func counts<Key>(_ keys: [Key]) -> [Key: Int] {
    Dictionary(keys.map { ($0, 1) }, uniquingKeysWith: +)
  }

  /// Whether it never waited for a person, nobody else comes with its key or its marks, and its token has uses left for all who
  /// come with it: then it does not matter which of the group comes first.
  func isAlone(_ one: Asked) -> Bool {
    one.pending == nil && keys[one.ask.key] == 1
      && one.token.uses - one.token.used >= tokens[one.ask.secret, default: 0]
      && one.ask.identity.marks.allSatisfy { marks[$0] == 1 }
  }

  /// Whether nobody but `ask`, who is alone, may mean the device: by a mark that it is known by, or because a person said so.
  func isMeant(_ named: NamedDevice, by ask: EnrollmentAsk) -> Bool {
    !decided.contains(named.device.id)
      && named.marks.subtracting(ask.identity.marks).allSatisfy { marks[$0] == nil }
  }
}
