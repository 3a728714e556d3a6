internal import Wire

/// What /proc/cpuinfo says, counted.
struct ProcessorTable: Equatable {
  /// Of the first processor.
  var model: String?
  /// Distinct pairs of socket and core; 0 where the kernel does not tell.
  var cores = 0
  var threads = 0

  init(_ bytes: Bytes) {
    var seen: Set<UInt64> = []
    var socket: Int64?
    bytes.eachLine { line in
      guard let colon = line.first(UInt8(ascii: ":")) else { return true }
      let value = line.part(colon + 1..<line.count)
      if line.hasPrefix("processor") {
        if value.number != nil { threads += 1 }
        socket = nil
      } else if model == nil, line.hasPrefix("model name") || line.hasPrefix("Processor") || line.hasPrefix("cpu model")
      {
        model = value.text
      } else if line.hasPrefix("physical id") {
        socket = value.number
      } else if line.hasPrefix("core id"), let socket, let core = value.number {
        seen.insert(UInt64(truncatingIfNeeded: socket) << 32 | UInt64(truncatingIfNeeded: core) & 0xffff_ffff)
      }
      return threads < 65_536
    }
    cores = seen.count
  }
}

extension Tree {
  /// Source: /proc/cpuinfo, /proc/sys/kernel/arch, uname(2)
  func processor(_ devices: any DeviceQuestions, _ gaps: inout Gaps) -> HardwareFacts.Processor? {
    do throws(ReadFault) {
      guard let table = try bytes("proc/cpuinfo", { ProcessorTable($0) }), table.threads > 0 else {
        gaps.add("processor", "no processor in /proc/cpuinfo")
        return nil
      }
      // ARM kernels name no model in /proc/cpuinfo; the board's device tree names the system on a chip at most.
      var model = table.model
      if model == nil { model = try text("proc/device-tree/compatible") }
      if model == nil { gaps.add("processor.model", "not told by /proc/cpuinfo") }
      return HardwareFacts.Processor(
        model: model ?? "unknown", cores: table.cores > 0 ? table.cores : nil, threads: table.threads,
        architecture: architecture(devices, &gaps))
    } catch {
      gaps.add("processor", error)
      return nil
    }
  }

  /// The file is there since Linux 6.1.
  private func architecture(_ devices: any DeviceQuestions, _ gaps: inout Gaps) -> String {
    do throws(DeviceFault) {
      if let told = try? text("proc/sys/kernel/arch") { return told }
      return try devices.architecture()
    } catch {
      gaps.add("processor.architecture", error.reason)
      return "unknown"
    }
  }
}
