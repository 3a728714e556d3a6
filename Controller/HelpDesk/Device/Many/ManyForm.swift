import Foundation
import Registry
import Serving
import Vocabulary

/// What the form of many moves says.
struct ManyForm: Sendable {
  private(set) var isReturn = false
  private(set) var className = ""
  private(set) var serials = ""
  private(set) var accessories: [String] = []
  /// The file's text; it goes along with the preview's form, so that nothing is kept of what nobody confirmed.
  private(set) var file: String?
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
      // As the preview's form brings it: byte for byte, which lines of a text field would not be.
      file = form["packed"].flatMap { Data(base64Encoded: $0) }.map { String(decoding: $0, as: UTF8.self) }
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

  /// For the preview's form.
  var packed: String? { file.map { Data($0.utf8).base64EncodedString() } }

  /// - Throws: `csv.invalid`, `registry.invalid`.
  func asked() throws -> ManyAsked {
    if let file { return try .file(Array(file.utf8), isReturn: isReturn) }
    let listed = serials.split { $0.isWhitespace || ",;".contains($0) }.map(String.init)
    return try .schoolClass(className, serials: isReturn ? nil : listed, accessories: accessories)
  }
}
