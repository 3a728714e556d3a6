internal import Compression
internal import Wire

/// How the bodies of `checkin_section` and `checkin_held` are stored: packed, with what facts are likely to hold.
///
/// The dictionary is part of the stored format: what is packed with it can be read with it alone. A better one comes
/// beside it, under a mark of its own.
enum FactPacking {
  /// A body begins with `{`.
  static let first = Packing(mark: 1, dictionary: hardware + identity + system + vitals)

  static func pack(_ body: [UInt8]) throws -> [UInt8] { try first.pack(body) }

  /// - Throws: `compression.…`
  static func unpack(_ stored: [UInt8]) throws -> [UInt8] { try first.unpack(stored, limit: Limits.messageBytes) }

  private static let hardware = #"""
    ,"reason":"not measured: rollcall-measure.timer has not run since boot"},{"field":"the kernel does not offer it: permission denied\#
    "kind":"ethernet","driver":"r8169","name":"enp1s0"SK hynix BC711 HFM256GD3JX013NWDC PC SN530 SDBPNPZ-256G-1002KIOXIA KBG40ZNS256GMicron MTFDKBA512TFK\#
    "kind":"sata","name":"sda","rotational":true"kind":"mmc","name":"mmcblk0""kind":"virtio","name":"vda"Intel(R) Celeron(R) N4020 CPU @ 1.10GHz\#
    12th Gen Intel(R) Core(TM) i5-1235UIntel(R) Core(TM) i3-1115G4 @ 3.00GHzAMD Ryzen 5 5500U with Radeon GraphicsAMD 3020e with Radeon Graphics\#
    {"adapters":[{"builtIn":true,"driver":"iwlwifi","kind":"wifi","mac":"00:","name":"wlp0s20f3"}],"batteries":[{"designMicrowattHours":50000000,\#
    "manufacturer":"SMP","model":"L19M3PF9","name":"BAT0","technology":"Li-poly","technology":"Li-ion"}],"disks":[{"bytes":256060514304,"bytes":512110190592,\#
    "firmware":"1","kind":"nvme","model":"SAMSUNG MZVLQ256HBJD-00BH1","name":"nvme0n1","rotational":false,"serial":"S"}],"memoryBytes":8165296384,\#
    "processor":{"architecture":"x86_64","cores":4,"model":"Intel(R) ","threads":8},"secureBoot":true,"tpmVersion":"2.0","uefi":true,"unreadable":[]}
    """#

  private static let identity = #"""
    "vendor":"Dell Inc.""vendor":"HP","vendor":"Acer""vendor":"ASUSTeK COMPUTER INC.""vendor":"Hewlett-Packard"Dell Inc.Latitude 3120Insyde Corp.\#
    HP ProBook 440 G8 Notebook PCAmerican Megatrends International, LLC.ThinkPad L13 YogaTravelMate B311Aspire Chromebook\#
    {"board":"","boardSerial":"","builtInMACs":["00:"],"chassisType":10,"chassisType":31,"family":"ThinkPad E14 Gen 3","firmwareDate":"05/17/2021",\#
    "firmwareVendor":"LENOVO","firmwareVersion":"R1OET27W (1.06 )","product":"20Y7","serial":"","sku":"LENOVO_MT_20Y7_BU_Think_FM_ThinkPad ",\#
    "unreadable":[],"uuid":"","vendor":"LENOVO","version":"ThinkPad "}
    """#

  private static let system = #"""
    "osID":"ubuntu","osName":"Ubuntu 24.04.1 LTS","osVersion":"24.04""kernel":"6.8.0-45-generic"\#
    {"bootID":"","bootedAt":179,"encryptionKind":"luks2","failedUnits":[".service"],"hostname":"lt-","kernel":"6.1.0-28-amd64","osID":"debian",\#
    "osName":"Debian GNU/Linux 12 (bookworm)","osVersion":"12","rebootPending":false,"rebootPending":true,"rootEncrypted":true,"unreadable":[]}
    """#

  private static let vitals = #"""
    "state":"charging""state":"full""state":"not charging""kind":"vfat","mount":"/boot/efi""kind":"btrfs","mount":"/home"\#
    {"batteries":[{"chargePercent":7,"cycles":120,"fullMicrowattHours":39,"name":"BAT0","state":"discharging"}],"clockOffsetMilliseconds":12,\#
    "disks":[{"healthy":true,"mediaErrors":0,"name":"nvme0n1","percentUsed":1,"powerOnHours":1840,"sparePercent":100,"temperatureMillicelsius":38000}],\#
    "fileSystems":[{"availableBytes":,"kind":"ext4","mount":"/","readOnly":false,"totalBytes":512110190592,"totalBytes":256060514304}],\#
    "links":[{"name":"wlp0s20f3","signalDBm":-5,"speedMbps":866,"up":true},{"name":"wlp0s20f3","up":true}],"memoryAvailableBytes":,"memoryTotalBytes":,\#
    "thermals":[{"millicelsius":47000,"zone":"x86_pkg_temp"},{"zone":"acpitz"}],"unreadable":[],"updatesAvailable":0}
    """#
}
