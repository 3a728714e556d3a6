internal import Wire

extension Tree {
  /// Readings that move all the time.
  func vitals(
    disks: DiskReadings, adapters: [AdapterReading], mounts: MountTable, _ devices: any DeviceQuestions
  ) -> VitalFacts {
    var facts = VitalFacts()
    var gaps = Gaps()
    let memory = memory("memoryTotalBytes", &gaps)
    (facts.memoryTotalBytes, facts.memoryAvailableBytes) = (memory.total, memory.available)
    if memory.total != nil, memory.available == nil {
      gaps.add("memoryAvailableBytes", "no MemAvailable in /proc/meminfo")
    }
    facts.disks = disks.list.compactMap { health($0, devices, &gaps) }
    facts.fileSystems = fileSystems(mounts, devices, &gaps)
    facts.batteries = batteryStates(&gaps)
    facts.thermals = thermals(&gaps)
    facts.links = links(adapters, &gaps)
    gaps.add("updatesAvailable", "not counted: comparing all package lists would cost more than the rest of a check-in")
    facts.unreadable = gaps.list
    return facts
  }
}
