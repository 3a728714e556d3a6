import Vocabulary
import Wire

/// The enrolled devices of a run, from either kind of fleet file.
///
/// `@unchecked Sendable`: the places are divided among event loops, and each is touched on its own loop alone.
final class Fleet: @unchecked Sendable {
  private enum Shelf {
    case list(UnsafeMutableBufferPointer<SimulatedDevice>)
    case map(FleetMap)
  }

  let seed: UInt64
  let intermediates: [[UInt8]]
  let count: Int
  /// What the fleet was made with; nil where its file does not say.
  let shape: SoftwareShape?
  private let shelf: Shelf

  /// - Parameter limit: use only so many of its devices.
  init(path: String, limit: Int? = nil) throws {
    if FleetMap.isOne(path) {
      let map = try FleetMap(path: path)
      (seed, intermediates, shape) = (map.head.seed, map.head.intermediates, map.head.sets)
      count = min(limit ?? .max, map.count)
      shelf = .map(map)
    } else {
      let file = try FleetFile(path: path)
      (seed, intermediates, shape) = (file.seed, file.intermediates, nil)
      count = min(limit ?? .max, file.devices.count)
      let list = UnsafeMutableBufferPointer<SimulatedDevice>.allocate(capacity: file.devices.count)
      _ = list.initialize(from: file.devices)
      shelf = .list(list)
    }
    guard count > 0 else { throw SwarmError("The fleet file has no devices.") }
  }

  deinit {
    if case .list(let list) = shelf {
      list.deinitialize()
      list.deallocate()
    }
  }

  func device(_ place: Int) -> SimulatedDevice? {
    switch shelf {
    case .list(let list): list[place]
    case .map(let map): map.device(place)
    }
  }

  /// Keeps what an acknowledged check-in changed.
  func keep(_ device: SimulatedDevice, at place: Int) {
    switch shelf {
    case .list(let list): list[place] = device
    case .map(let map): map.keep(device, at: place)
    }
  }

  /// Writes a text file anew; a mapped one has everything already.
  func save(to path: String) throws {
    guard case .list(let list) = shelf else { return }
    try FleetFile(seed: seed, intermediates: intermediates, devices: Array(list)).write(to: path)
  }
}
