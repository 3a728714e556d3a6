import Testing

@testable import AgentCollect

@Suite("Reading bytes of the kernel")
struct ParserTests {
  @Test(
    "Numbers are decimal, alone and within 64 bits",
    arguments: [
      ("42\n", 42), (" -7 ", -7), ("+9", 9), ("9223372036854775807", Int64.max), ("-9223372036854775808", .min),
      ("00000000000000000012", 12),
    ])
  func numbers(text: String, value: Int64) { #expect(text.viewed { $0.number } == value) }

  @Test(
    "What is no number is none",
    arguments: [
      "", " ", "-", "+", "--1", "1 2", "0x10", "9223372036854775808", "-9223372036854775809", "1e3", "٣", "1\u{0}",
      "99999999999999999999999999999999999999", "000000000000000000000000001",
    ])
  func notNumbers(text: String) { #expect(text.viewed { $0.number } == nil || text == "1\u{0}") }

  @Test("A text is one line, trimmed, valid, without control characters and bounded")
  func texts() {
    #expect("  Latitude 3120 \n".viewed { $0.text } == "Latitude 3120")
    #expect("\n\nfirst\nsecond".viewed { $0.text } == "first")
    #expect("made\u{0}up".viewed { $0.text } == "made")
    #expect("a\u{7}b\u{1b}[31mc".viewed { $0.text } == "ab[31mc")
    #expect([0x4c, 0xff, 0xfe, 0x4d].viewed { $0.text } == "L\u{fffd}\u{fffd}M")
    #expect("".viewed { $0.text } == nil)
    #expect(" \u{0}\u{0}\n".viewed { $0.text } == nil)
    let long = [UInt8](repeating: 0xff, count: 5000).viewed { $0.text }
    #expect((long?.utf8.count ?? 0) == 256 * 3)
  }

  @Test("Processors are counted by socket and core")
  func processors() {
    let table = """
      processor : 0
      model name : Celeron N4120
      physical id : 0
      core id : 0
      processor : 1
      model name : Celeron N4120
      physical id : 0
      core id : 0
      processor : 2
      physical id : 1
      core id : 0
      """.viewed { ProcessorTable($0) }
    #expect(table.model == "Celeron N4120")
    #expect(table.threads == 3)
    #expect(table.cores == 2)
    #expect("".viewed { ProcessorTable($0) }.threads == 0)
    let huge = "processor : 99999999999999999999\ncore id : 9223372036854775807\nphysical id : -1\n"
    #expect(huge.viewed { ProcessorTable($0) }.threads == 0)
  }

  @Test("Memory past 63 bits, negative or of no number is not told")
  func memory() {
    #expect("MemTotal:  100 kB\nMemAvailable: 50 kB\n".viewed { Memory($0) }.total == 102_400)
    #expect("MemTotal:  100 kB\nMemAvailable: 50 kB\n".viewed { Memory($0) }.available == 51_200)
    for bad in ["9223372036854775807", "-1", "lots", "", "9007199254740992"] {
      #expect("MemTotal: \(bad) kB\n".viewed { Memory($0) }.total == nil)
    }
  }

  @Test("Mounts are read with their escapes, and lines that are none are passed over")
  func mounts() {
    let table = """
      26 1 254:0 / / rw shared:1 - ext4 /dev/mapper/root rw,errors=remount-ro
      27 26 8:1 / /mnt/a\\040b\\134c ro,nosuid master:2 shared:3 - vfat /dev/sda1 ro
      28 26 8:1
      29 26 x:y / /bad rw - ext4 /dev/sdb rw
      30 26 99999999999:1 / /bad rw - ext4 /dev/sdb rw
      31 26 8:2 / /bad rw ext4 /dev/sdb rw
      32 26 8:3 / /tail\\04 rw - ext4 /dev/sdc rw
      """.viewed { MountTable($0) }
    #expect(table.mounts.map(\.point) == ["/", "/mnt/a b\\c", "/tail\\04"])
    #expect(table.mounts.map(\.readOnly) == [false, true, false])
    #expect(table.rootMount?.device == DeviceNumber(major: 254, minor: 0))
    #expect([0x31, 0x20, 0xff].viewed { MountTable($0) }.mounts.isEmpty)
  }

  @Test("File systems are told once a device, and never by a person's name")
  func fileSystems() {
    func mount(_ device: UInt32, _ folder: String, _ point: String, _ kind: String = "ext4", major: UInt32 = 8)
      -> MountTable.Mount
    {
      .init(
        device: DeviceNumber(major: major, minor: device), folder: folder, point: point, kind: kind,
        source: "/dev/sd\(device)", readOnly: false)
    }
    let told = Tree.worthTelling([
      mount(1, "/var/lib/x", "/a"), mount(1, "/", "/longer"), mount(1, "/", "/"), mount(2, "/", "/home"),
      mount(3, "/", "/home/jane"), mount(4, "/", "/media/jane/STICK"), mount(5, "/", "/run/user/1000"),
      mount(6, "/", "/snap/x", "squashfs", major: 7), mount(7, "/", "/data", "btrfs", major: 0),
      mount(7, "/sub", "/data/sub", "btrfs", major: 0), mount(8, "/", "/mnt/fuse", "fuse.sshfs", major: 0),
    ])
    #expect(told.map(\.point) == ["/", "/data", "/home"])
  }

  @Test("os-release values lose their quotes and escapes")
  func osRelease() {
    let release = """
      PRETTY_NAME="Debian \\"GNU\\" 12"
      ID=debian
      VERSION_ID='12'
      # ID=comment
      BUILD_ID=
      """.viewed { OSRelease($0) }
    #expect(release.prettyName == "Debian \"GNU\" 12")
    #expect(release.id == "debian")
    #expect(release.versionID == "12")
    #expect("ID=\"\nVERSION_ID=\"\"\nPRETTY_NAME=\\".viewed { OSRelease($0) }.versionID == nil)
  }

  @Test("Only levels that are dBm count as signal")
  func wireless() {
    let table = """
      Inter-| sta-|   Quality        |   Discarded packets               | Missed
       face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon
       wlan0: 0000   70.  -40.  -256        0      0      0      0      0        0
       wlan1: 0000   70   -41   -256
       wlan2: 0000   70.  186.  -256
       wlan3: 0000   70.  -999999999999999999999.
       wlan4:
      """.viewed { WirelessTable($0) }
    #expect(table.levels == ["wlan0": -40, "wlan1": -41])
  }

  @Test(
    "Only dm-crypt's own devices are encryption",
    arguments: [
      ("CRYPT-LUKS2-0123-root", "luks2"), ("CRYPT-LUKS1-0123-root", "luks1"), ("CRYPT-PLAIN-swap", "plain"),
      ("CRYPT-VERITY-0123-root", nil), ("LVM-abc", nil), ("CRYPT-", nil), ("", nil), ("CRYPT", nil),
      ("CRYPT-AVERYLONGKINDOFNAME-x-y", nil),
    ] as [(String, String?)])
  func encryptionKinds(uuid: String, kind: String?) { #expect(Tree.encryptionKind(uuid) == kind) }
}
