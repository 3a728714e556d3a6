import Access
import Serving
import Vocabulary

/// Somebody in a list.
struct PersonRow: Sendable {
  let id: PrincipalID
  let name: String
  let isService: Bool
  let signIn: String
  let grants: [String]

  init(_ person: PeopleDesk.Known) {
    (id, name) = (person.principal.id, person.principal.name)
    isService = person.principal.kind == .service
    (signIn, grants) = (SignInWords.of(person), person.grants.map(GrantWords.sentence))
  }
}

/// How somebody signs in, in words.
enum SignInWords {
  static func of(_ person: PeopleDesk.Known) -> String {
    guard let account = person.account else { return "API tokens only" }
    switch account.state {
    case .active: return account.login
    case .invited: return "\(account.login) (no password yet)"
    case .disabled: return "\(account.login) (disabled)"
    }
  }
}

/// A secret that a page shows once.
struct Once: Sendable {
  let words: String
  let secret: String
  let until: String?

  init(_ link: OneTimeLink, _ call: Call) {
    words = "Hand this link to the person of the account '\(link.login)': it sets the password."
    secret = link.address(call.authority)
    until = Moment(link.expiresAt).text
  }

  init(token: String) {
    words = "This is the new API token."
    secret = token
    until = nil
  }
}
