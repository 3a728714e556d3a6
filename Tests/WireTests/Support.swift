import COpenSSL
import Foundation
import Testing
import Vocabulary

@testable import Wire

/// A frozen message, without the LF that ends its file.
func golden(_ name: String) throws -> [UInt8] {
  let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name)")
  return Array(try Data(contentsOf: file)).dropLast()
}

func sha256(_ bytes: [UInt8]) throws -> Digest {
  var hash = [UInt8](repeating: 0, count: 32)
  var size: UInt32 = 0
  try #require(EVP_Digest(bytes, bytes.count, &hash, &size, EVP_sha256(), nil) == 1)
  return try #require(Digest(bytes: hash))
}

/// The code with which `body` fails; nil where it does not.
func wireFault(_ body: () throws(WireError) -> Void) -> WireError.Kind? {
  do throws(WireError) {
    try body()
    return nil
  } catch {
    return error.kind
  }
}

/// A check-in with the given facts, as it travels.
func message(_ facts: Facts, sequence: Int64 = 1) throws -> [UInt8] {
  try WireCodec.encode(
    CheckInRequest(sequence: sequence, sentAt: Instant(milliseconds: 0), agent: "0.1.0", hashes: [:], facts: facts))
}

/// Random numbers that are the same in every run.
struct FixedRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}
