internal import Wire

extension Tree {
  /// Readings that move all the time.
  func vitals(
    disks: DiskReadings, adapters: [AdapterReading], mounts: MountTable, measured: Measured,
    _ devices: any DeviceQuestions
  ) -> VitalFacts {
    var facts = VitalFacts()
    var gaps = Gaps()
    let memory = memory("memoryTotalBytes", &gaps)
    (facts.memoryTotalBytes, facts.memoryAvailableBytes) = (memory.total, memory.available)
    if memory.total != nil, memory.available == nil {
      gaps.add("memoryAvailableBytes", "no MemAvailable in /proc/meminfo")
    }
    facts.disks = disks.list.compactMap { health($0, devices, measured, &gaps) }
    facts.fileSystems = fileSystems(mounts, devices, &gaps)
    facts.batteries = batteryStates(&gaps)
    facts.thermals = thermals(&gaps)
    facts.links = links(adapters, &gaps)
    facts.updatesAvailable = measured.updates(&gaps)
    facts.unreadable = gaps.list
    return facts
  }
}
