import Vocabulary

extension LedgerProjection {
  /// Why a move cannot be made from here, and what comes first, in words for who knows no codes.
  func hindrance(of kind: CustodyMove.Kind) -> String {
    switch stage {
    case .ordered: return "It is ordered, and has not come yet."
    case .packed, .shipped: return "It is on its way: it has to arrive first."
    case .assigned, .inService: return held(kind)
    case .inRepair:
      return kind == .repair
        ? "It is in repair already." : "It is in repair: it has to come back first."
    case .lost, .stolen:
      let word = stage == .lost ? "lost" : "stolen"
      return kind == .lost || kind == .stolen
        ? "It is reported \(word) already." : "It is reported \(word): it has to be found first."
    case .retired:
      if case .otherDistrict(let id)? = holder { return "It was moved to the district '\(id)', and is theirs now." }
      return "It is out of use, for good."
    case nil, .received, .enrolled, .imaged, .configured, .verified, .delivered, .returned: return free(kind)
    }
  }

  private func held(_ kind: CustodyMove.Kind) -> String {
    let who = custody == .person ? "A student or a member of staff has it" : "It is handed out"
    switch kind {
    case .repaired: return "It is not in repair."
    case .found: return "It is not reported lost or stolen."
    case .returnAccessories: return "Nobody owes an accessory of it."
    case .receive, .deliver, .assign, .loan, .transfer, .retire, .giveBack, .repair, .lost, .stolen, .giveAccessories:
      return "\(who): it has to be given back first."
    }
  }

  private func free(_ kind: CustodyMove.Kind) -> String {
    switch kind {
    case .giveBack, .giveAccessories: "Nobody has it."
    case .repaired: "It is not in repair."
    case .found: "It is not reported lost or stolen."
    case .returnAccessories: "Nobody owes an accessory of it."
    case .receive: "It has come already."
    case .deliver: "It is handed over already."
    case .assign, .loan, .transfer, .retire, .repair, .lost, .stolen: "It cannot be done with it now."
    }
  }
}
