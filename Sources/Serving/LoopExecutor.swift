import NIOCore

/// Runs the tasks of a connection on the connection's own event loop: a request costs no change of threads but the
/// one to the database and back.
///
/// Only for handlers that never compute for long, as all connections of a loop wait for each other: those of the devices
/// listener. People's requests may render a great list, and stay on the concurrent pool.
final class LoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// An executor for each loop of a group, alive as long as its listener: a task holds its executor unowned.
struct LoopExecutors: Sendable {
  private let executors: [ObjectIdentifier: LoopExecutor]

  init(_ group: any EventLoopGroup) {
    var executors: [ObjectIdentifier: LoopExecutor] = [:]
    for loop in group.makeIterator() { executors[ObjectIdentifier(loop)] = LoopExecutor(loop) }
    self.executors = executors
  }

  subscript(loop: any EventLoop) -> LoopExecutor? { executors[ObjectIdentifier(loop)] }
}
