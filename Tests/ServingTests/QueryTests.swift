import HummingbirdCore
import Testing

@testable import Serving

@Suite("What an address asks")
struct QueryTests {
  private func pairs(_ address: String) -> [String] {
    Exchange.pairs(of: URI(address)).map { "\($0.name)=\($0.value)" }
  }

  @Test(
    "A page's form writes a space as a plus sign, and a plus sign otherwise; the API's callers write what they mean")
  func spaces() {
    #expect(pairs("/devices?model=Shelf+Laptop&q=a%2Bb+c") == ["model=Shelf Laptop", "q=a+b c"])
    #expect(pairs("/devices?model=Shelf%20Laptop") == ["model=Shelf Laptop"])
    #expect(
      pairs("/api/v1/devices?from=2026-01-01T00:00:00+02:00&q=a%20b") == ["from=2026-01-01T00:00:00+02:00", "q=a b"])
    #expect(pairs("/devices") == [])
  }
}
