import Registry
import Vocabulary

/// Stage, holders and moves in words that a parent understands.
enum CustodyWords {
  static func stage(_ stage: Stage?) -> String {
    switch stage {
    case nil: "known, and nothing more"
    case .ordered: "ordered, not here yet"
    case .received: "received, not handed out yet"
    case .enrolled: "enrolled, not handed out yet"
    case .imaged: "prepared, not handed out yet"
    case .configured: "set up, not handed out yet"
    case .verified: "checked, not handed out yet"
    case .packed: "packed"
    case .shipped: "on its way"
    case .delivered: "delivered, not handed out yet"
    case .assigned: "handed out"
    case .inService: "in use"
    case .inRepair: "in repair"
    case .lost: "lost"
    case .stolen: "stolen"
    case .returned: "given back"
    case .retired: "out of use"
    }
  }

  /// With who has it: a device that went to another district is out of use here alone.
  static func stage(_ stage: Stage?, with holder: Holder?) -> String {
    if stage == .retired, case .otherDistrict? = holder { return "moved to another district" }
    return self.stage(stage)
  }

  /// Who answers for it, where nobody is named.
  static func custody(_ custody: Custody?) -> String {
    switch custody {
    case nil: "Nobody is known to have it"
    case .warehouse: "The warehouse"
    case .carrier: "On its way"
    case .district: "The district"
    case .school: "A school"
    case .person: "A student or a member of staff"
    case .vendor: "Its maker or seller"
    }
  }

  static func category(_ category: RepairCategory) -> String {
    switch category {
    case .screen: "screen"
    case .keyboard: "keyboard"
    case .battery: "battery"
    case .charging: "charging"
    case .housing: "housing"
    case .liquid: "liquid damage"
    case .storage: "disk"
    case .network: "network"
    case .software: "software"
    case .other: "something else"
    }
  }

  static func accessories(_ accessories: Accessories) -> String { accessories.names.joined(separator: " and ") }

  /// What a button says.
  static func button(_ move: CustodyMove.Kind) -> String {
    switch move {
    case .receive: "It came in"
    case .deliver: "Hand over to a school"
    case .assign: "Give it to somebody"
    case .giveBack: "It was given back"
    case .loan: "Loan it"
    case .repair: "Send to repair"
    case .repaired: "It is repaired"
    case .lost: "Report it lost"
    case .stolen: "Report it stolen"
    case .found: "It was found"
    case .transfer: "Move it elsewhere"
    case .retire: "Take out of use"
    case .giveAccessories: "Give accessories"
    case .returnAccessories: "Accessories came back"
    }
  }

  /// What is said once it is done.
  static func done(_ move: CustodyMove.Kind) -> String {
    switch move {
    case .receive: "It is received."
    case .deliver: "It is handed over."
    case .assign: "It is given out."
    case .giveBack: "It is back."
    case .loan: "It is loaned."
    case .repair: "It is in repair."
    case .repaired: "It is back from repair."
    case .lost: "It is reported lost, and receives nothing but a notice."
    case .stolen: "It is reported stolen, and receives nothing but a notice."
    case .found: "It is found, and trusted again."
    case .transfer: "It is moved."
    case .retire: "It is out of use."
    case .giveAccessories: "The accessories are given out."
    case .returnAccessories: "The accessories are back."
    }
  }

  /// What a move does, for who is about to make it.
  static func explanation(_ move: CustodyMove.Kind) -> String {
    switch move {
    case .receive: "It came, and is here from now on."
    case .deliver: "Its school, or the district, answers for it from now on."
    case .assign: "Who gets it answers for it until it is given back."
    case .giveBack: "Whoever has it gave it back. Accessories that are not ticked stay owed."
    case .loan: "It goes to somebody for some school days, mostly in place of one that is in repair."
    case .repair: "Once it is repaired, it is again with who had it."
    case .repaired: "It is again where it was before, with who had it."
    case .lost: "It still checks in, and receives nothing but a notice, until it is found."
    case .stolen:
      "It still checks in, and receives nothing but a notice, until it is found. The police report's number may come later."
    case .found: "It is again where it was before, with who had it, and trusted again."
    case .transfer: "To another district it goes without its past, and enrols there anew."
    case .retire: "Nothing follows upon this. Its history stays."
    case .giveAccessories: "They go to who has the device."
    case .returnAccessories: "They come back from who owes them."
    }
  }
}
