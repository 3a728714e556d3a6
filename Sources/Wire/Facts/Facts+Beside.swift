extension Facts {
  /// What a section tells beside what is hashed, and a message is worth when it changes; nil where there is nothing.
  ///
  /// Fields that came after the first version are not hashed, for a controller from before them checks hashes over the fields it
  /// knows. So an agent compares this instead. The boot counts as a change: a controller that has learned of a field since
  /// is told of it at the next start.
  package func beside(_ section: FactSection) -> [UInt8]? {
    var encoder = CanonicalEncoder()
    encoder.field("boot", system?.bootID)
    switch section {
    case .hardware:
      guard let hardware, hardware.tellsBeside else { return nil }
      hardware.encodeBeside(into: &encoder)
    case .system:
      // An agent that reports while services still start does not know how long the start takes: it tells that once it does.
      guard system?.bootMilliseconds != nil else { return nil }
      encoder.field("bootDuration", true)
    case .identity, .vitals, .software: return nil
    }
    return encoder.bytes
  }
}

extension HardwareFacts {
  fileprivate var tellsBeside: Bool { graphics != nil || cameras != nil || audio != nil || bluetooth != nil }

  /// The fields that are told, but not hashed.
  func encodeBeside(into encoder: inout CanonicalEncoder) {
    encoder.field("graphics", graphics ?? [])
    encoder.field("cameras", cameras ?? [])
    encoder.field("audio", audio ?? [])
    encoder.field("bluetooth", bluetooth)
  }
}
