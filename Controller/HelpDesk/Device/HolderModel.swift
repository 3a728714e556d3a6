import Registry
import Serving
import Vocabulary
import Web

/// Holders by their names, as far as they may be shown.
struct HolderWords: Sendable {
  private let dossier: DeviceDossier
  private let seen: SeenNames

  init(_ dossier: DeviceDossier, _ seen: SeenNames) { (self.dossier, self.seen) = (dossier, seen) }

  func name(_ holder: Holder) -> String {
    switch holder {
    case .person(let id): seen.words(id)
    case .school(let id):
      dossier.school.flatMap { $0.id == id ? ShownText.inSentence($0.name) : nil } ?? "the school '\(id)'"
    case .district: "the district"
    case .warehouse: "the warehouse"
    case .vendor(nil): "a repair shop"
    case .vendor(let name?): ShownText.inSentence(name)
    case .otherDistrict(let id): "the district '\(id)'"
    }
  }
}

extension DeviceModel.HolderRow {
  /// nil where nobody is known to have it.
  init?(_ dossier: DeviceDossier, _ seen: SeenNames, _ words: HolderWords, now: Instant) {
    guard let holder = dossier.standing.holder else { return nil }
    self.words = words.name(holder).capitalizedFirst
    since = dossier.standing.since.map(Moment.init)
    var person: DeskPerson?
    if case .person(let id) = holder { person = seen.people[id] }
    address = person.map { PersonPages.address($0.id, dossier.device.district) }
    details = person.map(Self.details)
    owner = dossier.standing.owner.map { "Once it is repaired it goes back to \(words.name($0))" }
    let due = dossier.standing.loan?.dueDay
    let late = due.map { $0 < CivilDate.today(now) } ?? false
    isLate = late
    loan = dossier.standing.loan.map { _ in
      due.map { "On loan until \(CivilDate.words(of: $0))\(late ? ", which is over" : "")" } ?? "On loan"
    }
    owed = dossier.standing.owed.sorted { $0.key.description < $1.key.description }.map { holder, accessories in
      "Its \(CustodyWords.accessories(accessories)) \(accessories.names.count == 1 ? "is" : "are") with \(words.name(holder))"
    }
  }

  static func details(_ person: DeskPerson) -> String {
    let grades = person.grades.isEmpty ? nil : "grade \(ShownText.of(person.grades.joined(separator: ", "), limit: 30))"
    let number = person.number.map { "number \(ShownText.of($0, limit: 64))" }
    let left = person.hasLeft ? "has left" : nil
    return [person.isStudent ? "Student" : "Staff", grades, number, left].compactMap(\.self).joined(separator: ", ")
  }
}

extension CivilDate {
  /// Days since 1970-01-01, in UTC.
  static func today(_ now: Instant) -> Int64 {
    let (quotient, remainder) = now.milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
