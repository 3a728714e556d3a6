internal import Glibc

/// Commands to an ATA disk, through the kernel's SCSI translation. The kernel grants them to CAP_SYS_RAWIO alone.
///
/// Source: scsi/sg.h SG_IO and struct sg_io_hdr; SAT-4, 12.2.2 ATA PASS-THROUGH (16); ACS-3, 7.48 SMART, 7.24 READ LOG
/// EXT, 7.3 CHECK POWER MODE
struct ATACommand {
  private static let request: UInt = 0x2285
  private static let blockBytes = 512

  private var features: UInt8 = 0
  private var count: UInt8 = 0
  private var lba: (low: UInt8, mid: UInt8, high: UInt8) = (0, 0, 0)
  private var code: UInt8
  /// Answers one block; else only registers.
  private var reads = false
  /// Takes 48-bit registers.
  private var isExtended = false

  private init(code: UInt8) { self.code = code }

  private static func smart(_ features: UInt8, reads: Bool) -> ATACommand {
    var command = ATACommand(code: 0xB0)
    (command.features, command.count, command.lba) = (features, 1, (0, 0x4F, 0xC2))
    command.reads = reads
    return command
  }

  private static let powerMode = ATACommand(code: 0xE5)
  private static let smartData = smart(0xD0, reads: true)
  private static let smartStatus = smart(0xDA, reads: false)
  /// Device statistics (log 04h), page 07h: solid state device.
  private static let enduranceStatistics: ATACommand = {
    var command = ATACommand(code: 0x2F)
    (command.count, command.lba) = (1, (0x04, 7, 0))
    (command.reads, command.isExtended) = (true, true)
    return command
  }()

  /// What the disk tells of its health; a disk that sleeps is not woken for it.
  static func health(ofDisk name: String) throws(DeviceFault) -> ATAAnswers {
    let path = "/dev/\(name)"
    let disk = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard disk >= 0 else { throw DeviceFault(errno: errno, path) }
    defer { close(disk) }
    // Old disks do not know the question; then they are awake or they are not, as with every other reader.
    if let mode = try? powerMode.registers(disk, path), mode.count <= 1 { throw .asleep }
    var answers = ATAAnswers(data: try smartData.block(disk, path))
    // Some controllers pass no registers back; what the disk's data says stands without its verdict.
    answers.isFailing = (try? smartStatus.registers(disk, path))?.isFailing
    answers.endurance = try? enduranceStatistics.block(disk, path)
    return answers
  }

  // MARK: - Steps

  private func block(_ disk: Int32, _ path: String) throws(DeviceFault) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: ATACommand.blockBytes)
    _ = try send(to: disk, &block, path)
    return block
  }

  private func registers(_ disk: Int32, _ path: String) throws(DeviceFault) -> ATARegisters {
    var nothing: [UInt8] = []
    let sense = try send(to: disk, &nothing, path)
    guard let registers = sense.withUnsafeBufferPointer({ ATARegisters(sense: $0) }) else {
      throw DeviceFault("the disk's controller passes no answer on: \(path)")
    }
    if registers.isError { throw ATACommand.refused(path) }
    return registers
  }

  /// Returns the sense data. Source: struct sg_io_hdr on 64-bit machines, 88 bytes
  private func send(to disk: Int32, _ data: inout [UInt8], _ path: String) throws(DeviceFault) -> [UInt8] {
    var sense = [UInt8](repeating: 0, count: 64)
    var block = descriptorBlock
    let bytes = data.count
    let (failure, status, hostStatus) = data.withUnsafeMutableBytes { data in
      sense.withUnsafeMutableBytes { sense in
        block.withUnsafeMutableBytes { block in
          withUnsafeTemporaryAllocation(byteCount: 88, alignment: 8) { header -> (Int32, UInt8, UInt16) in
            func pointer(_ offset: Int, _ buffer: UnsafeMutableRawBufferPointer) {
              header.storeBytes(of: UInt64(UInt(bitPattern: buffer.baseAddress)), toByteOffset: offset, as: UInt64.self)
            }
            header.initializeMemory(as: UInt8.self, repeating: 0)
            header.storeBytes(of: Int32(UInt8(ascii: "S")), toByteOffset: 0, as: Int32.self)
            header.storeBytes(of: bytes == 0 ? -1 : -3, toByteOffset: 4, as: Int32.self)  // none, or from the disk
            header.storeBytes(of: UInt8(block.count), toByteOffset: 8, as: UInt8.self)
            header.storeBytes(of: UInt8(sense.count), toByteOffset: 9, as: UInt8.self)
            header.storeBytes(of: UInt32(bytes), toByteOffset: 12, as: UInt32.self)
            pointer(16, data)
            pointer(24, block)
            pointer(32, sense)
            header.storeBytes(of: 10_000, toByteOffset: 40, as: UInt32.self)  // timeout, ms
            guard let base = header.baseAddress else { return (EFAULT, 0, 0) }
            let failure = ioctl(disk, ATACommand.request, base) < 0 ? errno : 0
            return (
              failure, header.load(fromByteOffset: 64, as: UInt8.self), header.load(fromByteOffset: 68, as: UInt16.self)
            )
          }
        }
      }
    }
    if failure != 0 { throw DeviceFault(errno: failure, path) }
    // Registers come as a "check condition"; with a block, anything but "good" means that there is none.
    guard hostStatus == 0, status == 0 || !reads && status == 2 else { throw ATACommand.refused(path) }
    return sense
  }

  private var descriptorBlock: [UInt8] {
    let flow: UInt8 = reads ? 0x0E : 0x20  // one block from the disk, or the registers back
    return [
      0x85, (reads ? 4 : 3) << 1 | (isExtended ? 1 : 0), flow, 0, features, 0, count, 0, lba.low, 0, lba.mid, 0,
      lba.high, 0, code, 0,
    ]
  }

  private static func refused(_ path: String) -> DeviceFault { DeviceFault("the disk refuses to tell: \(path)") }
}

/// An ATA disk's registers after a command, in SCSI sense data.
///
/// Source: SAT-4, 12.2.2.6 ATA Status Return sense data descriptor (09h), and its form in fixed sense data
struct ATARegisters: Equatable {
  var status: UInt8
  var count: UInt8
  var middle: UInt8
  var high: UInt8

  init?(sense: Bytes) {
    guard sense.count >= 18 else { return nil }
    switch sense[0] & 0x7F {
    case 0x70 where sense[12] == 0 && sense[13] == 0x1D:
      (status, count, middle, high) = (sense[4], sense[6], sense[10], sense[11])
    case 0x72:
      let end = min(8 + Int(sense[7]), sense.count)
      var index = 8
      while index + 2 <= end, sense[index] != 0x09 { index += 2 + Int(sense[index + 1]) }
      guard index + 14 <= end else { return nil }
      (status, count, middle, high) = (sense[index + 13], sense[index + 5], sense[index + 9], sense[index + 11])
    default: return nil
    }
  }

  /// Source: ACS-3, 6.2 STATUS: ERROR, DEVICE FAULT
  var isError: Bool { status & 0x21 != 0 }

  /// The verdict after SMART RETURN STATUS; nil where the registers say neither.
  var isFailing: Bool? {
    switch (middle, high) {
    case (0x4F, 0xC2): false
    case (0xF4, 0x2C): true
    default: nil
    }
  }
}
