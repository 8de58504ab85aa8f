// The command lines that nearly all starts have: a program and its arguments, perhaps behind --sysroot. They are understood
// here, because the option parser takes longer than loading a program. Whatever else there is, mistakes included, is the
// parser's.

import LyrebirdLinux

/// A program to be started the plain way.
struct PlainStart {
    /// The option's name, for the parser as well.
    static let sysrootOption = "sysroot"

    var options = LinuxProcess.Options()
    /// The program's path and its arguments.
    let words: [[UInt8]]

    /// nil if the parser is to look at the arguments. `arguments` begins with the translator's own name.
    init?(_ arguments: [[UInt8]]) {
        let option = Array("--\(Self.sysrootOption)".utf8)
        var rest = arguments.dropFirst()
        while let word = rest.first, word.starts(with: option) {
            rest = rest.dropFirst()
            var value = word.dropFirst(option.count)
            if value.isEmpty {
                guard let next = rest.popFirst() else { return nil }
                value = next[...]
            } else {
                guard value.popFirst() == UInt8(ascii: "=") else { return nil }
            }
            guard let first = value.first, first != UInt8(ascii: "-") else { return nil }
            options.sysroot = String(decoding: value, as: UTF8.self)
        }
        guard let program = rest.first, let first = program.first, first != UInt8(ascii: "-"),
            !Lyrebird.subcommandNames.contains(where: { $0.utf8.elementsEqual(program) })
        else { return nil }
        words = Array(rest)
    }
}
