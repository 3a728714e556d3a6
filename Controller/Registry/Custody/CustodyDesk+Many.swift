import Audit
package import Serving
import Storage
package import Vocabulary

/// Moves of many devices as they are asked for: a file, or a class.
package struct ManyAsked: Sendable {
  enum Source: Sendable {
    case file(CustodyFile)
    /// Devices for its students; none where they give theirs back.
    case schoolClass(ClassForm.Asked, [Serial])
  }

  /// Assignments or returns.
  let kind: CustodyMove.Kind
  let source: Source
  /// Where all devices go that come back; nil for each one's school.
  let to: Holder?
  /// SHA-256 of the file or the request.
  let sent: Digest

  /// - Parameter to: where all devices go that come back: `warehouse`, `district`, or `school:` and a code.
  /// - Throws: `csv.invalid` where there is no header to go by; `registry.invalid`.
  package static func file(_ bytes: [UInt8], isReturn: Bool, to: String? = nil) throws -> ManyAsked {
    var check = FieldCheck()
    let place = check.place(to)
    try check.throwFaults()
    let file = try CustodyFile(bytes, columns: isReturn ? CustodyFile.returned : CustodyFile.assigned)
    return ManyAsked(
      kind: isReturn ? .giveBack : .assign, source: .file(file), to: place, sent: Digest.sha256(bytes))
  }

  /// - Parameters:
  ///   - id: of the class, as the roster calls it.
  ///   - serials: a device for each student who has none; nil where all give theirs back.
  /// - Throws: `registry.invalid` with every fault.
  package static func schoolClass(_ id: String, serials: [String]?, accessories: [String]) throws -> ManyAsked {
    let words = [id] + (serials ?? []) + accessories
    return try of(
      ClassForm(class: id, serials: serials, accessories: accessories), isReturn: serials == nil,
      sent: Digest.sha256(Array(words.joined(separator: "\n").utf8)))
  }

  static func of(_ form: ClassForm, isReturn: Bool, sent: Digest) throws -> ManyAsked {
    let asked = try form.checked()
    return ManyAsked(
      kind: isReturn ? .giveBack : .assign, source: .schoolClass(asked, isReturn ? [] : try form.devices()),
      to: asked.to, sent: sent)
  }

  var faults: CSVFaults { if case .file(let file) = source { file.faults } else { CSVFaults() } }
  /// What each device's ledger names: it leads to the journal's entry of the whole.
  var evidence: String { if case .file = source { "file:\(sent)" } else { "request:\(sent)" } }
}

/// What moves of many devices would do, were they made now.
package struct ManyPreview: Sendable {
  package struct Row: Sendable {
    package let device: Device
    package let holder: Holder?
  }

  package let rows: [Row]
  /// Devices that are where they should be already.
  package let unchanged: Int
  /// The first thousand, by their lines.
  package let faults: [Fault]
  package let faultCount: Int
  /// What ``CustodyDesk/make(_:in:previewed:_:_:)`` is given, so that what is made is what was shown.
  package let mark: Digest
}

extension CustodyDesk {
  /// Decides on each device and writes nothing.
  ///
  /// - Throws: `request.not-found`, `custody.…` where the class cannot be found or has more students than devices.
  package func preview(
    _ asked: ManyAsked, in district: DistrictID, _ call: Call, _ context: OperatorContext
  ) async throws -> ManyPreview {
    let actor = try context.actor
    return try await registry.database.read(in: context.scope) { [registry] transaction in
      _ = try registry.existing(district, transaction)
      var faults = asked.faults
      let plan = try registry.plan(asked, in: district, on: call.now, &faults, transaction)
      let decided = try ManyDecided(plan, in: district, by: actor, now: call.now, &faults, transaction)
      return ManyPreview(
        rows: decided.result.moved.map { ManyPreview.Row(device: $0.device, holder: $0.holder) },
        unchanged: decided.result.unchanged, faults: CSVError(faults).faults, faultCount: faults.count,
        mark: decided.result.mark)
    }
  }

  /// Makes all of the moves, or none.
  ///
  /// - Parameter previewed: the preview's mark.
  /// - Returns: how many devices moved.
  /// - Throws: `csv.invalid` with every fault, `custody.…`.
  package func make(
    _ asked: ManyAsked, in district: DistrictID, previewed: Digest, _ call: Call, _ context: OperatorContext
  ) async throws -> Int {
    let reply = try await make(.success(asked), in: district, previewed: previewed, call, context) {
      .text(String($0.moved.count))
    }
    return Int(String(decoding: reply.body, as: UTF8.self)) ?? 0
  }

  /// - Parameters:
  ///   - asked: what is wrong with it is thrown where a request that is sent again gets its first answer.
  ///   - answer: of what the moves came to, within their transaction.
  func make(
    _ asked: Result<ManyAsked, any Error>, in district: DistrictID, previewed: Digest? = nil, _ call: Call,
    _ context: OperatorContext, answer: @escaping @Sendable (ManyMoved) throws -> Reply
  ) async throws -> Reply {
    try await registry.change(call, context) { [registry] change in
      let asked = try asked.get()
      _ = try registry.existing(district, change.transaction)
      var faults = asked.faults
      let plan = try registry.plan(asked, in: district, on: change.now, &faults, change.transaction)
      let result = try change.move(plan, in: district, faults, previewed: previewed)
      try change.journal(
        "custody.\(asked.kind.rawValue)-many", ("district", district.rawValue), district,
        ManyBody(sent: asked.sent, moved: result.moved.count, unchanged: result.unchanged))
      return try answer(result)
    }
  }

  private struct ManyBody: JournalBody {
    /// SHA-256 of the file or the request; the events of the devices name it.
    let sent: Digest
    let moved: Int
    let unchanged: Int
  }
}

extension DeviceRegistry {
  fileprivate func plan(
    _ asked: ManyAsked, in district: DistrictID, on now: Instant, _ faults: inout CSVFaults,
    _ transaction: any Transaction
  ) throws -> [PlannedMove] {
    try requireSchool(of: asked.to, in: district, transaction)
    let plan =
      switch asked.source {
      case .file(let file): try plan(file, CustodyMove(asked.kind, to: asked.to), in: district, &faults, transaction)
      case .schoolClass(let form, let serials) where !serials.isEmpty:
        try plan(form, serials, in: district, on: now, transaction)
      case .schoolClass(let form, _): try planReturn(form, in: district, on: now, transaction)
      }
    return plan.map { $0.proven(by: asked.evidence) }
  }
}
