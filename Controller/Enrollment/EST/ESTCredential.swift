internal import FoundationEssentials
internal import HTTPTypes
internal import Serving

/// The enrolment token of an EST request: the password of HTTP Basic, or a bearer token.
///
/// Source: RFC 7030, section 3.2.3; RFC 7617; RFC 6750.
enum ESTCredential {
  /// - Throws: `enroll.token` where there is none of the right form.
  static func secret(of call: Call) throws(EnrollmentError) -> TokenSecret {
    guard let header = call.headers[.authorization] else {
      throw EnrollmentError(
        .token, "Enrolment needs a token: send it as the password of HTTP Basic, or as a bearer token.")
    }
    guard header.utf8.count <= 1024, let presented = presented(header), let secret = TokenSecret(presented: presented)
    else {
      throw EnrollmentError(.token, "This is not an enrolment token. Copy the whole of it, from 'rct1.' to its end.")
    }
    return secret
  }

  private static func presented(_ header: String) -> String? {
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    let value = parts[1].drop { $0 == " " }
    switch parts[0].lowercased() {
    case "bearer": return String(value)
    case "basic":
      guard let data = Data(base64Encoded: String(value)), let pair = String(validating: data, as: UTF8.self),
        let colon = pair.firstIndex(of: ":")
      else { return nil }
      return String(pair[pair.index(after: colon)...])
    default: return nil
    }
  }
}
