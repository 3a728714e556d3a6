import FoundationEssentials
import Glibc
import Testing

@testable import rollcall

@Suite("A new file")
struct NewFileTests {
  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.path + "/rollcall-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  @Test("It has its name when it is whole, is its owner's alone, and nothing else is left")
  func finished() throws {
    try inFolder { folder in
      let file = try RealFiles().newPrivate(folder + "/token")
      #expect(!RealFiles().exists(folder + "/token"))
      try file.finish(Array("secret".utf8))
      #expect(try RealFiles().read(folder + "/token", limit: 100) == Array("secret".utf8))
      var status = stat()
      #expect(lstat(folder + "/token", &status) == 0 && status.st_mode & 0o777 == 0o600)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["token"])
    }
  }

  @Test("Abandoned, it leaves nothing")
  func abandoned() throws {
    try inFolder { folder in
      try RealFiles().newPrivate(folder + "/token").abandon()
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test("It takes no name that another file has, be it from the beginning or by the end")
  func taken() throws {
    try inFolder { folder in
      let path = folder + "/token"
      let late = try RealFiles().newPrivate(path)
      try RealFiles().writePrivate(Array("precious".utf8), to: folder + "/other")
      try FileManager.default.moveItem(atPath: folder + "/other", toPath: path)
      let error = #expect(throws: CommandError.self) { try RealFiles().newPrivate(path) }
      #expect(error?.message == "\(path) is there already and is not overwritten. Remove it, or name another file.")
      let lateError = #expect(throws: CommandError.self) { try late.finish([1]) }
      #expect(lateError?.message == "\(path) cannot be written: File exists.")
      #expect(try RealFiles().read(path, limit: 100) == Array("precious".utf8))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["token"])
    }
  }

  @Test("Where none can be made, the file that was asked for is named, and not the temporary one")
  func impossible() throws {
    try inFolder { folder in
      let path = folder + "/nowhere/token"
      let error = #expect(throws: CommandError.self) { try RealFiles().newPrivate(path) }
      #expect(error?.message == "\(path) cannot be written: No such file or directory.")
    }
  }
}
