import Registry
import Serving
import Vocabulary
import Web

/// What the template of many moves shows.
struct ManyModel: Sendable {
  /// Rows of a preview on the page.
  static let rowsShown = 100

  struct Row: Sendable {
    let title: String
    let serial: String
    let holder: String
  }

  let action: String
  let isReturn: Bool
  let className: String
  let serials: String
  let hasCharger: Bool
  let hasCase: Bool
  /// The digest of the file that is kept.
  let kept: String?
  /// Of the preview.
  let mark: String
  /// Whether a preview is shown.
  let isPreview: Bool
  let canConfirm: Bool
  let summary: String
  let rows: [Row]
  let more: String?
  let faults: [FaultRow]
  let moreFaults: String?
  let hasFaults: Bool

  init(
    _ district: DistrictID, _ form: ManyForm, _ preview: ManyPreview?, _ error: (any StatusError)?, _ seen: SeenNames,
    here: String
  ) {
    action = here
    (isReturn, className, serials) = (form.isReturn, form.className, form.serials)
    hasCharger = form.accessories.contains(Accessory.charger.rawValue)
    hasCase = form.accessories.contains(Accessory.carryingCase.rawValue)
    kept = form.kept?.description
    mark = preview?.mark.description ?? ""
    isPreview = preview != nil
    let all = preview?.rows ?? []
    let told = preview?.faults ?? error?.faults ?? []
    let count = preview?.faultCount ?? told.count
    canConfirm = preview != nil && count == 0 && !all.isEmpty
    let verb = form.isReturn ? "come back" : "be given out"
    let unchanged = preview.map { $0.unchanged == 0 ? "" : " \($0.unchanged) are so already." } ?? ""
    summary =
      count > 0
      ? "\(count) \(count == 1 ? "line is" : "lines are") wrong, so nothing is changed. Correct the file, and choose it again."
      : "\(all.count) \(all.count == 1 ? "device" : "devices") would \(verb).\(unchanged)"
    rows = all.prefix(Self.rowsShown).map { row in
      Row(
        title: DeviceModel.title(row.device), serial: ShownText.of(row.device.serial ?? ""),
        holder: row.holder.map { Self.name($0, seen) } ?? "")
    }
    more = all.count > Self.rowsShown ? "… and \(all.count - Self.rowsShown) more." : nil
    faults = told.prefix(Self.rowsShown).map(FaultRow.init)
    hasFaults = !told.isEmpty
    moreFaults = count > faults.count ? "… and \(count - faults.count) more." : nil
  }

  private static func name(_ holder: Holder, _ seen: SeenNames) -> String {
    switch holder {
    case .person(let id): seen.words(id)
    case .school(let id): "School \(id)"
    case .district: "The district"
    case .warehouse: "The warehouse"
    case .vendor(let name): name.map { ShownText.inSentence($0) } ?? "A repair shop"
    case .otherDistrict(let id): "District \(id)"
    }
  }
}
