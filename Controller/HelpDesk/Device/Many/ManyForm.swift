import Registry
import Serving
import Vocabulary

/// What the form of many moves says.
struct ManyForm: Sendable {
  private(set) var isReturn = false
  private(set) var className = ""
  private(set) var serials = ""
  private(set) var accessories: [String] = []
  private(set) var file: String?
  /// Of a file that was previewed: the controller keeps it until somebody agrees to it, for a page would get heavy by it.
  private(set) var kept: Digest?
  /// Of the preview that somebody has agreed to.
  private(set) var confirmed: Digest?
  /// What is wrong before anybody is asked.
  private(set) var fault: String?

  init() {}

  init(_ form: FormBody) {
    isReturn = form["what"] == "return"
    className = form["class"] ?? ""
    serials = form["serials"] ?? ""
    accessories = form.all("accessories")
    if let mark = form["confirmed"] {
      confirmed = Digest(hex: mark)
      if confirmed == nil { fault = "The form names no preview. Make it again." }
    }
    if let bytes = form.file("file") {
      file = String(validating: bytes, as: UTF8.self)
      if file == nil { fault = "The file is not UTF-8 text. Save it as 'CSV UTF-8', and choose it again." }
    } else {
      kept = form["kept"].flatMap(Digest.init(hex:))
    }
    if let size = file?.utf8.count, size > ManyPages.fileBytes {
      (file, fault) = (nil, "The file is over 1 MiB. Give it to 'rollcall assign --file' or 'rollcall return --file'.")
    }
    let hasFile = file != nil || kept != nil
    if fault == nil, !hasFile, className.isEmpty {
      fault = "Choose a file, or say which class."
    } else if fault == nil, hasFile, !className.isEmpty {
      fault = "Choose a file or say a class, one of the two."
    }
  }

  /// Takes the file that was kept; without one the preview is to be made again.
  mutating func take(_ content: [UInt8]?) {
    file = content.map { String(decoding: $0, as: UTF8.self) }
    if file == nil {
      fault =
        "The file of this preview is not kept any more: it is for an hour, and until another one is previewed. Choose it again."
    }
  }

  /// - Parameter digest: of the file, as the controller keeps it.
  mutating func keep(_ digest: Digest) { kept = digest }

  /// - Throws: `csv.invalid`, `registry.invalid`.
  func asked() throws -> ManyAsked {
    if let file { return try .file(Array(file.utf8), isReturn: isReturn) }
    let listed = serials.split { $0.isWhitespace || ",;".contains($0) }.map(String.init)
    return try .schoolClass(className, serials: isReturn ? nil : listed, accessories: accessories)
  }
}
