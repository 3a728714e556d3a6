import Access
import Registry
import Serving
import Vocabulary
import Web

/// Who made the steps of a story, for a sentence: `By Sam Example.`
struct ActorWords: Sendable {
  /// By what the ledger says of them.
  private let known: [String: String]

  func words(_ actor: String) -> String { known[actor] ?? "somebody" }
}

extension ActorWords {
  /// - Parameter account: of a principal; nil where there is none, asked once for each.
  init(
    _ actors: Set<String>, in district: DistrictID, to caller: Caller?,
    account: (PrincipalID) async throws -> DeskAccount?
  ) async throws {
    var known: [String: String] = [:]
    for actor in actors {
      guard actor.hasPrefix(Self.principal) else {
        known[actor] = Self.machine(actor)
        continue
      }
      guard let id = PrincipalID(rawValue: String(actor.dropFirst(Self.principal.count))) else { continue }
      known[actor] = try await Self.words(id == caller?.principal ? nil : account(id), id, in: district, to: caller)
    }
    self.init(known: known)
  }

  private static let principal = "principal:"

  private static func words(
    _ account: DeskAccount?, _ id: PrincipalID, in district: DistrictID, to caller: Caller?
  ) -> String {
    if id == caller?.principal { return "you" }
    guard let account else { return "somebody" }
    if account.isNamed(to: caller, in: district) { return ShownText.of(account.name, limit: 80) }
    return account.isPerson ? "somebody who works with Rollcall" : "a program"
  }

  /// What no account did.
  private static func machine(_ actor: String) -> String {
    switch actor.split(separator: ":").first {
    case "key": "the machine itself"
    case "enrollment-token": "an enrolment token"
    case "controller": "Rollcall itself"
    default: "somebody"
    }
  }
}

extension DeskAccount {
  /// As in the journal: to who reads it for the state, or for the district where the account works.
  fileprivate func isNamed(to caller: Caller?, in district: DistrictID) -> Bool {
    guard let scope = caller?.scope(of: AccessRule.journalReaders) else { return false }
    return scope == .state || scope.contains(district) && districts.contains(district)
  }
}

/// What proves a step, as it was given with it.
enum EvidenceWords {
  /// With the beginnings of digests, as the page tells keys.
  static func of(_ evidence: String) -> String {
    let parts = evidence.split(separator: " ", omittingEmptySubsequences: false).map { part in
      let sides = part.split(separator: ":", maxSplits: 1)
      guard sides.count == 2, Digest(hex: String(sides[1])) != nil else { return String(part) }
      return "\(sides[0]):\(sides[1].prefix(16))…"
    }
    return ShownText.of(parts.joined(separator: " "), limit: 200)
  }
}
