import Testing
import Vocabulary

@testable import HelpDesk

/// How a device's numbers went in a year, in words and as charts.
@Suite("The trend of a device's readings")
struct ReadingTrendTests {
  /// 2026-11-23, a Monday.
  private static let today = CivilDate(year: 2026, month: 11, day: 23)!.daysSinceEpoch

  /// A reading each week, the oldest `count` weeks ago.
  private static func told(
    _ count: Int, _ fill: (_ weeksAgo: Int, inout MachineReading) -> Void
  ) -> MachineTold {
    var told = MachineTold()
    told.readings = (0...count).reversed().map { ago in
      var reading = MachineReading(monday: today - Int64(ago) * 7)
      fill(ago, &reading)
      return reading
    }
    return told
  }

  private static func words(_ measure: ReadingTrend.Measure, _ told: MachineTold) -> String? {
    ReadingTrend(measure, told, today: today).map(TrendWords.sentences)
  }

  @Test("A battery that wears says what it held a year ago, and when it is to be replaced at this pace")
  func battery() {
    // A quarter of a percent a week.
    var told = Self.told(52) { $1.batteryPercent = 71 + $0 / 4 }
    told.batteryPercent = 71
    #expect(
      Self.words(.battery, told)
        == "The battery holds 71 % of what it did when new; 84 % a year ago. At this pace it lasts for two years and more."
    )
    told = Self.told(52) { $1.batteryPercent = 48 + $0 / 2 }
    #expect(
      Self.words(.battery, told)
        == "The battery holds 48 % of what it did when new; 74 % a year ago. At this pace it is to be replaced in March 2027."
    )
    told.batteryPercent = 39
    #expect(
      Self.words(.battery, told)
        == "The battery holds 39 % of what it did when new; 74 % a year ago. It is to be replaced now.")
    told.batteryReplacedUnder = 30
    #expect(Self.words(.battery, told)?.hasSuffix("in March 2027.") == true, "the border is the controller's")
  }

  @Test("A disk's wear goes up, and is to be replaced at its border")
  func disk() {
    let told = Self.told(20) { $1.diskUsedPercent = 90 - $0 }
    #expect(
      Self.words(.disk, told)
        == "The disk has used up 90 % of what it is made for; 70 % 5 months ago. At this pace it is to be replaced in February 2027."
    )
    let worn = Self.told(20) { $1.diskUsedPercent = 104 - $0 }
    #expect(Self.words(.disk, worn)?.hasSuffix("It is to be replaced now.") == true)
  }

  @Test("What is too young, does not change, or gets better has no pace; what was never told has no line")
  func without() {
    #expect(
      Self.words(.battery, Self.told(0) { $1.batteryPercent = 93 }) == "The battery holds 93 % of what it did when new."
    )
    #expect(
      Self.words(.battery, Self.told(6) { $1.batteryPercent = 80 + $0 })
        == "The battery holds 80 % of what it did when new; 86 % 6 weeks ago.")
    #expect(
      Self.words(.battery, Self.told(30) { $1.batteryPercent = 80 })
        == "The battery holds 80 % of what it did when new, as 7 months ago.")
    #expect(
      Self.words(.battery, Self.told(52) { $1.batteryPercent = 60 - $0 / 4 })
        == "The battery holds 60 % of what it did when new; 47 % a year ago.", "a new one, or calibrated anew")
    #expect(Self.words(.disk, Self.told(52) { $1.batteryPercent = $0 }) == nil)
    #expect(
      ReadingsModel(MachineTold(), now: .init(milliseconds: 0)) == nil
        && ReadingsModel(nil, now: .init(milliseconds: 0)) == nil)
  }

  @Test("Memory and temperature, which go up and down, tell between what; space tells what it was")
  func ranges() {
    let told = Self.told(52) {
      $1.memoryFreePercent = 40 + $0 % 9
      $1.hottestCelsius = 55 - $0 % 20
      $1.spaceFreePercent = 22 + $0 / 3
    }
    #expect(Self.words(.memory, told) == "40 % of the memory is free; between 40 and 48 % in the last year.")
    #expect(Self.words(.temperature, told) == "The hottest part is at 55 °C; between 36 and 55 °C in the last year.")
    #expect(Self.words(.space, told) == "22 % of the space is free; 39 % a year ago.")
  }

  @Test("Numbers that no machine has break nothing")
  func hostile() throws {
    var told = Self.told(52) {
      $1.batteryPercent = $0.isMultiple(of: 2) ? .max / 2 : 0
      $1.hottestCelsius = -4000
    }
    told.readings.append(MachineReading(monday: .max / 2))
    told.readings.append(MachineReading(monday: .min / 2))
    told.batteryPercent = .max / 2
    #expect(Self.words(.battery, told) != nil && Self.words(.temperature, told) != nil)
    let model = try #require(ReadingsModel(told, now: Instant(milliseconds: Self.today * 86_400_000)))
    for chart in model.charts {
      for pair in chart.lines.flatMap({ $0.split(separator: " ") }) {
        let numbers = pair.split(separator: ",").compactMap { Int($0) }
        #expect((0...ReadingsModel.width).contains(numbers[0]) && (0...ReadingsModel.height).contains(numbers[1]))
      }
    }
  }

  @Test("A chart draws no line over weeks that nobody measured, and the table has every fourth week")
  func chart() throws {
    var told = Self.told(52) { $1.batteryPercent = 50 + $0 / 2 }
    told.readings.removeAll { ((Self.today - $0.monday) / 7) > 20 && ((Self.today - $0.monday) / 7) < 30 }
    told.readings.removeAll { ((Self.today - $0.monday) / 7) > 30 && ((Self.today - $0.monday) / 7) < 40 }
    let model = try #require(ReadingsModel(told, now: Instant(milliseconds: Self.today * 86_400_000)))
    #expect(
      model.charts.map(\.code) == ["battery"] && model.charts[0].lines.count == 2 && model.charts[0].dots.count == 1)
    #expect(model.charts[0].border == [ReadingsModel.height - 3 - 26])
    let last = try #require(model.charts[0].lines.last?.split(separator: " ").last)
    #expect(last == "237,36", "\(last)")
    #expect(model.rows.count == 11 && model.rows[0].day == "2026-11-23" && model.rows[0].battery == "50 %")
    #expect(model.rows[1].day == "2026-10-26" && model.rows[0].disk == "–" && model.isThinned)
  }

  @Test("The page has a chart with words for each number, and a table of the same")
  func page() async throws {
    var told = MachineTold()
    let monday = DeviceBench.now.milliseconds / 86_400_000
    told.readings = (0..<10).reversed().map { ago in
      var reading = MachineReading(monday: monday - Int64(ago) * 7)
      (reading.batteryPercent, reading.hottestCelsius) = (60 + ago, 44)
      return reading
    }
    let bench = try await DeviceBench(machines: Machines(told: told))
    let device = try await bench.device("TREND1")
    let page = await bench.get("/devices/\(device)", as: "help-desk@cedar")
    for words in [
      "<title id=\"reading-battery\">Battery in the last year, from 0 to 100 %. The battery holds 60 % of what it did when new; 69 % 2 months ago. At this pace it is to be replaced in",
      "<strong>Temperature</strong> The hottest part is at 44 °C.", "<th scope=\"row\">2026-09-21</th>",
      "data-label=\"Battery holds\">60 %</td>", "<polyline points=\"",
    ] { #expect(page.text.contains(words), "\(words)") }
    let bare = try await DeviceBench()
    let other = try await bare.device("TREND1")
    #expect(!(await bare.get("/devices/\(other)", as: "help-desk@cedar")).text.contains("id=\"readings\""))
  }
}
