internal import CZip
internal import Glibc

/// Bounds on an archive; what is over them is refused before it is unpacked.
package struct ArchiveLimits: Sendable {
  package var entries = 100
  /// Of one entry unpacked, in bytes.
  package var entryBytes = 1 << 30
  /// Of all entries unpacked, in bytes.
  package var totalBytes = 2 << 30
  /// How many times an entry of over a MiB may be longer unpacked: text packs 5 to 50 to one, and a trap 1,000.
  package var ratio = 250

  package init() {}
}

/// A ZIP archive in memory, its entries unpacked piece by piece; libzip does the work.
///
/// What the archive says of an entry's length is its bound: an entry that goes on is refused.
///
/// Source: PKWARE APPNOTE.TXT 6.3; libzip 1.7.
package final class ArchiveReader {
  package struct Entry: Sendable, Hashable {
    /// With its folders, as the archive has it.
    package let name: String
    /// Unpacked, in bytes, as the archive says.
    package let size: Int
    fileprivate let index: UInt64
  }

  package private(set) var entries: [Entry] = []
  private let archive: OpaquePointer

  private init(_ archive: OpaquePointer) { self.archive = archive }

  /// Opens the archive for the time of `body`.
  ///
  /// - Throws: `archive.malformed`, `archive.too-large`, `archive.unsupported`, `archive.unavailable`; what `body` throws.
  package static func open<T>(
    _ bytes: [UInt8], limits: ArchiveLimits = ArchiveLimits(), _ body: (ArchiveReader) throws -> T
  ) throws -> T {
    try bytes.withUnsafeBytes { raw in
      guard !ArchiveRecords.exceed(limits.entries, in: raw) else { throw tooMany(limits) }
      var fault = zip_error_t()
      zip_error_init(&fault)
      defer { zip_error_fini(&fault) }
      guard let source = zip_source_buffer_create(raw.baseAddress, UInt64(raw.count), 0, &fault) else {
        throw ArchiveError(.unavailable, "There is no memory to read the archive.")
      }
      guard let archive = zip_open_from_source(source, ZIP_RDONLY, &fault) else {
        zip_source_free(source)
        throw ArchiveError(.malformed, "This is no ZIP archive, or it is damaged.")
      }
      defer { zip_discard(archive) }
      let reader = ArchiveReader(archive)
      try reader.list(limits)
      return try body(reader)
    }
  }

  private static func tooMany(_ limits: ArchiveLimits) -> ArchiveError {
    ArchiveError(.tooLarge, "The archive has over \(limits.entries) entries.")
  }

  private func list(_ limits: ArchiveLimits) throws(ArchiveError) {
    let count = zip_get_num_entries(archive, 0)
    guard count <= limits.entries else { throw Self.tooMany(limits) }
    var total = 0
    for index in 0..<UInt64(max(0, count)) {
      let entry = try entry(index, limits)
      let sum = total.addingReportingOverflow(entry.size)
      guard !sum.overflow, sum.partialValue <= limits.totalBytes else {
        throw ArchiveError(.tooLarge, "The archive unpacks to over \(limits.totalBytes) bytes.")
      }
      total = sum.partialValue
      entries.append(entry)
    }
  }

  private func entry(_ index: UInt64, _ limits: ArchiveLimits) throws(ArchiveError) -> Entry {
    var status = zip_stat_t()
    zip_stat_init(&status)
    let needed = UInt64(ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE)
    guard zip_stat_index(archive, index, 0, &status) == 0, status.valid & needed == needed, let start = status.name
    else {
      throw ArchiveError(.malformed, "The archive does not say what its entry \(index + 1) is.")
    }
    let name = String(cString: start)
    if status.valid & UInt64(ZIP_STAT_ENCRYPTION_METHOD) != 0, status.encryption_method != 0 {
      throw ArchiveError(.unsupported, "The entry '\(name.prefix(100))' is encrypted; pack it without a password.")
    }
    guard let size = Int(exactly: status.size), size <= limits.entryBytes else {
      throw ArchiveError(.tooLarge, "The entry '\(name.prefix(100))' unpacks to over \(limits.entryBytes) bytes.")
    }
    if size > 1 << 20, status.size / UInt64(limits.ratio) > status.comp_size {
      throw ArchiveError(
        .tooLarge, "The entry '\(name.prefix(100))' unpacks to over \(limits.ratio) times its size; no table does.")
    }
    return Entry(name: name, size: size, index: index)
  }

  /// Calls `body` with each piece of the entry, in order. A piece is valid during the call alone.
  ///
  /// - Throws: `archive.malformed` where it is damaged, or longer than the archive says; what `body` throws.
  package func read(_ entry: Entry, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
    guard let file = zip_fopen_index(archive, entry.index, 0) else {
      throw ArchiveError(.unsupported, "The entry '\(entry.name.prefix(100))' is packed in a way that is not read.")
    }
    defer { zip_fclose(file) }
    var total = 0
    try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64 << 10) { space in
      while true {
        let count = Int(zip_fread(file, space.baseAddress, UInt64(space.count)))
        // A digest that is not right is told at the end, as -1.
        guard count >= 0, total + count <= entry.size else {
          throw ArchiveError(.malformed, "The entry '\(entry.name.prefix(100))' is damaged.")
        }
        if count == 0 { return }
        total += count
        try body(UnsafeBufferPointer(rebasing: space[..<count]))
      }
    }
  }
}

/// How many entries an archive says it has, before libzip reads it: that makes room for all of them first.
///
/// ```
/// …  PK\1\2 (an entry of the directory) …  [PK\6\6 (count)  PK\6\7 (where that is)]  PK\5\6 (the end)
/// ```
///
/// The end's own count has 16 bits, and takes no more room than that; without the entries themselves it is refused there.
private enum ArchiveRecords {
  /// Whether there are over `limit` entries of a directory anywhere, or an end counts more.
  static func exceed(_ limit: Int, in bytes: UnsafeRawBufferPointer) -> Bool {
    guard let start = bytes.baseAddress else { return false }
    var (entries, place) = (0, 0)
    while place + 4 <= bytes.count, let found = memchr(start + place, 0x50, bytes.count - place - 3) {
      place = start.distance(to: UnsafeRawPointer(found))
      if bytes[place + 1] == 0x4b {
        switch (bytes[place + 2], bytes[place + 3]) {
        case (1, 2): entries += 1
        case (5, 6) where (count(endingAt: place, bytes) ?? 0) > UInt64(limit): return true
        default: break
        }
        if entries > limit { return true }
      }
      place += 1
    }
    return false
  }

  /// The count of the large form of an end, to which the record before the end points; nil where there is none.
  private static func count(endingAt end: Int, _ bytes: UnsafeRawBufferPointer) -> UInt64? {
    guard end >= 20, bytes[(end - 20)..<(end - 16)].elementsEqual([0x50, 0x4b, 6, 7]),
      let record = Int(exactly: number(at: end - 12, bytes)), record <= bytes.count - 56,
      bytes[record..<(record + 4)].elementsEqual([0x50, 0x4b, 6, 6])
    else { return nil }
    return max(number(at: record + 24, bytes), number(at: record + 32, bytes))
  }

  private static func number(at place: Int, _ bytes: UnsafeRawBufferPointer) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
  }
}
