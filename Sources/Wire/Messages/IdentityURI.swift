package import Vocabulary

/// How a device's identity stands in a certificate request, so that any EST client can send it.
///
/// The subject's `serialNumber` attribute (2.5.4.5) is the serial; URIs in the subject alternative name are
/// `urn:uuid:…` (SMBIOS UUID), `urn:rollcall:board:…` (board serial, percent-encoded) and
/// `urn:rollcall:mac:aabbccddeeff` (a built-in adapter). A certificate carries its device as `urn:rollcall:device:dev_…`.
package enum IdentityURI: Hashable, Sendable {
  case uuid(HardwareUUID)
  case board(Serial)
  case mac(MACAddress)
  case device(DeviceID)

  package var text: String {
    switch self {
    case .uuid(let uuid): "urn:uuid:\(uuid.text)"
    case .board(let serial): "urn:rollcall:board:\(PercentEncoding.encode(serial.text))"
    case .mac(let mac): "urn:rollcall:mac:\(mac.text.filter { $0 != ":" })"
    case .device(let id): "urn:rollcall:device:\(id.rawValue)"
    }
  }

  /// nil where `text` is another kind of URI, or its value is malformed or a placeholder.
  package init?(_ text: String) {
    if let rest = text.suffix(after: "urn:uuid:") {
      guard let uuid = HardwareUUID(rest) else { return nil }
      self = .uuid(uuid)
    } else if let rest = text.suffix(after: "urn:rollcall:board:") {
      guard let decoded = PercentEncoding.decode(rest), let serial = Serial(decoded) else { return nil }
      self = .board(serial)
    } else if let rest = text.suffix(after: "urn:rollcall:mac:") {
      guard let bytes = Hex.decode(rest), bytes.count == 6,
        let mac = MACAddress(bytes.map { Hex.encode([$0]) }.joined(separator: ":")), !mac.isLocallyAdministered
      else { return nil }
      self = .mac(mac)
    } else if let rest = text.suffix(after: "urn:rollcall:device:") {
      guard let id = DeviceID(rawValue: rest) else { return nil }
      self = .device(id)
    } else {
      return nil
    }
  }
}

extension String {
  fileprivate func suffix(after prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
