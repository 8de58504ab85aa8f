// Runs one Linux program for another processor: what the tests of guest programs start.

import Glibc
import Lyrebird
import LyrebirdLinux

// Before anything looks at the arguments: a guest's execve is this program again, with arguments of its own form.
LinuxProcess.continueExecution()

private func fail(_ message: String) -> Never {
    let line = Array("lyrebird: \(message)\n".utf8)
    _ = write(2, line, line.count)
    exit(127)
}

var options = LinuxProcess.Options()
var words = LinuxProcess.hostArguments.dropFirst()
parsing: while let word = words.first, word.starts(with: "--".utf8) {
    words = words.dropFirst()
    switch String(decoding: word, as: UTF8.self) {
    case "--strace": options.strace = true
    case "--sysroot":
        guard let directory = words.popFirst() else { fail("--sysroot needs a directory") }
        options.sysroot = String(decoding: directory, as: UTF8.self)
    case "--passes":
        guard let names = words.popFirst() else { fail("--passes needs names") }
        options.translation.passes = String(decoding: names, as: UTF8.self)
    case "--unit-limit":
        guard let number = words.popFirst() else { fail("--unit-limit needs a number") }
        options.translation.unitLimit = Int(String(decoding: number, as: UTF8.self)) ?? 1
    case "--": break parsing
    case let other: fail("unknown option \(other)")
    }
}
guard let program = words.first else {
    fail("usage: LinuxRunner [--sysroot DIRECTORY] [--strace] PROGRAM [ARGUMENT...]")
}

do {
    let process = try LinuxProcess(
        executable: program, arguments: Array(words), environment: LinuxProcess.hostEnvironment, options: options)
    process.run().endProcess()
} catch {
    fail("\(error)")
}
