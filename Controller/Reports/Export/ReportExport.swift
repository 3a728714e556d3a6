import Dispatch
import Glibc
import HTTPTypes
import Serving
import Storage
import Synchronization
import Vocabulary

/// Makes a report's file while it is sent: from a cursor of one reading transaction on a thread of the database's own, which
/// waits where the reader is slow. A workbook is made whole, and sent when the transaction is over.
struct ReportExport: Sendable {
  /// What sending may take as a whole on SQLite, where what is read keeps the log from being taken into the file.
  private static let embedded = Duration.seconds(180)

  let run: ReportRun
  let format: ExportFormat
  let database: any Database
  /// Held until the file is sent, or nobody wants it any more.
  let place: StreamGate.Place
  /// Bytes that are handed on at once.
  var piece = 32 << 10

  func reply(named name: String) -> Reply {
    var headers: HTTPFields = [.contentType: format.type]
    headers[.contentDisposition] = "attachment; filename=\"\(name).\(format.ending)\""
    return Reply(headers: headers, stream: BodyStream { try await send(to: $0) })
  }

  private func send(to pipe: BodyPipe) async throws {
    // Before the end is told, so that the next file may begin with it.
    defer { place.leave() }
    let begun = Mutex(false)
    let made = Mutex<ScratchFolder?>(nil)
    defer { made.withLock { $0 }?.remove() }
    try await database.read(in: run.scope) { transaction in
      // A reading that the database has to begin anew would send twice what was sent already.
      let isFirst = begun.withLock { begun in
        defer { begun = true }
        return !begun
      }
      guard isFirst else { throw BodyPipe.Failure.abandoned }
      if format != .xlsx, transaction.engine == .sqlite { pipe.hurry(within: Self.embedded) }
      switch format {
      case .csv: try pour(CSVRows(run.columns), pipe, transaction)
      case .json: try pour(JSONRows(run.columns), pipe, transaction)
      case .xlsx:
        let folder = try workbook(pipe, transaction)
        made.withLock { $0 = folder }
      }
    }
    guard let folder = made.withLock({ $0 }) else { return }
    try await Self.onThread { [piece] in try Self.send(folder.workbook, to: pipe, piece) }
  }

  /// A thread of its own, for what waits for a reader.
  private static func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      DispatchQueue(label: "rollcall.report").async { done.resume(with: Result { try body() }) }
    }
  }

  private func pour(_ writer: some RowWriter, _ pipe: BodyPipe, _ transaction: any Transaction) throws {
    var writer = writer
    try run.each(transaction) { row in
      try writer.add(row)
      if writer.waiting >= piece { try pipe.send(writer.take()) }
    }
    try pipe.send(writer.take())
  }

  /// - Returns: the folder with the workbook, which the caller removes.
  private func workbook(_ pipe: BodyPipe, _ transaction: any Transaction) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    do {
      var book = try Workbook(folder.workbook, in: folder.path, title: run.report.title, run.columns)
      var fault: (any Error)?
      do {
        try run.each(transaction) { row in
          try book.add(row)
          if book.rows.isMultiple(of: 500) { try pipe.check() }
        }
      } catch { fault = error }
      // Whatever happened, what it holds is let go.
      do { try book.close() } catch { throw fault ?? error }
      if let fault { throw fault }
      return folder
    } catch {
      folder.remove()
      throw error
    }
  }

  private static func send(_ path: String, to pipe: BodyPipe, _ piece: Int) throws {
    guard let file = fopen(path, "rbe") else { throw ReportsError(.file, "The workbook could not be read back.") }
    defer { fclose(file) }
    while true {
      var part = [UInt8](repeating: 0, count: piece)
      let count = fread(&part, 1, part.count, file)
      guard count > 0 else { return }
      try pipe.send(Array(part[..<count]))
    }
  }
}
