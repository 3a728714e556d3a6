import Mustache

/// The pages' templates, which stand in the program itself.
///
/// Each begins with the escaping of ``HTMLText``: a partial would fall back to the engine's own.
struct Templates: Sendable {
  private let library: MustacheLibrary

  /// - Throws: where a template cannot be read, or leaves something unescaped.
  init(_ texts: [String: String]) throws {
    MustacheContentTypes.register(HTMLText(), named: HTMLText.name)
    var library = MustacheLibrary()
    for (name, text) in texts {
      guard !text.contains("{{{"), !text.contains("{{&") else { throw WebError.unescaped(template: name) }
      try library.register("{{% CONTENT_TYPE:\(HTMLText.name) }}" + text, named: name)
    }
    self.library = library
  }

  /// - Throws: where there is no such template.
  func render(_ page: Any, _ name: String) throws -> String {
    guard let text = library.render(page, withTemplate: name) else { throw WebError.noTemplate(name) }
    return text
  }
}

/// What is wrong with the program's own pages; people only ever see that the controller failed.
package enum WebError: Error, Equatable {
  case noTemplate(String)
  case unescaped(template: String)
}
