internal import Synchronization
internal import Vocabulary

/// Where a token belongs: what never changes of it, and no token is ever removed.
struct TokenPlace: Sendable, Hashable {
  let batch: BatchID
  let district: DistrictID

  /// RFC 7030's label may name the batch or the district; another one is another's endpoint.
  func answers(to label: String?) -> Bool {
    label == nil || label == batch.rawValue || label == district.rawValue
  }
}

/// The tokens that were presented and are ours, by their secrets' digests, so that nobody asks the database for one again
/// before a device's request is even read. What of a token changes is not here: its use is decided by the database alone.
final class TokenPlaces: Sendable {
  /// More tokens than this are seldom in use at once.
  private static let most = 1024

  private let known = Mutex<[Digest: TokenPlace]>([:])

  func place(of secret: Digest) -> TokenPlace? { known.withLock { $0[secret] } }

  func remember(_ place: TokenPlace, of secret: Digest) {
    known.withLock { known in
      if known.count >= Self.most { known.removeAll(keepingCapacity: true) }
      known[secret] = place
    }
  }
}
