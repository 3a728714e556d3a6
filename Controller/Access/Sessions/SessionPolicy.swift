package import Vocabulary

/// How long somebody stays signed in.
package struct SessionPolicy: Sendable, Hashable {
  /// Without a request for this long, a session ends.
  package let idle: Duration
  /// However much it is used, a session ends after this.
  package let life: Duration

  package init(idle: Duration = .seconds(3600), life: Duration = .seconds(12 * 3600)) {
    (self.idle, self.life) = (idle, life)
  }

  /// How coarsely a session's last use is noted, so that reading does not mean writing.
  var grain: Duration { min(.seconds(60), idle / 10) }
}

/// A session as its owner and administrators see it.
package struct Session: Sendable, Equatable {
  package let id: SessionID
  package let principal: PrincipalID
  package let createdAt: Instant
  /// To the minute.
  package let usedAt: Instant
  package let endsAt: Instant
  /// Such as `Firefox on Linux`: what the browser says it is, and no more.
  package let browser: String
}

/// Which browser it is, in words that its owner recognises; the rest of what it says of itself is not kept.
enum BrowserName {
  static func of(_ agent: String?) -> String {
    guard let agent else { return "A program" }
    func has(_ word: String) -> Bool { agent.contains(word) }
    let browser =
      has("Edg/")
      ? "Edge"
      : has("Firefox/")
        ? "Firefox"
        : has("OPR/")
          ? "Opera"
          : has("Chrome/") || has("Chromium/") ? "Chrome" : has("Safari/") ? "Safari" : nil
    let system =
      has("CrOS")
      ? "ChromeOS"
      : has("Android")
        ? "Android"
        : has("iPhone") || has("iPad")
          ? "iOS"
          : has("Windows") ? "Windows" : has("Mac OS") ? "macOS" : has("Linux") ? "Linux" : nil
    guard let browser else { return "A program" }
    return system.map { "\(browser) on \($0)" } ?? browser
  }
}
