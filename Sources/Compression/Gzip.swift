internal import CZlib

/// gzip, whole in memory, with a bound on what comes out.
///
/// zlib's state points back at its stream, so the stream has a fixed address here.
///
/// Source: RFC 1952 (gzip), RFC 1950 (zlib), RFC 1951 (deflate); zlib does the work.
package enum Gzip {
  /// The default trades a third of the size for a third of the time, as zlib does.
  package static let defaultLevel = 6

  /// `bytes` as one gzip member without name or time, so that equal input gives equal output.
  ///
  /// - Parameter level: 0 (stored) to 9 (smallest).
  /// - Throws: `compression.unavailable` for an unknown level or where there is no memory.
  package static func compress(_ bytes: [UInt8], level: Int = defaultLevel) throws(CompressionError) -> [UInt8] {
    guard (0...9).contains(level) else {
      throw CompressionError(.unavailable, "A compression level is 0 to 9, not \(level).")
    }
    guard let length = UInt32(exactly: bytes.count) else {
      throw CompressionError(.unavailable, "Over 4 GiB cannot be compressed at once.")
    }
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    guard rc_deflate_gzip_init(stream, Int32(level)) == Z_OK else {
      throw CompressionError(.unavailable, "zlib could not be prepared: there is no memory.")
    }
    defer { deflateEnd(stream) }
    let bound = deflateBound(stream, UInt(length))
    var status = Z_OK
    let output = bytes.withUnsafeBufferPointer { input in
      [UInt8](unsafeUninitializedCapacity: Int(bound)) { space, count in
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.pointee.avail_in = length
        stream.pointee.next_out = space.baseAddress
        stream.pointee.avail_out = UInt32(clamping: bound)
        status = deflate(stream, Z_FINISH)
        count = Int(bound) - Int(stream.pointee.avail_out)
      }
    }
    guard status == Z_STREAM_END else { throw CompressionError(.unavailable, "zlib did not finish (\(status)).") }
    return output
  }

  /// What `bytes`, one gzip or zlib stream, hold; never more than `limit` bytes are made.
  ///
  /// - Throws: `compression.truncated`, `compression.malformed`, `compression.trailing-bytes`, `compression.too-large`,
  ///   `compression.dictionary`, `compression.unavailable`.
  package static func decompress(_ bytes: [UInt8], limit: Int) throws(CompressionError) -> [UInt8] {
    guard let length = UInt32(exactly: bytes.count) else {
      throw CompressionError(.tooLarge, "The compressed bytes are over 4 GiB.")
    }
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    guard rc_inflate_init(stream) == Z_OK else {
      throw CompressionError(.unavailable, "zlib could not be prepared: there is no memory.")
    }
    defer { inflateEnd(stream) }
    var output: [UInt8] = []
    output.reserveCapacity(min(limit, bytes.count.multipliedReportingOverflow(by: 4).partialValue))
    let fault = bytes.withUnsafeBufferPointer { input in
      stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.pointee.avail_in = length
      return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64 << 10) { space in
        Inflation.run(stream, through: space, into: &output, limit: limit)
      }
    }
    if let fault { throw fault }
    return output
  }
}
