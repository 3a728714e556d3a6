import CCurl
import Vocabulary

/// Requests to one kind of server with one trust and one identity; connections are kept and used again.
///
/// TLS 1.2 or later, HTTP/1.1, no redirects. It blocks, and belongs to one thread.
package final class Client {
  package let trust: Trust
  package let limits: TransferLimits
  /// Asked about once a second during an exchange; true ends it with `transfer.stopped`.
  package var shouldStop: () -> Bool = { false }

  private let handle: UnsafeMutableRawPointer
  private let tls: TLSSetup
  private let usesProxyEnvironment: Bool
  private let agentName: String

  /// - Throws: `transfer.failed` where libcurl does not start.
  package init(
    trust: Trust, identity: ClientIdentity? = nil, limits: TransferLimits = TransferLimits(),
    usesProxyEnvironment: Bool = false, agentName: String = "rollcall"
  ) throws(TransferError) {
    guard Self.started, let handle = curl_easy_init() else { throw TransferError(.failed, "libcurl does not start.") }
    self.handle = handle
    self.trust = trust
    self.limits = limits
    self.usesProxyEnvironment = usesProxyEnvironment
    self.agentName = agentName
    tls = TLSSetup(identity: identity)
  }

  deinit { curl_easy_cleanup(handle) }

  private static let started = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// Sends the request and returns the answer, whatever its status.
  ///
  /// - Throws: any `transfer.` code.
  package func send(
    _ request: Request, verifyingAt time: VerificationTime = .system
  ) throws(TransferError) -> Response {
    try send(request, verifyingAt: time, within: limits.total, receiving: nil)
  }

  /// As ``send(_:verifyingAt:)``; the body of a success goes to `take` as it comes, however long it is.
  ///
  /// - Parameters:
  ///   - limit: for the whole exchange.
  ///   - take: false ends the exchange, with `transfer.failed`.
  /// - Throws: any `transfer.` code; what was taken then is not whole.
  package func download(
    _ request: Request, within limit: Duration, _ take: @escaping ([UInt8]) -> Bool
  ) throws(TransferError) -> Response {
    try send(request, verifyingAt: .system, within: limit, receiving: take)
  }

  private func send(
    _ request: Request, verifyingAt time: VerificationTime, within limit: Duration,
    receiving take: (([UInt8]) -> Bool)?
  ) throws(TransferError) -> Response {
    try check(request)
    let transfer = Transfer(limit: limits.responseBytes, sink: take, shouldStop: shouldStop)
    tls.begin(time)
    curl_easy_reset(handle)
    let headers = try list(request)
    defer { curl_slist_free_all(headers) }
    try set(request, headers)
    try check(rc_set_long(handle, CURLOPT_TIMEOUT_MS, limit.wholeMilliseconds))
    try setTLS()
    let code = try perform(transfer, body: request.body)
    guard code == CURLE_OK else { throw error(code, transfer) }
    return Response(
      status: rc_get_long(handle, CURLINFO_RESPONSE_CODE), headers: transfer.headers, body: transfer.body,
      serverHolds: tls.serverHolds)
  }

  // MARK: - Before

  private func check(_ request: Request) throws(TransferError) {
    guard request.url.lowercased().hasPrefix("https://"), request.url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw TransferError(.invalidRequest, "'\(request.url)' is not an https:// address.")
    }
    for header in request.headers where !header.isSafe {
      throw TransferError(.invalidRequest, "The header '\(header.name)' has characters that a header cannot carry.")
    }
    if trust == .anybodyForPublicData {
      let secret = request.headers.contains { ["authorization", "cookie"].contains($0.name.lowercased()) }
      guard !secret, request.body == nil, tls.identity == nil else {
        throw TransferError(.invalidRequest, "A request with a credential or a body needs a verified server.")
      }
    }
  }

  private func list(_ request: Request) throws(TransferError) -> UnsafeMutablePointer<curl_slist>? {
    var list: UnsafeMutablePointer<curl_slist>?
    var lines = request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
    lines.append("Expect:")
    for line in lines {
      guard let longer = curl_slist_append(list, line) else {
        curl_slist_free_all(list)
        throw TransferError(.failed, "Out of memory.")
      }
      list = longer
    }
    return list
  }

  private func set(_ request: Request, _ headers: UnsafeMutablePointer<curl_slist>?) throws(TransferError) {
    try check(rc_set_text(handle, CURLOPT_URL, request.url))
    try check(rc_set_text(handle, CURLOPT_PROTOCOLS_STR, "https"))
    try check(rc_set_list(handle, CURLOPT_HTTPHEADER, headers))
    try check(rc_set_text(handle, CURLOPT_USERAGENT, agentName))
    try check(rc_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)))
    try check(rc_set_long(handle, CURLOPT_FOLLOWLOCATION, 0))
    try check(rc_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, limits.connect.wholeMilliseconds))
    if !usesProxyEnvironment { try check(rc_set_text(handle, CURLOPT_PROXY, "")) }
    switch request.method {
    case .get: try check(rc_set_long(handle, CURLOPT_HTTPGET, 1))
    case .head: try check(rc_set_long(handle, CURLOPT_NOBODY, 1))
    default: try check(rc_set_long(handle, CURLOPT_POST, 1))
    }
    try check(rc_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method == .head ? nil : request.method.rawValue))
    if request.method != .get && request.method != .head {
      try check(rc_set_size(handle, CURLOPT_POSTFIELDSIZE_LARGE, Int(request.body?.count ?? 0)))
    }
  }

  private func setTLS() throws(TransferError) {
    try check(rc_set_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)))
    // A resumed session is not verified again: neither its dates nor, after a look without dates, anything of it.
    try check(rc_set_long(handle, CURLOPT_SSL_SESSIONID_CACHE, 0))
    try check(rc_set_long(handle, CURLOPT_FORBID_REUSE, tls.time == .ignoringDates ? 1 : 0))
    let verified = trust != .anybodyForPublicData
    try check(rc_set_long(handle, CURLOPT_SSL_VERIFYPEER, verified ? 1 : 0))
    try check(rc_set_long(handle, CURLOPT_SSL_VERIFYHOST, verified ? 2 : 0))
    switch trust {
    case .system, .anybodyForPublicData: break
    case .file(let path):
      try check(rc_set_text(handle, CURLOPT_CAINFO, path))
      try check(rc_set_text(handle, CURLOPT_CAPATH, nil))
    case .pem(let bytes):
      try check(bytes.withUnsafeBytes { rc_set_blob(handle, CURLOPT_CAINFO_BLOB, $0.baseAddress, $0.count) })
      // The blob replaces the file of trusted certificates, but not the folder.
      try check(rc_set_text(handle, CURLOPT_CAPATH, nil))
    }
    try check(rc_set_tls_setup(handle, TLSSetup.callback))
    try check(rc_set_pointer(handle, CURLOPT_SSL_CTX_DATA, Unmanaged.passUnretained(tls).toOpaque()))
  }

  private func check(_ code: CURLcode) throws(TransferError) {
    guard code == CURLE_OK else {
      throw TransferError(
        .invalidRequest, "libcurl does not take an option: \(String(cString: curl_easy_strerror(code))).")
    }
  }

  // MARK: - During and after

  private func perform(_ transfer: Transfer, body: [UInt8]?) throws(TransferError) -> CURLcode {
    let context = Unmanaged.passUnretained(transfer).toOpaque()
    try check(rc_set_receive(handle, CURLOPT_WRITEFUNCTION, Transfer.receiveBody))
    try check(rc_set_pointer(handle, CURLOPT_WRITEDATA, context))
    try check(rc_set_receive(handle, CURLOPT_HEADERFUNCTION, Transfer.receiveHeader))
    try check(rc_set_pointer(handle, CURLOPT_HEADERDATA, context))
    try check(rc_set_long(handle, CURLOPT_NOPROGRESS, 0))
    try check(rc_set_progress(handle, Transfer.progress))
    try check(rc_set_pointer(handle, CURLOPT_XFERINFODATA, context))
    return transfer.errorText.withUnsafeMutableBufferPointer { text in
      _ = rc_set_pointer(handle, CURLOPT_ERRORBUFFER, text.baseAddress)
      defer { _ = rc_set_pointer(handle, CURLOPT_ERRORBUFFER, nil) }
      guard let body else { return curl_easy_perform(handle) }
      return body.withUnsafeBytes { bytes in
        _ = rc_set_pointer(handle, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
        return curl_easy_perform(handle)
      }
    }
  }

  private func error(_ code: CURLcode, _ transfer: Transfer) -> TransferError {
    if let fault = tls.fault { return fault }
    let outcome = TransferOutcome(
      code: code, words: transfer.words(or: code), overflowed: transfer.overflowed,
      verification: tls.verification, osError: Int32(rc_get_long(handle, CURLINFO_OS_ERRNO)))
    let sent = rc_get_long(handle, CURLINFO_REQUEST_SIZE) > 0
    return TransferError(outcome.kind, "\(outcome.kind.sentence) (\(outcome.words))", mayHaveArrived: sent)
  }
}

extension Request.Header {
  var isSafe: Bool {
    !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") }
      && value.utf8.allSatisfy { $0 == 9 || ($0 >= 0x20 && $0 != 0x7f) }
  }
}

extension Duration {
  fileprivate var wholeMilliseconds: Int {
    Int(clamping: components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
