import Testing

@testable import Compression

@Suite("gzip piece by piece")
struct GzipStreamTests {
  /// What zlib ends a flushed piece with: an empty block whose length stands on a byte's edge (RFC 1951, section 3.2.4).
  private static let flushed: [UInt8] = [0x00, 0x00, 0xff, 0xff]

  private static func lines(_ count: Int, from first: Int = 0) -> [UInt8] {
    Array((first..<(first + count)).map { "dev_\($0),SN\($0 &* 7919),in-service\r\n" }.joined().utf8)
  }

  @Test("The pieces together are one gzip file of all that went in", arguments: [0, 1, 4, 6, 9])
  func whole(level: Int) throws {
    let stream = try GzipStream(level: level)
    let pieces = [Self.lines(1), [], Self.lines(4000, from: 1), [7], Self.lines(1, from: 9000)]
    var out: [UInt8] = []
    for piece in pieces { out += try stream.add(piece) }
    out += try stream.finish()
    #expect(try Gzip.decompress(out, limit: 1 << 20) == pieces.flatMap(\.self))
  }

  @Test("Each piece can be unpacked as soon as it has come, and nothing gives nothing")
  func flush() throws {
    let stream = try GzipStream()
    for count in [1, 10, 3000] {
      let out = try stream.add(Self.lines(count))
      #expect(Array(out.suffix(4)) == Self.flushed)
    }
    #expect(try stream.add([]).isEmpty)
  }

  @Test("Nothing at all is an empty gzip file, and one that was not finished is cut off")
  func ends() throws {
    let empty = try GzipStream()
    #expect(try Gzip.decompress(empty.finish(), limit: 0).isEmpty)
    let cut = try GzipStream()
    let out = try cut.add(Self.lines(10))
    #expect {
      try Gzip.decompress(out, limit: 1 << 20)
    } throws: { ($0 as? CompressionError)?.kind == .truncated }
  }

  @Test("Behind the end nothing is taken, and there is no such level")
  func refused() throws {
    let stream = try GzipStream()
    _ = try stream.finish()
    for wrong in [{ try stream.add([1]) }, { try stream.finish() }] {
      #expect { try wrong() } throws: { ($0 as? CompressionError)?.kind == .unavailable }
    }
    #expect { try GzipStream(level: 10) } throws: { ($0 as? CompressionError)?.kind == .unavailable }
  }

  @Test("Pieces that do not get shorter come out whole too")
  func noise() throws {
    var seed: UInt32 = 1
    let noise = (0..<100_000).map { _ -> UInt8 in
      seed = seed &* 1_664_525 &+ 1_013_904_223
      return UInt8(truncatingIfNeeded: seed >> 24)
    }
    let stream = try GzipStream()
    let out = try stream.add(noise) + stream.add(noise) + stream.finish()
    #expect(try Gzip.decompress(out, limit: 1 << 20) == noise + noise)
  }
}
