package import Vocabulary

/// What a person's list says of a device that is to come.
package struct ExpectedDevice: Sendable, Hashable {
  package let serial: Serial
  package let assetTag: String?
  package let model: String?

  package init(serial: Serial, assetTag: String? = nil, model: String? = nil) {
    self.serial = serial
    self.assetTag = assetTag
    self.model = model
  }
}
