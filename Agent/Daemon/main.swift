import Glibc

// Blocked before the first thread, so that every thread inherits it and only `Signals.wait` takes them.
Signals.block()
exit(Program.run(Array(CommandLine.arguments.dropFirst())).rawValue)
