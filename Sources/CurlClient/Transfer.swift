import CCurl
import COpenSSL
import Glibc

/// What libcurl's callbacks gather during one exchange.
final class Transfer {
  private(set) var headers: [Request.Header] = []
  private(set) var body: [UInt8] = []
  private(set) var overflowed = false
  var errorText = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE) + 1)

  private let limit: Int
  private let shouldStop: () -> Bool
  /// Takes the body of a success as it comes, in place of ``body``; false ends the exchange.
  private let sink: (([UInt8]) -> Bool)?
  private var status = 0
  private var headerBytes = 0

  init(limit: Int, sink: (([UInt8]) -> Bool)? = nil, shouldStop: @escaping () -> Bool) {
    self.limit = limit
    self.sink = sink
    self.shouldStop = shouldStop
  }

  func words(or code: CURLcode) -> String {
    let text = errorText.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    return text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
  }

  static let receiveBody: rc_receive = { bytes, size, count, context in
    guard let context, let bytes else { return 0 }
    return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().take(bytes, size * count)
  }

  static let receiveHeader: rc_receive = { bytes, size, count, context in
    guard let context, let bytes else { return 0 }
    return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().takeHeader(bytes, size * count)
  }

  static let progress: rc_progress = { context, _, _, _, _ in
    guard let context else { return 0 }
    return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().shouldStop() ? 1 : 0
  }

  /// Less than `count` tells libcurl to give up.
  private func take(_ bytes: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
    if let sink, (200..<300).contains(status) {
      return sink(Array(UnsafeRawBufferPointer(start: bytes, count: count))) ? count : 0
    }
    guard body.count + count <= limit else {
      overflowed = true
      return 0
    }
    body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
    return count
  }

  private func takeHeader(_ bytes: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
    headerBytes += count
    guard headerBytes <= max(limit, 16 << 10) else {
      overflowed = true
      return 0
    }
    let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
    if line.hasPrefix("HTTP/") {
      headers = []
      status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    } else if let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) {
      headers.append(Request.Header(String(line[..<colon]), trimmed(line[line.index(after: colon)...])))
    }
    return count
  }

  private func trimmed(_ text: Substring) -> String {
    var bytes = text.utf8[...]
    while let first = bytes.first, first <= 0x20 { bytes = bytes.dropFirst() }
    while let last = bytes.last, last <= 0x20 { bytes = bytes.dropLast() }
    return String(Substring(bytes))
  }
}

/// How an exchange without an answer ended, in libcurl's terms.
struct TransferOutcome {
  let code: CURLcode
  let words: String
  let overflowed: Bool
  /// What is wrong with the server's chain, if anything; a wrong name is libcurl's own finding.
  let verification: Int32?
  /// Source: CURLINFO_OS_ERRNO
  let osError: Int32

  var kind: TransferError.Kind {
    if overflowed { return .tooLarge }
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .nameNotFound
    case CURLE_COULDNT_CONNECT: return osError == ECONNREFUSED ? .refused : .unreachable
    case CURLE_OPERATION_TIMEDOUT: return .timeout
    case CURLE_ABORTED_BY_CALLBACK: return .stopped
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: return .invalidRequest
    case CURLE_PEER_FAILED_VERIFICATION: return verificationKind
    case CURLE_SSL_CACERT_BADFILE: return .trustUnusable
    case CURLE_SSL_CERTPROBLEM: return .certificateUnusable
    case CURLE_SSL_CONNECT_ERROR: return verification == nil ? tlsKind(else: .tlsFailed) : verificationKind
    case CURLE_RECV_ERROR, CURLE_SEND_ERROR: return tlsKind(else: .interrupted)
    case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE: return .interrupted
    default: return .failed
    }
  }

  /// Source: openssl/x509_vfy.h
  private var verificationKind: TransferError.Kind {
    switch verification {
    case X509_V_ERR_CERT_NOT_YET_VALID: .serverNotYetValid
    case X509_V_ERR_CERT_HAS_EXPIRED: .serverExpired
    case nil: .serverWrongName
    default: .serverUnknownCA
    }
  }

  private func tlsKind(else other: TransferError.Kind) -> TransferError.Kind {
    if words.contains(" alert ") { return .tlsAlert }
    let foreign = ["wrong version number", "packet length too long", "http request", "record layer failure"]
    if foreign.contains(where: words.contains) { return .notTLS }
    return other
  }
}
