import Testing

@testable import rollcall

@Suite("Software of many devices")
struct SoftwareTests {
  private static let having = """
    {"items":[{"district":"cedar-falls","device":"dev_0123456789abcdef","serial":"PF3XK2M9","hostname":"lt-1",
    "stage":"enrolled","packages":[{"version":"3.0.11","architecture":"amd64","source":"dpkg"},
    {"version":"3.0.11","architecture":"i386","source":"dpkg"}]}]}
    """

  @Test("who-has asks for the package and shows each device once")
  func whoHas() {
    let controller = FakeController(.success(.json(Self.having)))
    let outcome = run("software", "who-has", "openssl", "--below", "3.0.15~x", "-d", "cedar-falls", on: controller)
    #expect(outcome.status == .success)
    #expect(
      controller.requests.last?.target.hasPrefix(
        "/api/v1/software/devices?name=openssl&below=3.0.15~x&district=cedar-falls") == true)
    #expect(outcome.out.contains("PF3XK2M9") && outcome.out.contains("3.0.11   amd64, i386"), "\(outcome.out)")
    let csv = run("software", "who-has", "openssl", "3.0.11", "--output", "csv", on: controller)
    #expect(
      csv.out == """
        serial,assetTag,hostname,district,school,stage,version,architecture,device\r
        PF3XK2M9,,lt-1,cedar-falls,,enrolled,3.0.11,"amd64, i386",dev_0123456789abcdef\r\n
        """)
    #expect(controller.requests.last?.target.contains("name=openssl&version=3.0.11") == true)
    let both = run("software", "who-has", "openssl", "1", "--below", "2", on: controller)
    #expect(both.status == .usage)
  }

  @Test("who-has says what nobody has, and list asks by prefix")
  func nothing() {
    let nobody = FakeController(.success(.json("{\"items\":[]}")))
    let outcome = run("software", "who-has", "openssl", "--below", "3", on: nobody)
    #expect(outcome.err == "No device has openssl older than 3, by what they told last.\n")
    let counted = FakeController(
      .success(
        .json(
          "{\"items\":[{\"name\":\"vim\",\"version\":\"9\",\"architecture\":\"amd64\",\"source\":\"dpkg\",\"devices\":12}],\"pending\":0}"
        )))
    let list = run("software", "list", "--prefix", "vi", on: counted)
    #expect(list.out.contains("vim      9        amd64         dpkg         12"), "\(list.out)")
    #expect(counted.requests.last?.target.contains("software?prefix=vi") == true && list.err.isEmpty)
    let behind = FakeController(.success(.json("{\"items\":[],\"pending\":1}")))
    let empty = run("software", "list", on: behind)
    #expect(empty.err.contains("What one device told last is not counted yet"), "\(empty.err)")
  }

  @Test("How long records are kept is set for a district and for the state")
  func retention() {
    let answer = #"{"factHistoryDays":730,"checkInHistoryDays":400,"journalBodyDays":2555}"#
    let state = FakeController(.success(.json(answer)))
    #expect(run("retention", "show", on: state).out.contains("Fact history (days)      730"))
    #expect(run("retention", "set", "--fact-history-days", "730", on: state).status == .success)
    #expect(state.requests.last?.body.map { String(decoding: $0, as: UTF8.self) } == #"{"factHistoryDays":730}"#)
    let district = FakeController(.success(.json(#"{"id":"elm","retention":\#(answer)}"#)))
    let set = run("district", "set", "elm", "--journal-body-days", "0", on: district)
    #expect(set.out.contains("Journal bodies (days)    2555"), "\(set.out)")
    #expect(
      district.requests.last?.body.map { String(decoding: $0, as: UTF8.self) }
        == #"{"retention":{"journalBodyDays":0}}"#)
    for arguments in [
      ["retention", "set"], ["retention", "set", "--fact-history-days", "29"],
      ["district", "set", "elm", "--check-in-history-days", "40000"],
    ] { #expect(run(arguments, on: state).status == .usage, "\(arguments)") }
  }
}
