/// Which machine this is, as its firmware and board say. Nothing here is a credential.
package struct IdentityFacts: Hashable, Sendable, Codable, Canonical {
  /// As read, even where it is a placeholder. Source: SMBIOS type 1, /sys/class/dmi/id/product_serial
  package var serial: String?
  /// Source: SMBIOS type 1, /sys/class/dmi/id/product_uuid
  package var uuid: String?
  /// Source: SMBIOS type 2, /sys/class/dmi/id/board_serial
  package var boardSerial: String?
  /// Source: SMBIOS type 3, /sys/class/dmi/id/chassis_serial
  package var chassisSerial: String?
  /// Source: SMBIOS type 3, /sys/class/dmi/id/chassis_asset_tag
  package var assetTag: String?
  /// Source: SMBIOS type 1, /sys/class/dmi/id/sys_vendor
  package var vendor: String?
  /// Source: SMBIOS type 1, /sys/class/dmi/id/product_name
  package var product: String?
  /// Source: SMBIOS type 1, /sys/class/dmi/id/product_version
  package var version: String?
  /// Source: SMBIOS type 1, /sys/class/dmi/id/product_family
  package var family: String?
  /// Source: SMBIOS type 1, /sys/class/dmi/id/product_sku
  package var sku: String?
  /// Source: SMBIOS type 2, /sys/class/dmi/id/board_name
  package var board: String?
  /// The SMBIOS number of the form: 9 laptop, 10 notebook, 31 convertible … Source: /sys/class/dmi/id/chassis_type
  package var chassisType: Int?
  /// Source: /sys/class/dmi/id/bios_vendor
  package var firmwareVendor: String?
  /// Source: /sys/class/dmi/id/bios_version
  package var firmwareVersion: String?
  /// As the firmware writes it, mostly MM/DD/YYYY. Source: /sys/class/dmi/id/bios_date
  package var firmwareDate: String?
  /// Permanent, universally administered addresses of built-in adapters, sorted.
  package var builtInMACs: [String]
  package var unreadable: [Unreadable]

  package init() {
    builtInMACs = []
    unreadable = []
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.field("serial", serial)
    encoder.field("uuid", uuid)
    encoder.field("boardSerial", boardSerial)
    encoder.field("chassisSerial", chassisSerial)
    encoder.field("assetTag", assetTag)
    encoder.field("vendor", vendor)
    encoder.field("product", product)
    encoder.field("version", version)
    encoder.field("family", family)
    encoder.field("sku", sku)
    encoder.field("board", board)
    encoder.field("chassisType", chassisType)
    encoder.field("firmwareVendor", firmwareVendor)
    encoder.field("firmwareVersion", firmwareVersion)
    encoder.field("firmwareDate", firmwareDate)
    encoder.field("builtInMACs", builtInMACs)
    encoder.field("unreadable", unreadable)
  }
}
