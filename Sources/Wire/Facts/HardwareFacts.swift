/// What the machine is made of: changes only when someone opens it.
package struct HardwareFacts: Hashable, Sendable, Codable, Canonical {
  package var processor: Processor?
  /// Usable memory in bytes. Source: /proc/meminfo MemTotal
  package var memoryBytes: Int64?
  /// Sorted by name.
  package var disks: [Disk]
  /// Sorted by name.
  package var batteries: [Battery]
  /// Physical adapters only, sorted by name.
  package var adapters: [Adapter]
  /// `2.0`, `1.2`; nil where there is none. Source: /sys/class/tpm/tpm0/tpm_version_major
  package var tpmVersion: String?
  /// Whether the machine booted through UEFI. Source: /sys/firmware/efi
  package var uefi: Bool?
  /// nil where the firmware has no such variable. Source: /sys/firmware/efi/efivars/SecureBoot-8be4df61-…
  package var secureBoot: Bool?
  /// Graphics adapters, sorted by name; told, but not hashed, like all below: they came after the first version.
  package var graphics: [Graphics]?
  /// Cameras, sorted by name.
  package var cameras: [Part]?
  /// Sound cards, sorted by name.
  package var audio: [Part]?
  /// Whether there is a Bluetooth adapter; never its address, nor what is near it. Source: /sys/class/bluetooth
  package var bluetooth: Bool?
  package var unreadable: [Unreadable]

  package init() {
    disks = []
    batteries = []
    adapters = []
    unreadable = []
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.field("processor", processor)
    encoder.field("memoryBytes", memoryBytes)
    encoder.field("disks", disks)
    encoder.field("batteries", batteries)
    encoder.field("adapters", adapters)
    encoder.field("tpmVersion", tpmVersion)
    encoder.field("uefi", uefi)
    encoder.field("secureBoot", secureBoot)
    encoder.field("unreadable", unreadable)
  }

  /// Source: /proc/cpuinfo
  package struct Processor: Hashable, Sendable, Codable, Canonical {
    package var model: String
    /// Physical cores.
    package var cores: Int?
    /// Logical processors.
    package var threads: Int
    /// As `uname -m` says, such as `x86_64`.
    package var architecture: String

    package init(model: String, cores: Int?, threads: Int, architecture: String) {
      self.model = model
      self.cores = cores
      self.threads = threads
      self.architecture = architecture
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.field("model", model)
      encoder.field("cores", cores)
      encoder.field("threads", threads)
      encoder.field("architecture", architecture)
    }
  }

  /// A whole, non-removable block device. Source: /sys/block
  package struct Disk: Hashable, Sendable, Codable, Canonical {
    /// The kernel's name, such as `nvme0n1`.
    package var name: String
    /// `nvme`, `ata`, `scsi`, `mmc`, `virtio`, `usb` or `other`.
    package var kind: String
    package var model: String?
    package var serial: String?
    package var firmware: String?
    /// Capacity in bytes. Source: /sys/block/NAME/size, sectors of 512 bytes
    package var bytes: Int64?
    /// Source: /sys/block/NAME/queue/rotational
    package var rotational: Bool?

    package init(name: String, kind: String) {
      self.name = name
      self.kind = kind
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.field("name", name)
      encoder.field("kind", kind)
      encoder.field("model", model)
      encoder.field("serial", serial)
      encoder.field("firmware", firmware)
      encoder.field("bytes", bytes)
      encoder.field("rotational", rotational)
    }
  }

  /// A battery that powers the machine (not a mouse's). Source: /sys/class/power_supply/NAME
  package struct Battery: Hashable, Sendable, Codable, Canonical {
    package var name: String
    package var manufacturer: String?
    package var model: String?
    package var serial: String?
    package var technology: String?
    /// Capacity when new, in microwatt-hours. Source: energy_full_design, or charge_full_design × voltage_min_design
    package var designMicrowattHours: Int64?

    package init(name: String) { self.name = name }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.field("name", name)
      encoder.field("manufacturer", manufacturer)
      encoder.field("model", model)
      encoder.field("serial", serial)
      encoder.field("technology", technology)
      encoder.field("designMicrowattHours", designMicrowattHours)
    }
  }

  /// A physical network adapter. Source: /sys/class/net/NAME
  package struct Adapter: Hashable, Sendable, Codable, Canonical {
    package var name: String
    /// `ethernet`, `wifi` or `other`.
    package var kind: String
    /// The permanent address where the kernel tells it, else the present one.
    package var mac: String?
    package var driver: String?
    /// Whether it sits on an internal bus rather than on USB.
    package var builtIn: Bool

    package init(name: String, kind: String, mac: String?, driver: String?, builtIn: Bool) {
      self.name = name
      self.kind = kind
      self.mac = mac
      self.driver = driver
      self.builtIn = builtIn
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.field("name", name)
      encoder.field("kind", kind)
      encoder.field("mac", mac)
      encoder.field("driver", driver)
      encoder.field("builtIn", builtIn)
    }
  }

  /// Source: /sys/class/drm/cardN
  package struct Graphics: Hashable, Sendable, Codable, Canonical {
    /// The kernel's name, such as `card0`.
    package var name: String
    /// Maker and model as the machine's list of PCI ids names them. Source: pci.ids of hwdata
    package var model: String?
    /// Maker and device, such as `8086:9a49`.
    package var pciID: String?
    package var driver: String?

    package init(name: String) { self.name = name }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.field("name", name)
      encoder.field("model", model)
      encoder.field("pciID", pciID)
      encoder.field("driver", driver)
    }
  }

  /// A part that is told by what it is called. Source: /sys/class/video4linux, /proc/asound/cards
  package struct Part: Hashable, Sendable, Codable, Canonical {
    /// The kernel's name, such as `video0`.
    package var name: String
    package var model: String?
    package var driver: String?

    package init(name: String, model: String?, driver: String?) {
      self.name = name
      self.model = model
      self.driver = driver
    }

    package func encode(into encoder: inout CanonicalEncoder) {
      encoder.field("name", name)
      encoder.field("model", model)
      encoder.field("driver", driver)
    }
  }
}
