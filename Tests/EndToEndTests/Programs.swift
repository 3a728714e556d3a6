import Foundation
import ProcessSupport
import Testing

/// The programs that this package builds, beside the test's own binary.
enum Programs {
  static let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path

  static func path(_ name: String) -> String { "\(folder)/\(name)" }
}

/// What a finished program left behind.
struct Finished: Sendable {
  let status: Int32
  let output: String
  let errors: String
}

/// Runs a program to its end.
@discardableResult
func run(
  _ program: String, _ arguments: [String], input: Data? = nil, environment: [String: String] = [:]
) throws -> Finished {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  let folder = try TemporaryFolder()
  let (outputPath, errorPath, inputPath) = (folder.path + "/out", folder.path + "/err", folder.path + "/in")
  for path in [outputPath, errorPath] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
  try (input ?? Data()).write(to: URL(fileURLWithPath: inputPath))
  process.standardOutput = FileHandle(forWritingAtPath: outputPath)
  process.standardError = FileHandle(forWritingAtPath: errorPath)
  process.standardInput = FileHandle(forReadingAtPath: inputPath)
  try process.start()
  process.waitUntilExit()
  func text(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }
  return Finished(status: process.terminationStatus, output: text(outputPath), errors: text(errorPath))
}

/// Runs a program of this package or of the system and expects success.
@discardableResult
func succeed(
  _ program: String, _ arguments: [String], input: Data? = nil, environment: [String: String] = [:]
) throws -> String {
  let finished = try run(program, arguments, input: input, environment: environment)
  let shown = "\(program) \(arguments.joined(separator: " "))\n\(finished.output)\n\(finished.errors)"
  try #require(finished.status == 0, "\(shown)")
  return finished.output
}

/// A folder that goes with its owner.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("rollcall-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }
}
