package import HTTPTypes

/// The cookie that a browser's session is known by.
///
/// `__Host-` has browsers keep it for this very name and only over TLS (RFC 6265bis, section 4.1.3). `SameSite=Lax`, not
/// Strict: a link to a device in an e-mail or a ticket is to open signed in, and what changes something never goes by the
/// cookie alone, see ``CrossSite``.
package enum SessionCookie {
  package static let name = "__Host-rollcall"

  /// The cookie's value in a request; nil where there is none, or where two are sent and one may be another's.
  package static func value(in headers: HTTPFields) -> String? { Cookie.value(name, in: headers) }

  /// For `Set-Cookie`; it goes with the browser, and the server ends it earlier by its own clock.
  package static func set(_ secret: String) -> String { "\(name)=\(secret); Path=/; Secure; HttpOnly; SameSite=Lax" }

  /// For `Set-Cookie`: the browser forgets it.
  package static var remove: String { "\(name)=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0" }
}

/// The cookie that a browser is known by after somebody has signed in there, whether they still are or not. It lets nobody
/// in. `SameSite=Strict`: only the form of this site that signs in has to send it.
package enum BrowserCookie {
  package static let name = "__Host-rollcall-browser"

  package static func value(in headers: HTTPFields) -> String? { Cookie.value(name, in: headers) }

  /// For `Set-Cookie`; kept for 180 days from the last sign-in.
  package static func set(_ secret: String) -> String {
    "\(name)=\(secret); Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=\(180 * 86_400)"
  }
}

private enum Cookie {
  /// nil where there is none, or where two are sent and one may be another's.
  static func value(_ name: String, in headers: HTTPFields) -> String? {
    let values = (headers[.cookie] ?? "").split(separator: ";").compactMap { pair -> String? in
      let text = pair.drop { $0 == " " }
      guard text.hasPrefix(name + "=") else { return nil }
      return String(text.dropFirst(name.count + 1))
    }
    return values.count == 1 && values[0].utf8.count <= 256 ? values[0] : nil
  }
}

/// Whether a request that changes something was meant by whom it seems to come from.
///
/// A cookie goes along with requests that another site's page makes. So such a request must come from a page of this
/// origin, as the browser itself says in a header that no page can set, and must carry the token of its session.
package enum CrossSite {
  package static let header = HTTPField.Name("X-Form-Token")
  package static let field = "form-token"
  static let fetchSite = HTTPField.Name("Sec-Fetch-Site")

  package static func isChange(_ method: HTTPRequest.Method) -> Bool {
    ![.get, .head, .options].contains(method)
  }

  /// Source: W3C Fetch Metadata (Sec-Fetch-Site); RFC 6454 (Origin), for browsers that do not send the first.
  ///
  /// - Throws: `access.cross-site`.
  static func requireOwnOrigin(_ call: Call) throws(ServingError) {
    guard isChange(call.method) else { return }
    if let name = fetchSite, let site = call.headers[name] {
      guard site == "same-origin" else { throw refusal }
      return
    }
    guard let origin = call.headers[.origin], let authority = call.authority, origin == "https://" + authority else {
      throw refusal
    }
  }

  /// - Throws: `access.cross-site`.
  static func requireToken(_ call: Call, _ session: BrowserSession) throws(ServingError) {
    guard isChange(call.method) else { return }
    var sent = header.flatMap { call.headers[$0] }
    if sent == nil, FormBody.isForm(call) { sent = try FormBody(call)[field] }
    guard let sent, session.formToken.isMasked(in: sent) else { throw refusal }
  }

  private static let refusal = ServingError(
    .crossSite,
    "This did not come from a page of this controller, or that page is of a session that is over. Load the page again and repeat it."
  )
}

/// Comparison that takes as long wherever two texts differ.
package enum ConstantTime {
  /// The lengths are no secret.
  package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
  }
}
