internal import CZip
internal import Glibc

/// Packs files into a ZIP archive in memory: the same files give the same bytes.
package enum ArchiveWriter {
  /// 1980-01-01, the first day that an archive can name.
  private static let time = 315_532_800

  /// - Throws: `archive.unavailable`.
  package static func pack(_ files: [(name: String, bytes: [UInt8])]) throws(ArchiveError) -> [UInt8] {
    var fault = zip_error_t()
    zip_error_init(&fault)
    defer { zip_error_fini(&fault) }
    guard let target = zip_source_buffer_create(nil, 0, 0, &fault) else { throw noMemory }
    // Kept beyond the archive, which takes it over.
    zip_source_keep(target)
    defer { zip_source_free(target) }
    guard let archive = zip_open_from_source(target, ZIP_TRUNCATE, &fault) else {
      zip_source_free(target)
      throw noMemory
    }
    for file in files {
      guard add(file.name, file.bytes, to: archive) else {
        zip_discard(archive)
        throw noMemory
      }
    }
    guard zip_close(archive) == 0 else {
      zip_discard(archive)
      throw noMemory
    }
    return try content(of: target)
  }

  private static func add(_ name: String, _ bytes: [UInt8], to archive: OpaquePointer) -> Bool {
    guard let copy = malloc(max(1, bytes.count)) else { return false }
    bytes.withUnsafeBytes { raw in
      if let start = raw.baseAddress { memcpy(copy, start, raw.count) }
    }
    guard let source = zip_source_buffer(archive, copy, UInt64(bytes.count), 1) else {
      free(copy)
      return false
    }
    let index = zip_file_add(archive, name, source, UInt32(ZIP_FL_ENC_UTF_8))
    guard index >= 0 else {
      zip_source_free(source)
      return false
    }
    return zip_set_file_compression(archive, UInt64(index), Int32(ZIP_CM_DEFLATE), 0) == 0
      && zip_file_set_mtime(archive, UInt64(index), time, 0) == 0
  }

  private static func content(of source: OpaquePointer) throws(ArchiveError) -> [UInt8] {
    guard zip_source_open(source) == 0 else { throw noMemory }
    defer { zip_source_close(source) }
    guard zip_source_seek(source, 0, SEEK_END) == 0, let count = Int(exactly: zip_source_tell(source)), count >= 0,
      zip_source_seek(source, 0, SEEK_SET) == 0
    else { throw noMemory }
    var bytes = [UInt8](repeating: 0, count: count)
    let read = bytes.withUnsafeMutableBytes { zip_source_read(source, $0.baseAddress, UInt64($0.count)) }
    guard read == Int64(count) else { throw noMemory }
    return bytes
  }

  private static var noMemory: ArchiveError {
    ArchiveError(.unavailable, "The archive could not be packed: no memory.")
  }
}
