import Access
package import HTTPTypes
package import Serving
import Vocabulary

/// Signing in and out, and setting a password by a one-time link.
struct SignInPages: Sendable {
  let shell: Shell
  let desk: SignInDesk

  var routes: [PeopleRoute] {
    [
      .page(.get, "/sign-in", .open, "showSignIn", "The page where people sign in") { call, context in
        if context.caller != nil { return Shell.redirect(to: NextPage.checked(try call.query("next")) ?? "/") }
        let notice = try call.query("done") == "password" ? "The password is set. Sign in with it now." : nil
        return try form(context, next: try call.query("next"), login: nil, notice: notice)
      },
      .page(.post, "/sign-in", .open, "signIn", "Signs somebody in", handle: signIn),
      .page(.post, "/sign-out", .open, "signOut", "Ends the session", handle: signOut),
      .page(.get, "/set-password", .open, "showSetPassword", "The page that a one-time link opens") {
        call, context in
        let link = try call.query("link") ?? ""
        return try passwordForm(context, link, try await desk.login(ofLink: link, now: call.now))
      },
      .page(.post, "/set-password", .open, "setPassword", "Sets the password of a one-time link", handle: setPassword),
    ]
  }

  // MARK: - In and out

  private struct SignIn: Sendable {
    let next: String?
    let login: String
  }

  private func form(
    _ context: OperatorContext, next: String?, login: String?, notice: String? = nil, fault: AccessError? = nil
  ) throws -> Reply {
    let heading = Shell.Heading("Sign in", notice: notice, refusal: fault, isNarrow: true)
    var reply = try shell.page("sign-in", SignIn(next: NextPage.checked(next), login: login ?? ""), heading, context)
    if let wait = fault?.headers[.retryAfter] { reply.headers[.retryAfter] = wait }
    return reply
  }

  @Sendable private func signIn(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let form = try FormBody(call)
    let (login, password) = (form["login"] ?? "", form["password"] ?? "")
    do {
      let cookies = try await desk.signIn(login: login, password: password, call)
      return Shell.redirect(to: NextPage.checked(form["next"]) ?? "/").setting(cookies)
    } catch let error as AccessError {
      return try self.form(context, next: form["next"], login: login, fault: error)
    }
  }

  /// Open, so that somebody whose session is over meanwhile is signed out too, and not asked to sign in for it.
  @Sendable private func signOut(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    try await desk.signOut(call, context)
    var reply = Shell.redirect(to: "/sign-in")
    reply.headers[.setCookie] = SessionCookie.remove
    return reply
  }

  // MARK: - A password by a link

  private struct Password: Sendable {
    let link: String
    let login: String
  }

  /// With the form token of whoever is signed in at this browser: without it, theirs could not be sent.
  private func passwordForm(
    _ context: OperatorContext, _ link: String, _ login: String, fault: AccessError? = nil
  ) throws -> Reply {
    try shell.page(
      "set-password", Password(link: link, login: login),
      Shell.Heading("Set your password", refusal: fault, isNarrow: true), context)
  }

  @Sendable private func setPassword(_ call: Call, _ context: OperatorContext) async throws -> Reply {
    let form = try FormBody(call)
    let link = form["link"] ?? ""
    let login = try await desk.login(ofLink: link, now: call.now)
    do {
      let browser = try await desk.setPassword(try form.newPassword(), link: link, now: call.now)
      var reply = Shell.redirect(to: "/sign-in?done=password")
      reply.headers[.setCookie] = BrowserCookie.set(browser)
      return reply
    } catch let error as AccessError where error.kind == .password {
      return try passwordForm(context, link, login, fault: error)
    }
  }
}

extension FormBody {
  /// The password that was typed twice.
  ///
  /// - Throws: `access.password` where the two differ.
  func newPassword() throws(AccessError) -> String {
    let password = self["password"] ?? ""
    guard password == self["repeated"] ?? "" else {
      throw AccessError(.password, "The two are not the same. Type the new password twice.")
    }
    return password
  }
}

extension Reply {
  /// With what a browser keeps after signing in.
  func setting(_ cookies: SignInDesk.Cookies) -> Reply {
    var reply = self
    reply.headers[values: .setCookie] = [SessionCookie.set(cookies.session), BrowserCookie.set(cookies.browser)]
    return reply
  }
}

extension PeopleRoute {
  /// A page, with the query parameters that it reads.
  package static func page(
    _ method: HTTPRequest.Method, _ path: String, _ rule: AccessRule, _ id: String, _ summary: String,
    query: [String] = [], handle: @escaping Handler
  ) -> PeopleRoute {
    PeopleRoute(
      method, path, rule, Operation(id, summary, query: query.map { .init($0, "") }), bodyLimit: 16 << 10, isPage: true,
      handle: handle)
  }

  /// What a form with a file is sent to; `limit` is of the whole form, in bytes, and `larger` what is said of a larger one.
  package static func upload(
    _ path: String, _ rule: AccessRule, _ id: String, _ summary: String, limit: Int,
    larger: String = "Send less at a time.", handle: @escaping Handler
  ) -> PeopleRoute {
    PeopleRoute(
      .post, path, rule, Operation(id, summary, body: ("multipart/form-data", .string("A form with a file"))),
      bodyLimit: limit, larger: larger, isPage: true, handle: handle)
  }

  /// What an open page is told: see ``LiveFeed``.
  package static func live(
    _ path: String, _ rule: AccessRule, _ id: String, _ summary: String, handle: @escaping Handler
  ) -> PeopleRoute {
    PeopleRoute(.get, path, rule, Operation(id, summary), isPage: true, isLive: true, handle: handle)
  }
}
