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
package struct Once: Sendable {
  package let words: String
  package let secret: String
  package let until: String?

  package init(_ words: String, secret: String, until: String? = nil) {
    (self.words, self.secret, self.until) = (words, secret, until)
  }

  init(_ link: OneTimeLink, _ call: Call) {
    self.init(
      "Hand this link to the person of the account '\(link.login)': it sets the password.",
      secret: link.address(call.authority), until: Moment(link.expiresAt).text)
  }

  init(token: String) {
    self.init("This is the new API token.", secret: token)
  }
}
