internal import CZlib

/// Decompression with a bound on what comes out, the same for every framing.
enum Inflation {
  /// Inflates piece by piece; one byte past `limit` is enough to refuse.
  static func run(
    _ stream: UnsafeMutablePointer<z_stream>, through space: UnsafeMutableBufferPointer<UInt8>,
    into output: inout [UInt8], limit: Int
  ) -> CompressionError? {
    while true {
      stream.pointee.next_out = space.baseAddress
      stream.pointee.avail_out = UInt32(space.count)
      let status = CZlib.inflate(stream, Z_NO_FLUSH)
      let made = space.count - Int(stream.pointee.avail_out)
      guard made <= limit - output.count else {
        return CompressionError(.tooLarge, "Decompressed it is over \(limit) bytes.")
      }
      output.append(contentsOf: space[..<made])
      switch status {
      case Z_STREAM_END:
        return stream.pointee.avail_in == 0
          ? nil
          : CompressionError(
            .trailingBytes, "\(stream.pointee.avail_in) bytes follow the end of the compressed stream.")
      case Z_OK where stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0: continue
      case Z_OK, Z_BUF_ERROR: return CompressionError(.truncated, "The compressed stream ends too early.")
      case Z_NEED_DICT: return CompressionError(.dictionary, "The compressed stream needs a preset dictionary.")
      case Z_MEM_ERROR: return CompressionError(.unavailable, "zlib has no memory.")
      default: return CompressionError(.malformed, "This is neither gzip nor zlib, or it is damaged.")
      }
    }
  }
}
