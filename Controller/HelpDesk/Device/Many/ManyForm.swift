import Registry
import Serving
import Vocabulary

/// What the form of many moves says.
struct ManyForm: Sendable {
  private(set) var isReturn = false
  private(set) var className = ""
  private(set) var serials = ""
  private(set) var accessories: [String] = []
  /// The file's text; it stands in the preview's form, so that nothing is kept of what nobody confirmed.
  private(set) var file: String?
  private(set) var isConfirmed = false
  /// What is wrong before anybody is asked.
  private(set) var fault: String?

  init() {}

  init(_ form: FormBody) {
    isReturn = form["what"] == "return"
    className = form["class"] ?? ""
    serials = form["serials"] ?? ""
    accessories = form.all("accessories")
    isConfirmed = form["confirmed"] != nil
    if let bytes = form.file("file") {
      file = String(validating: bytes, as: UTF8.self)
      if file == nil { fault = "The file is not UTF-8 text. Save it as 'CSV UTF-8', and choose it again." }
    } else {
      file = form["text"]
    }
    if let size = file?.utf8.count, size > ManyPages.fileBytes {
      (file, fault) = (nil, "The file is over 1 MiB. Give it to 'rollcall assign --file' or 'rollcall return --file'.")
    }
    if fault == nil, file == nil, className.isEmpty {
      fault = "Choose a file, or say which class."
    } else if fault == nil, file != nil, !className.isEmpty {
      fault = "Choose a file or say a class, one of the two."
    }
  }

  /// - Throws: `csv.invalid`, `registry.invalid`.
  func asked() throws -> ManyAsked {
    if let file { return try .file(Array(file.utf8), isReturn: isReturn) }
    let listed = serials.split { $0.isWhitespace || ",;".contains($0) }.map(String.init)
    return try .schoolClass(className, serials: isReturn ? nil : listed, accessories: accessories)
  }
}
