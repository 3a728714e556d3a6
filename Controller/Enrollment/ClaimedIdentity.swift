package import Vocabulary

/// Who a machine says it is. Nothing here is proof of anything.
package struct ClaimedIdentity: Hashable, Sendable {
  package var serial: Serial?
  package var uuid: HardwareUUID?
  package var boardSerial: Serial?
  /// Universally administered addresses of built-in adapters.
  package var builtInMACs: [MACAddress]

  package init(
    serial: Serial? = nil, uuid: HardwareUUID? = nil, boardSerial: Serial? = nil, builtInMACs: [MACAddress] = []
  ) {
    self.serial = serial
    self.uuid = uuid
    self.boardSerial = boardSerial
    self.builtInMACs = builtInMACs
  }
}
