/// From where on a reading counts as worth attention, and as failing. Each default says where it comes from.
package struct HealthThresholds: Sendable, Hashable {
  /// A reading's two borders.
  package struct Borders: Sendable, Hashable {
    package var attention: Double
    package var failing: Double

    package init(attention: Double, failing: Double) {
      self.attention = attention
      self.failing = failing
    }
  }

  /// What a full battery holds, percent of its design. Makers call 80 % after the warranted cycles normal; under 60 % a
  /// laptop of eight hours no longer lasts a school day, under 40 % not half of one.
  package var batteryPercent = Borders(attention: 60, failing: 40)
  /// Charge cycles. Source: makers' data sheets warrant 300 to 1,000 cycles to 80 % of the design.
  package var batteryCycles = 1000.0
  /// A disk's endurance used up, percent. Source: NVMe 1.4, SMART log, Percentage Used: 100 is the warranted life.
  package var diskUsedPercent = Borders(attention: 80, failing: 100)
  /// A disk's spare blocks left, percent. Source: NVMe 1.4, Available Spare; makers' critical threshold is mostly 10.
  package var diskSparePercent = Borders(attention: 20, failing: 10)
  /// Memory free for programs, percent. Below it the kernel swaps or kills; no fault of the machine, so never failing.
  package var memoryFreePercent = 5.0
  /// Free on a file system, percent. Source: ext4 reserves 5 %; under 2 % updates fail half-way.
  package var spaceFreePercent = Borders(attention: 10, failing: 2)
  /// A file system with this much free is well whatever the share, in bytes: 20 GiB hold any update.
  package var spaceEnoughBytes: Int64 = 20 << 30
  /// The hottest of the machine, °C. Source: Intel's and AMD's mobile processors throttle at 95 to 105 °C.
  package var machineCelsius = Borders(attention: 90, failing: 100)
  /// The hottest disk, °C. Source: NVMe warning temperatures (WCTEMP) are mostly 70 to 85 °C.
  package var diskCelsius = Borders(attention: 70, failing: 85)
  /// How far the clock is off, seconds. Source: RFC 4120 §7.5.8, Kerberos refuses from 5 minutes on.
  package var clockSeconds = Borders(attention: 60, failing: 300)
  /// Updates that wait. A school term's worth of Debian security updates is some 100 packages.
  package var updates = Borders(attention: 30, failing: 200)

  package init() {}
}
