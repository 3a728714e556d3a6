import Access
import Audit
import HTTPTypes
import Serving
import Vocabulary

/// The first page, and one's own account.
struct OwnPages: Sendable {
  let shell: Shell
  let desk: SignInDesk
  let people: PeopleDesk

  var routes: [PeopleRoute] {
    [
      .page(.get, "/", .signedIn, "showHome", "The first page: what this person may do", query: ["done"], handle: home),
      .page(.get, "/account", .signedIn, "showAccount", "One's own sessions and password", query: ["done"]) {
        try await account($0, $1)
      },
      .page(.post, "/account/password", .signedIn, "changePassword", "Changes one's password", handle: changePassword),
      .page(.post, "/account/purpose", .signedIn, "choosePurpose", "Keeps why one looks at students' data") {
        call, context in
        let form = try FormBody(call)
        guard let purpose = form["purpose"].flatMap(ViewPurpose.init(chosen:)) else {
          throw AccessError(.value, "Choose one of the reasons.")
        }
        try await desk.choose(purpose, call, context)
        // Back to what was looked at, where a page asked.
        return Shell.redirect(to: NextPage.checked(form["next"]) ?? "/?done=purpose")
      },
      .page(
        .get, Self.purposePlace, .signedIn, "showPurpose", "Asks why one looks at students' data", query: ["next"]
      ) { call, context in
        let model = Asked(
          purposes: Purpose.all(context.session?.purpose), next: NextPage.checked(try call.query("next")),
          hasSession: context.session != nil)
        return try shell.page("why", model, Shell.Heading("Why do you look?", isNarrow: true), context)
      },
      .page(.post, "/account/sessions/{session}/end", .signedIn, "endOwnBrowser", "Signs one of one's browsers out") {
        call, context in
        let me = try context.actor
        try await desk.endSession(try call.identifier("session"), of: me, by: me, now: call.now)
        return Shell.redirect(to: "/account?done=ended")
      },
    ]
  }

  // MARK: - Why one looks

  private static let purposePlace = "/account/purpose"

  private struct Asked: Sendable {
    let purposes: [Purpose]
    let next: String?
    let hasSession: Bool
  }

  // MARK: - The first page

  private struct Home: Sendable {
    let asksPurpose: Bool
    let purposes: [Purpose]
    let places: [Place]
    let grants: [String]
    var hasPlaces: Bool
    var hasGrants: Bool
  }

  struct Purpose: Sendable {
    let value: String
    let words: String
    let isChosen: Bool

    static func all(_ chosen: ViewPurpose?) -> [Purpose] {
      ViewPurpose.choices.map { Purpose(value: $0.rawValue, words: $0.words, isChosen: $0 == chosen) }
    }
  }

  @Sendable private func home(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    guard let caller = context.caller else { throw ServingError.notFound }
    let places = shell.places.filter { $0.isOpen(to: caller) }
    let grants = GrantWords.sentences(caller.grants)
    let isAsked = context.session.map { $0.purpose == nil } ?? false
    let model = Home(
      asksPurpose: isAsked && StudentViews.asks(caller),
      purposes: Purpose.all(context.session?.purpose), places: places, grants: grants, hasPlaces: !places.isEmpty,
      hasGrants: !grants.isEmpty)
    let notice = try call.query("done") == "purpose" ? "The reason is kept for this session." : nil
    return try shell.page("home", model, Shell.Heading("Welcome", notice: notice), context)
  }

  // MARK: - One's own account

  private struct Own: Sendable {
    let login: String
    let hasPassword: Bool
    let hasSession: Bool
    let sessions: [SessionRow]
    let purposes: [Purpose]
  }

  private static let notices = [
    "password": "The password is changed, and every other browser is signed out.",
    "ended": "That browser is signed out.",
  ]

  private func account(_ call: Call, _ context: OperatorContext, fault: AccessError? = nil) async throws -> Reply {
    let me = try context.actor
    let account = try await people.known(me).account
    let sessions = try await desk.sessions(of: me, now: call.now)
    let model = Own(
      login: account?.login ?? "", hasPassword: account?.state == .active, hasSession: context.session != nil,
      sessions: sessions.map {
        SessionRow($0, end: "/account/sessions/\($0.id)/end", isThis: $0.id == context.session?.id)
      }, purposes: Purpose.all(context.session?.purpose))
    let notice = call.method == .get ? try call.query("done").flatMap { Self.notices[$0] } : nil
    return try shell.page(
      "account", model,
      Shell.Heading("Your account", notice: notice, refusal: fault), context)
  }

  @Sendable private func changePassword(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let form = try FormBody(call)
    do {
      let new = try form.newPassword()
      let cookies = try await desk.changePassword(from: form["old"] ?? "", to: new, call, context)
      return Shell.redirect(to: "/account?done=password").setting(cookies)
    } catch let error as AccessError {
      return try await account(call, context, fault: error)
    }
  }
}

/// A session's row in a table.
struct SessionRow: Sendable {
  struct Owner: Sendable {
    let id: PrincipalID
    let name: String
  }

  let browser: String
  let since: Moment
  let used: Moment
  let ends: Moment
  /// Where a form ends it.
  let end: String
  let isThis: Bool
  let owner: Owner?

  init(_ session: Session, end: String, isThis: Bool = false, owner: Owner? = nil) {
    browser = session.browser
    (since, used, ends) = (Moment(session.createdAt), Moment(session.usedAt), Moment(session.endsAt))
    self.end = end
    self.isThis = isThis
    self.owner = owner
  }
}

/// Grants in words.
enum GrantWords {
  static func place(_ grant: Grant) -> String {
    switch grant.reach {
    case .state: "the whole state"
    case .district(let district): "district \(district)"
    case .school(let district, let school): "school \(school) of district \(district)"
    }
  }

  static func sentence(_ grant: Grant) -> String { "\(grant.role.rawValue) for \(place(grant))" }

  static func sentences(_ grants: Set<Grant>) -> [String] { grants.map(sentence).sorted() }
}
