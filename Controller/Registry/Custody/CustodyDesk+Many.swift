import Audit
package import Serving
import Storage
package import Vocabulary

/// Moves of many devices as they are asked for: a file, or a class.
package struct ManyAsked: Sendable {
  enum Source: Sendable {
    case file(CustodyFile, Digest)
    /// Devices for its students; none where they give theirs back.
    case schoolClass(ClassForm.Asked, [Serial])
  }

  /// Assignments or returns.
  let kind: CustodyMove.Kind
  let source: Source

  /// - Throws: `csv.invalid` where there is no header to go by.
  package static func file(_ bytes: [UInt8], isReturn: Bool) throws -> ManyAsked {
    let file = try CustodyFile(bytes, columns: isReturn ? CustodyFile.returned : CustodyFile.assigned)
    return ManyAsked(kind: isReturn ? .giveBack : .assign, source: .file(file, Digest.sha256(bytes)))
  }

  /// - Parameters:
  ///   - id: of the class, as the roster calls it.
  ///   - serials: a device for each student who has none; nil where all give theirs back.
  /// - Throws: `registry.invalid` with every fault.
  package static func schoolClass(_ id: String, serials: [String]?, accessories: [String]) throws -> ManyAsked {
    try of(ClassForm(class: id, serials: serials, accessories: accessories), isReturn: serials == nil)
  }

  static func of(_ form: ClassForm, isReturn: Bool) throws -> ManyAsked {
    let asked = try form.checked()
    return ManyAsked(
      kind: isReturn ? .giveBack : .assign, source: .schoolClass(asked, isReturn ? [] : try form.devices()))
  }

  var file: Digest? { if case .file(_, let digest) = source { digest } else { nil } }
  var faults: CSVFaults { if case .file(let file, _) = source { file.faults } else { CSVFaults() } }
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
      let plan = try registry.plan(asked, in: district, &faults, transaction)
      let decided = try ManyDecided(plan, in: district, by: actor, now: call.now, &faults, transaction)
      return ManyPreview(
        rows: decided.result.moved.map { ManyPreview.Row(device: $0.device, holder: $0.holder) },
        unchanged: decided.result.unchanged, faults: CSVError(faults).faults, faultCount: faults.count)
    }
  }

  /// Makes all of the moves, or none.
  ///
  /// - Returns: how many devices moved.
  /// - Throws: `csv.invalid` with every fault, `custody.…`.
  package func make(
    _ asked: ManyAsked, in district: DistrictID, _ call: Call, _ context: OperatorContext
  ) async throws -> Int {
    let reply = try await make(asked, in: district, call, context) { .text(String($0.moved.count)) }
    return Int(String(decoding: reply.body, as: UTF8.self)) ?? 0
  }

  /// - Parameter answer: of what the moves came to, within their transaction.
  func make(
    _ asked: ManyAsked, in district: DistrictID, _ call: Call, _ context: OperatorContext,
    answer: @escaping @Sendable (ManyMoved) throws -> Reply
  ) async throws -> Reply {
    try await registry.change(call, context) { [registry] change in
      _ = try registry.existing(district, change.transaction)
      var faults = asked.faults
      let plan = try registry.plan(asked, in: district, &faults, change.transaction)
      let result = try change.move(plan, in: district, faults)
      try change.journal(
        "custody.\(asked.kind.rawValue)-many", ("district", district.rawValue), district,
        ManyBody(file: asked.file, moved: result.moved.count, unchanged: result.unchanged))
      return try answer(result)
    }
  }

  private struct ManyBody: JournalBody {
    /// SHA-256 of the file, where there was one.
    let file: Digest?
    let moved: Int
    let unchanged: Int
  }
}

extension DeviceRegistry {
  fileprivate func plan(
    _ asked: ManyAsked, in district: DistrictID, _ faults: inout CSVFaults, _ transaction: any Transaction
  ) throws -> [PlannedMove] {
    switch asked.source {
    case .file(let file, _): try plan(file, asked.kind, in: district, &faults, transaction)
    case .schoolClass(let asked, let serials) where !serials.isEmpty:
      try plan(asked, serials, in: district, transaction)
    case .schoolClass(let asked, _): try planReturn(asked, in: district, transaction)
    }
  }
}
