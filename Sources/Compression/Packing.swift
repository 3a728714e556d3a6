internal import CZlib

/// Short texts that resemble one another, each packed by itself with a dictionary that both sides know.
///
/// A packed text is the dictionary's mark and a raw deflate stream (RFC 1951) of a 4 KiB window. Bytes that begin with
/// another byte than the mark are a text that was never packed, so what was stored before is read as it stands.
package struct Packing: Sendable {
  private let mark: UInt8
  let dictionary: [UInt8]

  /// - Parameters:
  ///   - mark: no text may begin with it. A new dictionary needs a new mark, and the old one stays to be read.
  ///   - dictionary: what texts are likely to hold, the likeliest last; of more than 3.5 KiB the first are lost.
  package init(mark: UInt8, dictionary: String) {
    self.mark = mark
    self.dictionary = Array(dictionary.utf8.suffix(3584))
  }

  /// `text` packed, or as it is where that is no longer.
  ///
  /// - Throws: `compression.unavailable` where there is no memory.
  package func pack(_ text: [UInt8]) throws(CompressionError) -> [UInt8] {
    guard text.count <= 1 << 30 else {
      throw CompressionError(.unavailable, "Over 1 GiB cannot be packed at once.")
    }
    let length = UInt32(text.count)
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    guard rc_deflate_short_init(stream) == Z_OK else { throw Self.noMemory }
    defer { deflateEnd(stream) }
    guard setDictionary(deflateSetDictionary, stream) == Z_OK else { throw Self.noMemory }
    let bound = Int(deflateBound(stream, UInt(length)))
    var status = Z_OK
    let packed = text.withUnsafeBufferPointer { input in
      [UInt8](unsafeUninitializedCapacity: bound + 1) { space, count in
        space.initializeElement(at: 0, to: mark)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.pointee.avail_in = length
        stream.pointee.next_out = space.baseAddress.map { $0 + 1 }
        stream.pointee.avail_out = UInt32(clamping: bound)
        status = deflate(stream, Z_FINISH)
        count = 1 + bound - Int(stream.pointee.avail_out)
      }
    }
    guard status == Z_STREAM_END else {
      throw CompressionError(.unavailable, "zlib did not finish (\(status)).")
    }
    return packed.count < text.count || text.first == mark ? packed : text
  }

  /// The text of `stored`; never more than `limit` bytes are made.
  ///
  /// - Throws: `compression.truncated`, `compression.malformed`, `compression.trailing-bytes`, `compression.too-large`,
  ///   `compression.unavailable`.
  package func unpack(_ stored: [UInt8], limit: Int) throws(CompressionError) -> [UInt8] {
    guard stored.first == mark else {
      guard stored.count <= limit else { throw CompressionError(.tooLarge, "It is over \(limit) bytes.") }
      return stored
    }
    guard let length = UInt32(exactly: stored.count - 1) else {
      throw CompressionError(.tooLarge, "The packed bytes are over 4 GiB.")
    }
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    guard rc_inflate_short_init(stream) == Z_OK else { throw Self.noMemory }
    defer { inflateEnd(stream) }
    guard setDictionary(inflateSetDictionary, stream) == Z_OK else { throw Self.noMemory }
    var text: [UInt8] = []
    text.reserveCapacity(min(limit, 4096))
    let fault = stored.withUnsafeBufferPointer { input in
      stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress).map { $0 + 1 }
      stream.pointee.avail_in = length
      return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4096) { space in
        Inflation.run(stream, through: space, into: &text, limit: limit)
      }
    }
    if let fault { throw fault }
    return text
  }

  private func setDictionary(
    _ set: (z_streamp, UnsafePointer<UInt8>, UInt32) -> Int32, _ stream: UnsafeMutablePointer<z_stream>
  ) -> Int32 {
    dictionary.withUnsafeBufferPointer { bytes in
      bytes.baseAddress.map { set(stream, $0, UInt32(bytes.count)) } ?? Z_OK
    }
  }

  private static var noMemory: CompressionError {
    CompressionError(.unavailable, "zlib could not be prepared: there is no memory.")
  }
}
