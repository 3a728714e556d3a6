import Synchronization
import Vocabulary

@testable import rollcall

/// Answers requests from a script and remembers them.
final class FakeController: Requesting, Sendable {
  typealias Answering = @Sendable (APIRequest) throws(ConnectionFailure) -> APIAnswer

  private let seen = Mutex<[APIRequest]>([])
  private let answer: Answering

  init(_ answer: @escaping Answering) { self.answer = answer }

  /// One answer after another, in order; the last one stays.
  convenience init(_ answers: Result<APIAnswer, ConnectionFailure>...) {
    let count = Mutex(0)
    self.init { _ throws(ConnectionFailure) in
      let number = count.withLock { count in
        defer { count += 1 }
        return min(count, answers.count - 1)
      }
      return try answers[number].get()
    }
  }

  var requests: [APIRequest] { seen.withLock { $0 } }

  func send(_ request: APIRequest) throws(ConnectionFailure) -> APIAnswer {
    seen.withLock { $0.append(request) }
    return try answer(request)
  }
}

extension FakeController {
  /// In small pieces, so that a file is put together.
  func download(_ request: APIRequest, _ take: @escaping ([UInt8]) -> Bool) throws(ConnectionFailure) -> APIAnswer {
    var answer = try send(request)
    guard (200..<300).contains(answer.status) else { return answer }
    for start in stride(from: 0, to: answer.body.count, by: 5) {
      guard take(Array(answer.body[start..<min(answer.body.count, start + 5)])) else {
        throw ConnectionFailure(message: "It was given up.", code: "transfer.failed", isTransient: false)
      }
    }
    answer.body = []
    return answer
  }
}

extension APIAnswer {
  static func json(_ text: String, status: Int = 200, headers: [(String, String)] = []) -> APIAnswer {
    APIAnswer(status: status, headers: headers.map { (name: $0.0, value: $0.1) }, body: Array(text.utf8))
  }

  static func problem(_ status: Int, _ code: String, _ detail: String, errors: String = "") -> APIAnswer {
    let more = errors.isEmpty ? "" : ",\"errors\":\(errors)"
    return .json(
      "{\"type\":\"urn:rollcall:error:\(code)\",\"status\":\(status),\"code\":\"\(code)\",\"detail\":\"\(detail)\",\"requestID\":\"req-7\"\(more)}",
      status: status)
  }
}

/// A terminal that is none, and remembers what was printed.
final class TestConsole: Console {
  let width: Int?
  let errorIsTerminal = false
  let inputIsTerminal = false
  private let typed: String
  private let printed = Mutex<(output: String, error: String)>(("", ""))

  init(width: Int? = nil, typed: String = "") {
    self.width = width
    self.typed = typed
  }

  var out: String { printed.withLock { $0.output } }
  var err: String { printed.withLock { $0.error } }
  func output(_ text: String) { printed.withLock { $0.output += text } }
  func error(_ text: String) { printed.withLock { $0.error += text } }
  func input() -> [UInt8] { Array(typed.utf8) }
  func secretLine(prompt: String) -> String { typed }
}

/// Files in memory.
final class MemoryFiles: FileAccess {
  private let files: Mutex<[String: [UInt8]]>
  /// Files that can be begun, but not written.
  private let full: Set<String>

  init(_ files: [String: String] = [:], full: Set<String> = []) {
    self.files = Mutex(files.mapValues { Array($0.utf8) })
    self.full = full
  }

  func newPrivate(_ path: String) throws(CommandError) -> any NewFile {
    if exists(path) { throw CommandError(.failure, "\(path) is there already.") }
    return MemoryFile { [self] bytes throws(CommandError) in
      if full.contains(path) { throw CommandError(.failure, "\(path) cannot be written: No space left on device.") }
      try writePrivate(bytes, to: path)
    }
  }

  subscript(_ path: String) -> String? { files.withLock { $0[path].map { String(decoding: $0, as: UTF8.self) } } }

  func read(_ path: String, limit: Int) throws(CommandError) -> [UInt8] {
    guard let bytes = files.withLock({ $0[path] }) else { throw CommandError(.failure, "\(path) cannot be read.") }
    return bytes
  }

  func lines(of path: String, longest: Int, _ body: (Int, ArraySlice<UInt8>) throws(CommandError) -> Void)
    throws(CommandError)
  {
    var splitter = LineSplitter(path: path, longest: longest)
    // In small pieces, so that lines are cut anywhere.
    let bytes = try read(path, limit: .max)
    for start in stride(from: 0, to: bytes.count, by: 7) {
      try splitter.add(bytes[start..<min(bytes.count, start + 7)], body)
    }
    try splitter.end(body)
  }

  func writePrivate(_ bytes: [UInt8], to path: String) throws(CommandError) { files.withLock { $0[path] = bytes } }
  func remove(_ path: String) throws(CommandError) -> Bool { files.withLock { $0.removeValue(forKey: path) != nil } }
  func exists(_ path: String) -> Bool { files.withLock { $0[path] != nil } }
  func names(in folder: String) -> [String]? {
    let names = files.withLock { $0.keys.filter { $0.hasPrefix(folder + "/") } }.map {
      String($0.dropFirst(folder.count + 1))
    }
    return names.isEmpty ? nil : names.sorted()
  }
  func makePrivateFolder(_ path: String) throws(CommandError) {}
}

/// A file in memory that gets its name when it is finished.
final class MemoryFile: NewFile {
  private var held: [UInt8] = []
  private let finished: ([UInt8]) throws(CommandError) -> Void

  init(_ finished: @escaping ([UInt8]) throws(CommandError) -> Void) { self.finished = finished }

  func append(_ bytes: [UInt8]) throws(CommandError) { held += bytes }
  func finish(_ bytes: [UInt8]) throws(CommandError) { try finished(held + bytes) }
  func abandon() {}
}

/// What one command line came to.
struct Outcome {
  let status: rollcall.ExitStatus
  let out: String
  let err: String
}

/// Runs a command line, signed in, against `controller`.
func run(
  _ arguments: String..., on controller: FakeController, files: MemoryFiles = MemoryFiles(), width: Int? = nil,
  environment: [String: String] = [:], typed: String = ""
) -> Outcome {
  run(arguments, on: controller, files: files, width: width, environment: environment, typed: typed)
}

func run(
  _ arguments: [String], on controller: FakeController, files: MemoryFiles = MemoryFiles(), width: Int? = nil,
  environment: [String: String] = [:], typed: String = ""
) -> Outcome {
  let console = TestConsole(width: width, typed: typed)
  let signedIn = [
    "ROLLCALL_SERVER": "https://controller.test:8443", "ROLLCALL_API_TOKEN": "rcp_secret", "XDG_CONFIG_HOME": "/config",
  ]
  let keys = Mutex(0)
  let surroundings = Surroundings(
    console: console, environment: signedIn.merging(environment) { $1 }, files: files,
    connect: { _ throws(CommandError) in controller },
    now: { Instant(rfc3339: "2026-11-21T21:00:00Z") ?? Instant(milliseconds: 0) },
    makeKey: {
      keys.withLock { count in
        count += 1
        return "key-\(count)"
      }
    },
    pause: { _ in })
  let status = Surroundings.$current.withValue(surroundings) { Program.run(arguments) }
  return Outcome(status: status, out: console.out, err: console.err)
}
