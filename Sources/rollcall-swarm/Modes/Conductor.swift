import Glibc
import NIOCore
import NIOPosix

/// Starts the slots of a run, watches them, and makes the report.
struct Conductor: Sendable {
  let mode: String
  let options: RunOptions
  let target: Target
  var manners = Manners()

  /// What a worker's loop prepares: the job of each of its slots.
  typealias Staff = @Sendable (_ worker: Int, _ loop: any EventLoop) throws -> () -> any Job

  /// Runs until all is done or time is up.
  func run(on group: MultiThreadedEventLoopGroup, staff: @escaping Staff) async throws -> Report {
    let workers = min(options.threads, options.connections)
    let loops = (0..<workers).map { _ in group.next() }
    var shifts: [NIOLoopBound<Shift>] = []
    let crowd = Crowd()
    for (number, loop) in loops.enumerated() {
      shifts.append(try await enlist(number, of: workers, loop, staff, crowd))
    }
    let start = Measurement.Mark(now: .now(), controllerPid: options.controllerPid)
    for shift in shifts { shift.eventLoop.execute { shift.value.begin() } }
    let watch = Watch(options: options, shifts: shifts)
    let (begun, samples) = await withTaskGroup(of: (Measurement.Mark, [Report.Sample]).self) { group in
      group.addTask { await watch.run(from: start) }
      for shift in shifts {
        let finished = shift.eventLoop.submit { shift.value.finished }.flatMap { $0 }
        try? await finished.get()
      }
      group.cancelAll()
      return await group.next() ?? (start, [])
    }
    let end = Measurement.Mark(now: .now(), controllerPid: options.controllerPid)
    let tally = await watch.tally()
    var report = Measurement.report(mode, from: begun, to: end, tally, rated: options.rate != nil)
    report.samples = samples.isEmpty ? nil : samples
    return report
  }

  private func enlist(
    _ number: Int, of workers: Int, _ loop: any EventLoop, _ staff: @escaping Staff, _ crowd: Crowd
  ) async throws -> NIOLoopBound<Shift> {
    func share(_ whole: Int) -> Int { whole / workers + (number < whole % workers ? 1 : 0) }
    let slots = share(options.connections)
    let budget = options.count.map(share)
    let interval = options.rate.map { Int64(1e9 * Double(options.connections) / $0) }
    return try await loop.submit {
      let shift = Shift(loop: loop, target: target, budget: budget, interval: interval, manners: manners, crowd: crowd)
      let makeJob = try staff(number, loop)
      shift.slots = (0..<slots).map { slot in
        let offset = (interval ?? 0) / Int64(options.connections) * Int64(slot * workers + number)
        return Slot(shift: shift, job: makeJob(), first: .now() + .nanoseconds(offset))
      }
      return NIOLoopBound(shift, eventLoop: loop)
    }.get()
  }
}

/// Looks after a run from outside its loops: progress, end of the warm-up, end of time.
struct Watch: Sendable {
  let options: RunOptions
  let shifts: [NIOLoopBound<Shift>]

  /// Watches until it is cancelled.
  ///
  /// - Returns: where the measured time began, and what was seen on the way.
  func run(from start: Measurement.Mark) async -> (Measurement.Mark, [Report.Sample]) {
    var begun = start
    var samples: [Report.Sample] = []
    var warm = options.warmup == 0
    var shown = start.time
    while !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(50))
      let now = NIODeadline.now()
      if !warm, now >= start.time + .nanoseconds(Int64(options.warmup * 1e9)) {
        warm = true
        for shift in shifts { try? await shift.eventLoop.submit { shift.value.tally = Tally() }.get() }
        begun = Measurement.Mark(now: .now(), controllerPid: options.controllerPid)
      }
      if warm, let duration = options.duration, now >= begun.time + .nanoseconds(Int64(duration * 1e9)) {
        for shift in shifts { shift.eventLoop.execute { shift.value.stop() } }
      }
      if let every = options.sampleEvery,
        now >= begun.time + .nanoseconds(Int64(every * 1e9) * Int64(samples.count + 1))
      {
        samples.append(sample(await tally(), since: begun, now))
      }
      if !options.quiet, now - shown >= .seconds(1) {
        shown = now
        let tally = await tally()
        let failed = tally.failures.values.reduce(0, +)
        let seconds = (now - start.time).nanoseconds / 1_000_000_000
        say(
          "\(seconds) s: \(tally.acknowledged) acknowledged, \(failed) failed, \(tally.deferred) deferred, "
            + "\(tally.mostOpen) open at most")
      }
    }
    return (begun, samples)
  }

  private func sample(_ tally: Tally, since begun: Measurement.Mark, _ now: NIODeadline) -> Report.Sample {
    let controller = options.controllerPid.flatMap { ProcessSample(pid: $0) }
    return Report.Sample(
      second: Double((now - begun.time).nanoseconds) / 1e9, acknowledged: tally.acknowledged,
      failed: tally.failures.values.reduce(0, +), deferred: tally.deferred,
      p99: tally.latency.valueAtPercentile(99), controllerResidentBytes: controller?.residentBytes,
      controllerCpuSeconds: controller?.cpuSeconds)
  }

  func tally() async -> Tally {
    var whole = Tally()
    for shift in shifts {
      if let part = try? await shift.eventLoop.submit({ shift.value.tally }).get() { whole.add(part) }
    }
    return whole
  }
}

/// A line of progress on standard error.
func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// A run's beginning and end, with what the processes had used by then.
enum Measurement {
  struct Mark: Sendable {
    let time: NIODeadline
    let controller: ProcessSample?
    let generator: ProcessSample?

    init(now: NIODeadline, controllerPid: Int32?) {
      time = now
      controller = controllerPid.flatMap { ProcessSample(pid: $0) }
      generator = ProcessSample(pid: getpid())
    }
  }

  static func report(_ mode: String, from start: Mark, to end: Mark, _ tally: Tally, rated: Bool) -> Report {
    func span(_ sample: (Mark) -> ProcessSample?) -> Report.Span? {
      guard let before = sample(start), let after = sample(end) else { return nil }
      return Report.Span(before: before, after: after)
    }
    return Report(
      mode: mode, seconds: Double((end.time - start.time).nanoseconds) / 1e9, tally: tally, rated: rated,
      controller: span(\.controller), generator: span(\.generator))
  }
}
