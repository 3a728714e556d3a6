package import Vocabulary

/// What a machine says of itself, fillers left out. A claim, never a proof.
package struct ClaimedIdentity: Sendable, Hashable {
  package var serial: Serial?
  package var uuid: HardwareUUID?
  package var boardSerial: Serial?
  /// Of built-in adapters, universally administered.
  package var builtInMACs: [MACAddress]

  package init(
    serial: Serial? = nil, uuid: HardwareUUID? = nil, boardSerial: Serial? = nil, builtInMACs: [MACAddress] = []
  ) {
    self.serial = serial
    self.uuid = uuid
    self.boardSerial = boardSerial
    self.builtInMACs = builtInMACs.filter { !$0.isLocallyAdministered }
  }

  /// From the texts as firmware gives them; what is a placeholder or malformed is left out.
  package init(serial: String?, uuid: String?, boardSerial: String?, builtInMACs: [String]) {
    self.init(
      serial: serial.flatMap(Serial.init), uuid: uuid.flatMap(HardwareUUID.init),
      boardSerial: boardSerial.flatMap(Serial.init), builtInMACs: builtInMACs.compactMap(MACAddress.init))
  }

  /// Whether a machine can be told from others by this: a serial, or two of the three other marks.
  package var isUsable: Bool { serial != nil || otherMarks >= 2 }

  package var strength: IdentityStrength { isUsable ? .strong : .weak }

  /// The marks as they are compared, whichever kind each one is of.
  package var marks: Set<String> { marks(withSerial: true) }

  func marks(withSerial: Bool) -> Set<String> {
    let firmware = [withSerial ? serial?.folded : nil, uuid?.text, boardSerial?.folded].compactMap(\.self)
    return Set(firmware + builtInMACs.map(\.text))
  }

  private var otherMarks: Int { (uuid == nil ? 0 : 1) + (boardSerial == nil ? 0 : 1) + (builtInMACs.isEmpty ? 0 : 1) }
}

/// Which device a claimed identity is.
package enum Resolution: Sendable, Hashable {
  case known(DeviceID, keys: [DeviceKey])
  case unknown
  /// The marks point at several devices, or contradict what is known: a person must look.
  case ambiguous([DeviceID])
}
