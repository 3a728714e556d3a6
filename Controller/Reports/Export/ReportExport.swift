import Glibc
import HTTPTypes
import Serving
import Storage
import Synchronization
import Vocabulary

/// Makes a report's file while it is sent: from a cursor of one reading transaction on a thread of the database's own, which
/// waits where the reader is slow.
struct ReportExport: Sendable {
  /// Bytes that are handed on at once.
  static let piece = 32 << 10

  let run: ReportRun
  let format: ExportFormat
  let database: any Database
  /// Held until the file is sent, or nobody wants it any more.
  let place: StreamGate.Place

  func reply(named name: String) -> Reply {
    var headers: HTTPFields = [.contentType: format.type]
    headers[.contentDisposition] = "attachment; filename=\"\(name).\(format.ending)\""
    return Reply(headers: headers, stream: BodyStream { try await send(to: $0) })
  }

  private func send(to pipe: BodyPipe) async throws {
    let begun = Mutex(false)
    try await database.read(in: run.scope) { transaction in
      // A reading that the database has to begin anew would send twice what was sent already.
      let isFirst = begun.withLock { begun in
        defer { begun = true }
        return !begun
      }
      guard isFirst else { throw BodyPipe.Failure.abandoned }
      switch format {
      case .csv: try pour(CSVRows(run.columns), pipe, transaction)
      case .json: try pour(JSONRows(run.columns), pipe, transaction)
      case .xlsx: try workbook(pipe, transaction)
      }
    }
    _ = place
  }

  private func pour(_ writer: some RowWriter, _ pipe: BodyPipe, _ transaction: any Transaction) throws {
    var writer = writer
    try run.each(transaction) { row in
      try writer.add(row)
      if writer.waiting >= Self.piece { try pipe.send(writer.take()) }
    }
    try pipe.send(writer.take())
  }

  private func workbook(_ pipe: BodyPipe, _ transaction: any Transaction) throws {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    let path = folder.path + "/report.xlsx"
    var book = try Workbook(path, in: folder.path, title: run.report.title, run.columns)
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
    try Self.send(path, to: pipe)
  }

  private static func send(_ path: String, to pipe: BodyPipe) throws {
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
