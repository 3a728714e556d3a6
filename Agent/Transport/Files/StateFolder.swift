/// Where the agent keeps what outlives it.
///
/// ```
/// root.pem          the controller's root certificate, pinned at enrolment
/// controller        the controller's address
/// device.key .pem   the key (0600) and its certificate with the chain
/// next.key .pem     a key that is about to take its place
/// request.der       the certificate request that waits for an answer
/// enrollment.token  the token (0600), as long as enrolment waits
/// state.json        sequence number, acknowledged hashes, clock floor
/// spool/            the one message whose answer has not come
/// ```
package struct StateFolder: Hashable, Sendable {
  package static let standard = StateFolder("/var/lib/rollcall-agent")

  package let path: String

  package init(_ path: String) {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  package var root: String { path + "/root.pem" }
  package var controller: String { path + "/controller" }
  package var key: String { path + "/device.key" }
  package var certificate: String { path + "/device.pem" }
  package var nextKey: String { path + "/next.key" }
  package var nextCertificate: String { path + "/next.pem" }
  package var request: String { path + "/request.der" }
  package var token: String { path + "/enrollment.token" }
  package var state: String { path + "/state.json" }
  package var damagedState: String { path + "/state.damaged" }
  package var spool: String { path + "/spool" }
  package var message: String { spool + "/checkin" }
}
