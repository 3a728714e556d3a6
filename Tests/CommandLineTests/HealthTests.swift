import Testing

@testable import rollcall

@Suite("Counts of health on the command line")
struct HealthTests {
  private static let district = """
    {"district":"elm","total":7,"well":4,"attention":1,"failing":1,"unknown":1,"outOfUse":2,"notHere":3,"schools":[
    {"school":"north","total":5,"well":4,"attention":1,"failing":0,"unknown":0,"outOfUse":2,"notHere":3},
    {"total":2,"well":0,"attention":0,"failing":1,"unknown":1,"outOfUse":0,"notHere":0}]}
    """
  private static let state = """
    {"total":7,"well":4,"attention":1,"failing":1,"unknown":1,"outOfUse":2,"notHere":3,"districts":[
    {"district":"elm","total":7,"well":4,"attention":1,"failing":1,"unknown":1,"outOfUse":2,"notHere":3}]}
    """

  @Test("A district is shown by school with its sum, devices of no school by that name")
  func ofDistrict() {
    let controller = FakeController(.success(.json(Self.district)))
    let table = run("health", "-d", "elm", on: controller)
    #expect(table.status == .success && controller.requests.last?.target == "/api/v1/districts/elm/health")
    #expect(
      table.out == """
        School       Devices  Well  Attention  Failing  Unknown  Out of use  Not here
        north              5     4          1        0        0           2         3
        (no school)        2     0          0        1        1           0         0
        All                7     4          1        1        1           2         3

        """, "\(table.out)")
    let csv = run("health", "-d", "elm", "--output", "csv", on: controller)
    #expect(
      csv.out
        == "school,total,well,attention,failing,unknown,outOfUse,notHere\r\nnorth,5,4,1,0,0,2,3\r\n,2,0,0,1,1,0,0\r\n",
      "\(csv.out)"
    )
    let json = run("health", "-d", "elm", "--output", "json", on: controller)
    #expect(JSONValue(Array(json.out.utf8)) == JSONValue(Array(Self.district.utf8)))
  }

  @Test("Without a district all that may be seen is shown by district")
  func everywhere() {
    let controller = FakeController(.success(.json(Self.state)))
    let table = run("health", on: controller)
    #expect(controller.requests.last?.target == "/api/v1/health")
    #expect(table.out.contains("elm             7     4") && table.out.contains("All             7"), "\(table.out)")
    #expect(run("health", "-d", "elm", "--all-districts", on: controller).status == .usage)
  }
}
