import Serving
import Storage
import Vocabulary

/// A file that somebody sent by a page, to see first what it would change.
struct UploadID: GeneratedIdentifier {
  static let prefix = "upl"
  let rawValue: String
  init(unchecked: String) { rawValue = unchecked }
}

extension UploadID: SQLConvertible {}

struct RosterUpload: Sendable {
  /// How long it may be looked at and taken up. It is gone within the hour that pages promise: ``UploadSweep`` comes every
  /// five minutes.
  static let kept = Duration.seconds(3300)

  let id: UploadID
  let district: DistrictID
  let actor: PrincipalID
  let at: Instant
  /// Of a CSV of one's own: the saved mapping of its columns.
  let mapping: String?
  /// Whether birth dates and sexes are asked for.
  let demographics: Bool
  let file: [UInt8]
  var digest: Digest { Digest.sha256(file) }
}

/// `roster_upload`: files that wait for a yes, of each person in a district the last one.
enum UploadStore {
  static func keep(_ upload: RosterUpload, _ key: ContactKey, _ transaction: any Transaction) throws {
    try transaction.run(
      "DELETE FROM roster_upload WHERE district_id = \(upload.district) AND actor = \(upload.actor)")
    let sealed = try key.seal(upload.file, of: context(upload.id), in: upload.district)
    try transaction.run(
      """
      INSERT INTO roster_upload (district_id, upload_id, actor, at, mapping, demographics, size, digest, sealed)
      VALUES (\(upload.district), \(upload.id), \(upload.actor), \(upload.at), \(upload.mapping),
        \(upload.demographics ? 1 : 0), \(upload.file.count), \(upload.digest), \(sealed))
      """)
  }

  /// - Throws: `request.not-found` where there is none, or its time is over.
  static func upload(
    _ id: UploadID, of district: DistrictID, at now: Instant, _ key: ContactKey, _ transaction: any Transaction
  ) throws -> RosterUpload {
    let query: SQL = """
      SELECT actor, at, mapping, demographics, sealed FROM roster_upload WHERE district_id = \(district) AND upload_id = \(id)
        AND at > \(now.advanced(by: .zero - RosterUpload.kept))
      """
    guard let row = try transaction.row(query) else { throw ServingError.missing("upload", id, in: district) }
    return RosterUpload(
      id: id, district: district, actor: try row.get("actor"), at: try row.get("at"), mapping: try row.get("mapping"),
      demographics: try row.get("demographics", as: Int.self) == 1,
      file: try key.open(try row.get("sealed"), of: context(id), in: district))
  }

  /// - Throws: `request.not-found` where there is none.
  static func remove(_ id: UploadID, of district: DistrictID, _ transaction: any Transaction) throws {
    let removed = try transaction.run(
      "DELETE FROM roster_upload WHERE district_id = \(district) AND upload_id = \(id)")
    guard removed > 0 else { throw ServingError.missing("upload", id, in: district) }
  }

  /// Of every district.
  ///
  /// - Returns: how many there were.
  static func removeOld(at now: Instant, _ transaction: any Transaction) throws -> Int {
    let moment = now.advanced(by: .zero - RosterUpload.kept)
    return try transaction.run("DELETE FROM roster_upload WHERE at <= \(moment)")
  }

  /// No guardian's id has a space.
  private static func context(_ id: UploadID) -> String { "an upload \(id)" }
}
