import Foundation

/// A server that lives as long as the tests.
///
/// Not a `Process`: it inherits nothing but its standard input, so that nobody who waits for the end of a pipe waits for the
/// server's end.
package struct LastingProcess: Sendable {
  package struct Failed: Error, CustomStringConvertible { package let description: String }

  /// What it reads ends with this process, however that ends, for nobody else holds the pipe.
  private let life: Int32

  /// - Parameter script: for bash, with `words` as its arguments.
  package init(script: String, _ words: [String]) throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0, fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0 else {
      throw Failed(description: "pipe: \(String(cString: strerror(errno)))")
    }
    life = ends[1]
    let closing =
      "for open in /proc/self/fd/*; do open=${open##*/}; ((open > 2)) && eval \"exec $open>&-\"; done; cd /\n"
    let words = ["/bin/bash", "-c", closing + script, "bash"] + words
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var id: pid_t = 0
    let failure = posix_spawn(&id, words[0], &actions, nil, &arguments, environ)
    close(ends[0])
    guard failure == 0 else { throw Failed(description: "\(words[0]): \(String(cString: strerror(failure)))") }
  }
}
