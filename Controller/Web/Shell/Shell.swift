package import HTTPTypes
package import Serving
package import Vocabulary

/// What stands around every page: the head, the navigation by role, the notice, and the headers that keep a page to itself.
package struct Shell: Sendable {
  package let places: [Place]
  private let templates: Templates
  private let version: String

  /// - Parameters:
  ///   - templates: the features' own, by name, beside those of the shell.
  ///   - places: in the order of the navigation.
  /// - Throws: ``WebError`` where a template cannot be used.
  package init(templates: [String: String] = [:], places: [Place] = [], version: String) throws {
    self.templates = try Templates(Self.own.merging(templates) { first, _ in first })
    self.places = places
    self.version = version
  }

  /// What a page is beside its template's own values.
  package struct Heading: Sendable {
    package var title: String
    /// Of the navigation's place that the page stands under.
    package var place: String?
    package var notice: String?
    package var fault: String?
    package var isNarrow: Bool
    /// Whether the page has something that is kept up to date while it is open; without a script it is loaded again.
    package var isLive: Bool
    package var status: HTTPResponse.Status
    /// For the log.
    package var refusal: ErrorCode?

    /// - Parameter refusal: why a form is shown again.
    package init(
      _ title: String, place: String? = nil, notice: String? = nil, refusal: (any StatusError)?, isNarrow: Bool = false
    ) {
      self.init(
        title, place: place, notice: notice, fault: refusal?.message, isNarrow: isNarrow, status: refusal?.status ?? .ok
      )
      self.refusal = refusal?.code
    }

    package init(
      _ title: String, place: String? = nil, notice: String? = nil, fault: String? = nil, isNarrow: Bool = false,
      isLive: Bool = false, status: HTTPResponse.Status = .ok
    ) {
      self.title = title
      self.place = place
      self.notice = notice
      self.fault = fault
      self.isNarrow = isNarrow
      self.isLive = isLive
      self.status = status
    }
  }

  /// The page of a template: `page` gives the values under `page.`.
  package func page(
    _ template: String, _ page: some Sendable, _ heading: Heading, _ context: OperatorContext?
  ) throws -> Reply {
    let root = Root(frame: frame(heading, context), page: page)
    let text = try templates.render(root, template)
    var reply = Reply(heading.status, headers: Self.headers, body: Array(text.utf8))
    reply.refusal = heading.refusal
    return reply
  }

  /// A part of a page, for a script of ours that puts it in.
  package func part(_ template: String, _ page: some Sendable, _ context: OperatorContext?) throws -> Reply {
    let text = try templates.render(Root(frame: frame(Heading(""), context), page: page), template)
    return Reply(.ok, headers: Self.headers, body: Array(text.utf8))
  }

  /// To another page, after a change: loading it again changes nothing.
  package static func redirect(to address: String) -> Reply {
    Reply(.seeOther, headers: [.location: address, .cacheControl: "no-store"])
  }

  private func frame(_ heading: Heading, _ context: OperatorContext?) -> Frame {
    let caller = context?.caller
    let shown = caller.map { caller in
      places.filter { $0.isOpen(to: caller) }.map {
        Frame.Link(label: $0.label, address: $0.address, isCurrent: $0.address == heading.place)
      }
    }
    return Frame(
      title: Self.plain(heading.title), heading: heading.title, stylesheet: Asset.stylesheet.path,
      icon: Asset.icon.path, script: heading.isLive ? Asset.script.path : nil,
      user: caller?.name, navigation: shown ?? [], formToken: context?.session?.formToken.masked() ?? "",
      notice: heading.notice, fault: heading.fault, isNarrow: heading.isNarrow, version: version)
  }

  /// Without the marks that turn the direction of text: a browser's own line of titles knows no element to keep them in.
  private static func plain(_ title: String) -> String {
    String(
      String.UnicodeScalarView(
        title.unicodeScalars.filter { !(0x202a...0x202e).contains($0.value) && !(0x2066...0x2069).contains($0.value) }))
  }

  /// Source: W3C Content Security Policy Level 3; nothing from elsewhere, nothing inline, in nobody's frame. The referrer
  /// stays within the controller: without any, browsers would send no origin along with forms either.
  static let headers: HTTPFields = {
    var headers: HTTPFields = [
      .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
      .contentSecurityPolicy:
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ]
    for (name, value) in [
      ("Referrer-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
      ("Cross-Origin-Resource-Policy", "same-origin"), ("X-Frame-Options", "DENY"),
      ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
    ] {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    return headers
  }()

  private static let own: [String: String] = [
    "layout": PackageResources.layout_mustache, "fault": PackageResources.fault_mustache,
    "sign-in": PackageResources.sign_in_mustache, "set-password": PackageResources.set_password_mustache,
    "new-password": PackageResources.new_password_mustache, "home": PackageResources.home_mustache,
    "purpose": PackageResources.purpose_mustache, "why": PackageResources.why_mustache,
    "account": PackageResources.account_mustache,
    "sessions": PackageResources.sessions_mustache, "people": PackageResources.people_mustache,
    "person": PackageResources.person_mustache, "once": PackageResources.once_mustache,
    "all-sessions": PackageResources.all_sessions_mustache, "districts": PackageResources.districts_mustache,
    "district-people": PackageResources.district_people_mustache,
    "district-person": PackageResources.district_person_mustache,
    "district-role": PackageResources.district_role_mustache, "journal": PackageResources.journal_mustache,
    "choose": PackageResources.choose_mustache, "faults": PackageResources.faults_mustache,
  ].mapValues { String(decoding: $0, as: UTF8.self) }
}

/// What templates see.
private struct Root {
  let frame: Frame
  let page: Any
}

/// What the layout shows around a page.
struct Frame: Sendable {
  struct Link: Sendable {
    let label: String
    let address: String
    let isCurrent: Bool
  }

  let title: String
  let heading: String
  let stylesheet: String
  let icon: String
  let script: String?
  let user: String?
  let navigation: [Link]
  /// Masked for this answer alone.
  let formToken: String
  let notice: String?
  let fault: String?
  let isNarrow: Bool
  let version: String
}

/// A time as pages show it.
package struct Moment: Sendable {
  package let iso: String
  package let text: String

  package init(_ instant: Instant) {
    iso = instant.rfc3339
    text = "\(iso.prefix(10)) \(iso.dropFirst(11).prefix(5)) UTC"
  }
}
