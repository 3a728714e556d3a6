import Glibc
import Testing

@testable import Archive

@Suite("ZIP archives")
struct ArchiveTests {
  private func unpacked(_ bytes: [UInt8], _ limits: ArchiveLimits = ArchiveLimits()) throws -> [String: [UInt8]] {
    try ArchiveReader.open(bytes, limits: limits) { archive in
      var found: [String: [UInt8]] = [:]
      for entry in archive.entries { try archive.read(entry) { found[entry.name, default: []] += $0 } }
      return found
    }
  }

  private func refusal(_ body: () throws -> Void) -> ArchiveError.Kind? {
    do { try body() } catch { return (error as? ArchiveError)?.kind }
    return nil
  }

  private static var threadSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  @Test("What was packed comes out, and the same files make the same archive")
  func roundTrip() throws {
    let long = Array(String(repeating: "sourcedId,name\r\n", count: 20_000).utf8)
    let files = [
      (name: "users.csv", bytes: long), (name: "orgs.csv", bytes: Array("é".utf8)), (name: "none", bytes: []),
    ]
    let packed = try ArchiveWriter.pack(files)
    #expect(try packed == ArchiveWriter.pack(files))
    #expect(packed.count < long.count / 10)
    let found = try unpacked(packed)
    #expect(found["users.csv"] == long && found["orgs.csv"] == Array("é".utf8) && found["none"] == nil)
  }

  @Test("What is no archive is refused", arguments: [0, 1, 21, 22, 100])
  func junk(count: Int) {
    #expect(refusal { _ = try unpacked([UInt8](repeating: 0x50, count: count)) } == .malformed || count == 0)
  }

  @Test("Too many entries, too long ones and those that unpack to a thousand times their size are refused")
  func bounds() throws {
    var limits = ArchiveLimits()
    limits.entries = 2
    let three = try ArchiveWriter.pack((1...3).map { (name: "\($0)", bytes: [1]) })
    #expect(refusal { _ = try unpacked(three, limits) } == .tooLarge)
    limits = ArchiveLimits()
    limits.entryBytes = 1000
    #expect(
      refusal { _ = try unpacked(ArchiveWriter.pack([("a", .init(repeating: 0, count: 1001))]), limits) } == .tooLarge)
    limits = ArchiveLimits()
    limits.totalBytes = 1500
    let two = try ArchiveWriter.pack([("a", .init(repeating: 0, count: 1000)), ("b", .init(repeating: 0, count: 1000))])
    #expect(refusal { _ = try unpacked(two, limits) } == .tooLarge)
    let bomb = try ArchiveWriter.pack([("a", .init(repeating: 0, count: 4 << 20))])
    #expect(refusal { _ = try unpacked(bomb) } == .tooLarge)
  }

  @Test("What counts more entries than are read is refused before libzip makes room for them")
  func counted() throws {
    let packed = try ArchiveWriter.pack([("orgs.csv", Array("sourcedId\n".utf8))])
    let end = packed.count - 22
    // The large form of the end, with its count, and the record that points to it.
    func large(_ count: UInt8) -> [UInt8] {
      var record: [UInt8] = [0x50, 0x4b, 6, 6, 44, 0, 0, 0, 0, 0, 0, 0, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]
      record += [count, 0, 0, count, 0, 0, 0, 0, count, 0, 0, count, 0, 0, 0, 0]
      record += packed[(end + 12)..<(end + 16)] + [0, 0, 0, 0] + packed[(end + 16)..<(end + 20)] + [0, 0, 0, 0]
      record +=
        [0x50, 0x4b, 6, 7, 0, 0, 0, 0] + [UInt8(end & 0xff), UInt8(end >> 8), 0, 0, 0, 0, 0, 0] + [1, 0, 0, 0]
      let last = [0x50, 0x4b, 5, 6, 0, 0, 0, 0] + [UInt8](repeating: 0xff, count: 12) + [0, 0]
      return packed[..<end] + record + last
    }
    // This thread's time, whatever else runs at once: libzip would need seconds for as many as are counted here.
    let began = Self.threadSeconds
    #expect(refusal { _ = try unpacked(large(0x0f)) } == .tooLarge)
    #expect(Self.threadSeconds - began < 1)
    // Entries of which no end tells, in a directory that libzip would have to read to see it.
    let entry = Array(packed[(end - 46 - 8)..<end])
    let many = Array(repeating: entry, count: 101).flatMap(\.self)
    #expect(refusal { _ = try unpacked(Array(packed[..<end]) + many + Array(packed[end...])) } == .tooLarge)
    #expect(try unpacked(packed).count == 1)
  }

  @Test("An archive that was cut or changed anywhere never traps, and never gives other bytes than were packed")
  func damaged() throws {
    let text = Array("sourcedId,status,dateLastModified,name\nsch-1,,,Otter Creek\n".utf8)
    let packed = try ArchiveWriter.pack([("orgs.csv", text), ("users.csv", text)])
    for place in packed.indices {
      for change: UInt8 in [0x01, 0x80, 0xff] {
        var bytes = packed
        bytes[place] ^= change
        guard let found = try? unpacked(bytes) else { continue }
        for content in found.values { #expect(content == text) }
      }
      _ = try? unpacked(Array(packed[..<place]))
    }
  }
}
