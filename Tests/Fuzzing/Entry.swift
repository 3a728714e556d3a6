import Glibc

/// The program's entry, by the name under which SwiftPM looks for an executable's: hands over to libFuzzer.
@_cdecl("rollcall_fuzz_main")
public func start(_ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
  var (count, words) = (count, words)
  return runFuzzer(&count, &words, fuzz)
}

/// libFuzzer calls this with each input it makes up. Which parser gets it says the environment: ROLLCALL_FUZZED.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  parser.feed(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

/// Source: compiler-rt/lib/fuzzer/FuzzerInterface.h.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ feed: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

private let parser: FuzzedParser = {
  let name = getenv("ROLLCALL_FUZZED").map { String(cString: $0) } ?? ""
  guard let parser = FuzzedParser(rawValue: name) else {
    print("ROLLCALL_FUZZED names the parser: \(FuzzedParser.allCases.map(\.rawValue).joined(separator: ", "))")
    exit(64)
  }
  return parser
}()
