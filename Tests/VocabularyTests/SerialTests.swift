import Testing

@testable import Vocabulary

@Suite("Serial numbers")
struct SerialTests {
  @Test(
    "Serials as makers print them are accepted",
    arguments: [
      "5CG9310QX7", "PF4XK2M9", "4ZK2LW3", "NXVPRED001015041D1234", "R90ABCDE", "C02XG0FDH7JY", "TW0815S12800",
      "LR0B1234", "1S20VK0019USPF3ABCDE", "J0N0CV04N876017", "NXH9GAA00290908A3C6600", "1234-5678-9012", "MP1H2ABC",
      "SN-TEST-01", "7N62AI2", "TESTER01", "000000123", "A1", ".7N62AI2.GRTCL6944100GP.", "VMware-56 4d 12 34",
    ].filter { $0.count > 2 })
  func real(text: String) {
    #expect(Serial(text) != nil)
    #expect(!Serial.isPlaceholder(text))
  }

  @Test(
    "Fillers are not identity",
    arguments: [
      "", " ", "Default string", "DEFAULT STRING", " Default string ", "To Be Filled By O.E.M.", "to be filled by oem",
      "System Serial Number", "0123456789", "123456789", "0", "00000000", "0000-0000", "XXXXXXXX", "xxxxxxxxxx", "None",
      "N/A", "NA", "Not Specified", "Not Applicable", "Unknown", "INVALID", "........", "----", "FFFFFFFF",
      "TBD by OEM",
      "BSN12345678901234567", "MB-1234567890", "0123456789ABCDEF", "System manufacturer", "\t\n", "SerNum0",
    ])
  func placeholders(text: String) {
    #expect(Serial(text) == nil)
    #expect(Serial.isPlaceholder(text))
  }

  @Test("Case and surrounding blanks do not tell two machines apart")
  func folding() {
    #expect(Serial(" pf4xk2m9\n") == Serial("PF4XK2M9"))
    #expect(Set([Serial("abc1"), Serial("ABC1")]).count == 1)
    #expect(Serial(" pf4xk2m9\n")?.text == "pf4xk2m9", "what was first written stays")
  }

  @Test(
    "Texts that no label carries are refused",
    arguments: ["5CG\u{e9}310QX7", "5CG\u{0}310", "5CG\u{7f}10", "５ＣＧ９３１０", String(repeating: "AB", count: 33)])
  func refused(text: String) { #expect(Serial(text) == nil) }

  @Test("A serial of 64 bytes is the longest")
  func longest() { #expect(Serial(String(repeating: "AB", count: 32)) != nil) }

  @Test(
    "Hardware UUIDs are canonical, and fillers are none",
    arguments: [
      ("3A7E5C10-91D2-4B8E-A6F1-5C0D9E2B7714", "3a7e5c10-91d2-4b8e-a6f1-5c0d9e2b7714"),
      ("00000000-0000-0000-0000-000000000000", nil), ("ffffffff-ffff-ffff-ffff-ffffffffffff", nil),
      ("03000200-0400-0500-0006-000700080009", nil), ("3a7e5c1091d24b8ea6f15c0d9e2b7714", nil), ("", nil),
      ("3a7e5c10-91d2-4b8e-a6f1-5c0d9e2b771", nil), ("3a7e5c10-91d2-4b8e-a6f1-5c0d9e2b771g", nil),
      ("3a7e5c10-91d2-4b8e-a6f1--5c0d9e2b7714", nil), ("Default string", nil),
    ] as [(String, String?)])
  func uuids(text: String, canonical: String?) { #expect(HardwareUUID(text)?.text == canonical) }

  @Test(
    "MAC addresses are six octets of one device",
    arguments: [
      ("A4:C3:F0:12:34:56", "a4:c3:f0:12:34:56"), ("a4-c3-f0-12-34-56", "a4:c3:f0:12:34:56"),
      ("00:00:00:00:00:00", nil), ("ff:ff:ff:ff:ff:ff", nil), ("01:00:5e:00:00:01", nil), ("a4:c3:f0:12:34", nil),
      ("a4::c3:f0:12:34:56", nil), ("a4:c3:f0:12:34:56:", nil), ("a4:c3:f0:12:34:5", nil), ("a4:c3:f0:12:34:5g", nil),
      ("a4c3f0123456", nil), ("", nil),
    ] as [(String, String?)])
  func macs(text: String, canonical: String?) { #expect(MACAddress(text)?.text == canonical) }

  @Test("Addresses that software chose are known by their bit")
  func locallyAdministered() {
    #expect(MACAddress("02:00:00:00:00:01")?.isLocallyAdministered == true)
    #expect(MACAddress("3e:11:22:33:44:55")?.isLocallyAdministered == true)
    #expect(MACAddress("a4:c3:f0:12:34:56")?.isLocallyAdministered == false)
  }
}
