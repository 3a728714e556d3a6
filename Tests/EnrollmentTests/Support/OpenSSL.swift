import Foundation
import ProcessSupport

/// A folder that goes with its last reference.
final class Folder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("rollcall-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  @discardableResult
  func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String { try write(name, text.utf8) }

  func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: file(name)))) }
}

/// The `openssl` command, in a folder of its own.
struct OpenSSL {
  struct Failed: Error, CustomStringConvertible { let description: String }

  let folder: Folder

  init() throws { folder = try Folder() }

  /// Runs `openssl` with `arguments`, relative to the folder.
  ///
  /// - Returns: what it wrote to its standard output.
  @discardableResult
  func callAsFunction(_ arguments: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.start()
    let written = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failed(
        description: "openssl \(arguments.joined(separator: " ")): \(String(decoding: complaint, as: UTF8.self))")
    }
    return String(decoding: written, as: UTF8.self)
  }

  /// A request as `openssl req` makes it, in base64 of DER.
  ///
  /// - Parameters:
  ///   - key: arguments of `-newkey` and its options.
  ///   - extensions: lines of an extension section.
  func request(
    key: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], subject: String = "/serialNumber=PF3ABCDE",
    extensions: [String] = [], digest: String = "-sha256", other: [String] = []
  ) throws -> [UInt8] {
    let lines = ["[req]", "distinguished_name=dn", "prompt=no", "[dn]", "[ext]"] + extensions
    try folder.write("req.cnf", lines.joined(separator: "\n") + "\n")
    var arguments = ["req", "-new", "-newkey"] + key
    arguments += ["-nodes", "-keyout", "device.key", "-subj", subject, "-config", "req.cnf", digest, "-outform", "DER"]
    if !extensions.isEmpty { arguments += ["-reqexts", "ext"] }
    arguments += ["-out", "device.csr"] + other
    try run(arguments)
    return Array(Data(try folder.read("device.csr")).base64EncodedData(options: .lineLength76Characters))
  }

  private func run(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    let errors = Pipe()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.start()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failed(description: String(decoding: complaint, as: UTF8.self)) }
  }
}
