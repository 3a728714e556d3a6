internal import CZlib

/// One gzip member that is made piece by piece, in the same small memory however long it gets: a window of 32 KiB and
/// zlib's tables, about 270 KiB.
///
/// What goes in with ``add(_:)`` can be read at once by whoever unpacks what came out: each piece ends with a flush.
///
/// Source: RFC 1952; zlib's manual, Z_SYNC_FLUSH
package final class GzipStream {
  /// Streams are long, and made beside others' work: two thirds of the time for a tenth more bytes.
  package static let defaultLevel = 4

  // zlib's state points back at its stream, so the stream has a fixed address.
  private let stream: UnsafeMutablePointer<z_stream>
  private var isFinished = false

  /// - Throws: `compression.unavailable` where there is no memory.
  package init(level: Int = defaultLevel) throws(CompressionError) {
    guard (0...9).contains(level) else {
      throw CompressionError(.unavailable, "A compression level is 0 to 9, not \(level).")
    }
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard rc_deflate_gzip_init(stream, Int32(level)) == Z_OK else {
      stream.deallocate()
      throw CompressionError(.unavailable, "zlib could not be prepared: there is no memory.")
    }
    self.stream = stream
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// `piece` compressed, all of it; nothing for nothing.
  ///
  /// - Throws: `compression.unavailable`.
  package func add(_ piece: [UInt8]) throws(CompressionError) -> [UInt8] {
    piece.isEmpty ? [] : try deflated(piece, Z_SYNC_FLUSH)
  }

  /// The member's end; nothing may be added after it.
  ///
  /// - Throws: `compression.unavailable`.
  package func finish() throws(CompressionError) -> [UInt8] {
    let end = try deflated([], Z_FINISH)
    isFinished = true
    return end
  }

  private func deflated(_ piece: [UInt8], _ flush: Int32) throws(CompressionError) -> [UInt8] {
    guard !isFinished, let length = UInt32(exactly: piece.count) else {
      throw CompressionError(.unavailable, "A piece of over 4 GiB, or one behind the end, cannot be compressed.")
    }
    var output: [UInt8] = []
    var status = Z_OK
    piece.withUnsafeBufferPointer { input in
      stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.pointee.avail_in = length
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16 << 10) { space in
        // Room that is left says that all of it is out.
        repeat {
          stream.pointee.next_out = space.baseAddress
          stream.pointee.avail_out = UInt32(space.count)
          status = deflate(stream, flush)
          output.append(contentsOf: space[..<(space.count - Int(stream.pointee.avail_out))])
        } while status == Z_OK && stream.pointee.avail_out == 0
      }
    }
    // A second flush with nothing to say is Z_BUF_ERROR, which is none.
    guard status == (flush == Z_FINISH ? Z_STREAM_END : Z_OK) || (flush == Z_SYNC_FLUSH && status == Z_BUF_ERROR) else {
      throw CompressionError(.unavailable, "zlib did not go on (\(status)).")
    }
    return output
  }
}
