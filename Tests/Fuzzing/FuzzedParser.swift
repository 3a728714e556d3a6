import AgentTransport
import Archive
import Compression
import HTTPTypes
import Vocabulary

@testable import AgentCollect
@testable import CheckIn
@testable import CurlClient
@testable import Enrollment
@testable import Roster
@testable import Serving
@testable import Wire

/// A parser that reads what a stranger may send or leave on a disk. It may refuse anything; it must never trap, and what
/// it takes must keep the promises that stand in ``feed(_:)``.
enum FuzzedParser: String, CaseIterable {
  case checkIn = "check-in"
  case reply, software, difference, gzip, csv, request, peer, token, certificates, base64
  case dpkg, mounts, release, nvme, ata, disk, bus, updates, version, measured
  case date, credential, proxy, table, archive, multipart

  func feed(_ bytes: [UInt8]) {
    switch self {
    case .checkIn: checkIn(bytes)
    case .reply: _ = try? WireCodec.decode(CheckInReply.self, from: bytes, as: "a reply")
    case .software: software(bytes)
    case .difference: _ = SoftwareDifference(encoded: bytes)
    case .gzip: gzip(bytes)
    case .csv: csv(bytes)
    case .request: _ = try? CertificateRequest(body: Base64.encodeLines(bytes))
    case .peer: _ = DeviceTrust(issuers: []).peer(der: bytes)
    case .token: _ = try? EnrollmentToken(printed: String(decoding: bytes, as: UTF8.self))
    case .certificates: _ = try? CertificateMessage.certificates(in: bytes)
    case .base64: base64(bytes)
    case .dpkg, .mounts, .release, .nvme, .disk, .updates, .version: bytes.withUnsafeBufferPointer(view)
    case .ata: ata(bytes)
    case .measured: measured(bytes)
    case .credential:
      let headers: HTTPFields = [.authorization: String(decoding: bytes, as: UTF8.self)]
      _ = try? ESTCredential.secret(of: Call(.post, "/", headers: headers, now: Instant(seconds: 1_800_000_000)))
    case .date: _ = HTTPDate.instant(String(decoding: bytes, as: UTF8.self), now: Instant(seconds: 1_800_000_000))
    case .bus: _ = try? BusMessage(bytes)
    case .table: table(bytes)
    case .archive: archive(bytes)
    case .multipart: multipart(bytes)
    case .proxy:
      proxy(bytes)
      proxy([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a] + bytes)
    }
  }

  /// Records are the same whole and in pieces.
  private func table(_ bytes: [UInt8]) {
    func scan(_ piece: Int) -> [[UInt8]] {
      var found: [[UInt8]] = []
      var scanner = RecordScanner { _ in }
      func take(_ record: ScannedRecord) {
        for index in 0..<record.count { found.append(Array(record.cell(index))) }
      }
      for start in stride(from: 0, to: bytes.count, by: piece) {
        Array(bytes[start..<min(start + piece, bytes.count)]).withUnsafeBufferPointer {
          try? scanner.feed($0, take)
        }
      }
      try? scanner.end(take)
      return found
    }
    precondition(scan(1 << 16) == scan(7), "cut otherwise in pieces")
  }

  /// What a form's parts hold stands in its body.
  private func multipart(_ bytes: [UInt8]) {
    let type: HTTPFields = [.contentType: "multipart/form-data; boundary=edge"]
    for body in [bytes, Array("--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"".utf8) + bytes] {
      let call = Call(.post, "/", headers: type, body: body, now: Instant(seconds: 1_800_000_000))
      if let form = try? FormBody(call) {
        if let file = form.file("file") { precondition(file.count < body.count, "more than was sent") }
        _ = form["file"]
      }
      guard let parts = try? MultipartForm(body, boundary: Array("--edge".utf8)).parts else { continue }
      precondition(parts.reduce(0) { $0 + $1.content.count } < body.count, "more than was sent")
    }
  }

  private func archive(_ bytes: [UInt8]) {
    var limits = ArchiveLimits()
    limits.totalBytes = 1 << 22
    try? ArchiveReader.open(bytes, limits: limits) { archive in
      for entry in archive.entries {
        var count = 0
        try? archive.read(entry) { count += $0.count }
        precondition(count <= entry.size, "more than it said")
      }
    }
  }

  /// A header is read from its own bytes alone, and from none less.
  private func proxy(_ bytes: [UInt8]) {
    guard let header = try? ProxyHeader.read(bytes) else { return }
    precondition((16...ProxyHeader.longest).contains(header.length) && header.length <= bytes.count, "not its length")
    precondition(header.source == nil || header.source?.count == 4 || header.source?.count == 16, "no address")
    precondition((try? ProxyHeader.read(bytes.prefix(header.length))) == header, "bytes behind it count")
    for count in 0..<min(header.length, 64) {
      let part = try? ProxyHeader.read(bytes.prefix(count))
      precondition(part == nil, "half a header")
    }
  }

  /// What is taken can be hashed; a plain reading is the general decoder's.
  private func checkIn(_ bytes: [UInt8]) {
    let general = try? WireCodec.decode(CheckInRequest.self, from: bytes, as: "a check-in")
    if let plain = PlainCheckIn.read(bytes) { precondition(plain == general, "read otherwise than decoded") }
    guard let message = try? WireCodec.checkIn(from: bytes) else { return }
    for section in FactSection.allCases { _ = message.facts.canonical(section) }
  }

  /// What is taken is canonical: it encodes to itself.
  private func software(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let list = try? SoftwareList(encoding: text) else { return }
    precondition(list.canonicalBytes == Array(text.utf8), "not canonical")
  }

  /// What comes out is within the limit, and comes out again of its own compression.
  private func gzip(_ bytes: [UInt8]) {
    guard let plain = try? Gzip.decompress(bytes, limit: 1 << 16) else { return }
    precondition(plain.count <= 1 << 16, "over the limit")
    let again = try? Gzip.decompress(Gzip.compress(plain), limit: 1 << 16)
    precondition(again == plain, "not the same again")
  }

  private func csv(_ bytes: [UInt8]) {
    let columns = [CSVColumn("serial", required: true), CSVColumn("assetTag"), CSVColumn("model", aliases: ["type"])]
    _ = try? CSVTable.read(bytes, columns: columns) { row, _ in row["serial"] }
  }

  private func base64(_ bytes: [UInt8]) {
    precondition(Base64.decode(Base64.encodeLines(bytes)) == bytes, "not the same again")
    _ = Base64.decode(bytes)
  }

  private func view(_ bytes: UnsafeBufferPointer<UInt8>) {
    switch self {
    case .dpkg:
      var status = DpkgStatus()
      bytes.eachLine { line in
        status.take(line)
        return true
      }
      let list = status.finished()
      let read = try? SoftwareList(encoding: String(decoding: list.canonicalBytes, as: UTF8.self))
      precondition(read == list, "a list that the controller refuses")
    case .mounts: _ = MountTable(bytes)
    case .release: _ = OSRelease(bytes)
    case .disk: _ = ATAIdentity(page: bytes)
    case .updates: updates(bytes)
    case .version: version(bytes)
    default: _ = NVMeHealth(page: bytes)
    }
  }

  /// A disk's answers: its data with the sum that the standard wants, its statistics, and its registers.
  private func ata(_ bytes: [UInt8]) {
    var data = bytes + [UInt8](repeating: 0, count: max(0, 512 - bytes.count))
    data.removeSubrange(512...)
    data[511] = data[..<511].reduce(UInt8(0), &-)
    data.withUnsafeBufferPointer { page in
      if let health = ATAHealth(data: page) { precondition((health.mediaErrors ?? 0) >= 0, "less than none") }
      _ = ATAHealth.percentUsed(statistics: page)
    }
    bytes.withUnsafeBufferPointer { _ = ATARegisters(sense: $0)?.isFailing }
  }

  /// dpkg's status, and behind a byte 0xFF a list of what there is.
  private func updates(_ bytes: UnsafeBufferPointer<UInt8>) {
    var count = UpdateCount()
    let end = bytes.firstIndex(of: 0xFF) ?? bytes.endIndex
    UnsafeBufferPointer(rebasing: bytes[..<end]).eachLine { line in
      count.takeInstalled(line)
      return true
    }
    count.endInstalled()
    UnsafeBufferPointer(rebasing: bytes[end...].dropFirst()).eachLine { line in
      count.takeListed(line, weight: 500)
      return true
    }
    count.endListed(weight: 500)
    precondition(count.count >= 0, "less than none")
  }

  /// Two versions with a line's end between: their order is the same from both sides.
  private func version(_ bytes: UnsafeBufferPointer<UInt8>) {
    let end = bytes.firstIndex(of: 0x0A) ?? bytes.endIndex
    let (left, right) = (
      UnsafeBufferPointer(rebasing: bytes[..<end]), UnsafeBufferPointer(rebasing: bytes[end...].dropFirst())
    )
    let (there, back) = (PackageVersion.compare(left, right), PackageVersion.compare(right, left))
    precondition(there.signum() == -back.signum(), "an order that depends on the side")
    precondition(PackageVersion.compare(left, left) == 0, "not the same as itself")
  }

  private func measured(_ bytes: [UInt8]) {
    guard let content = try? WireCodec.decode(Measurements.self, from: bytes, as: "a measurement"), content.isPlausible
    else { return }
    var gaps = Gaps()
    let measured = Measured(content, uptime: content.sinceBootMilliseconds)
    for disk in content.disks { _ = try? measured.health(ofDisk: disk.name) }
    _ = measured.updates(&gaps)
  }
}
