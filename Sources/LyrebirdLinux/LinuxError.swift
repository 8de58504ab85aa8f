// Why a program could not be started, as a sentence that names the file and the reason.

import Lyrebird

/// A program that cannot be started.
public struct LinuxError: Error, Sendable, CustomStringConvertible {
    enum Reason: Sendable {
        /// The file cannot be opened or may not be executed.
        case file(Errno)
        /// The file is no program for this guest.
        case format(ELFError)
        /// A `#!` line that names nothing, or scripts that name each other.
        case script(StaticString)
        /// The file's interpreter (PT_INTERP or `#!`) cannot be used.
        case interpreter(String, Errno)
        case interpreterFormat(String, ELFError)
        /// Its memory cannot be laid out: what was to be mapped.
        case memory(StaticString, Errno)
        /// The translator itself cannot start.
        case machine(String)
        /// The sysroot is not a directory that can be read.
        case sysroot(Errno)
        /// Arguments and environment do not fit on the stack.
        case argumentsTooLong
        /// A file for a profiler cannot be made.
        case profile(ProfileError)
    }

    /// The file as the caller named it.
    public let file: String
    let reason: Reason

    public var description: String { "\(file): \(explanation)" }

    /// What a shell would report: 127 if there is no such program, 126 if it cannot be run.
    public var exitStatus: Int32 {
        if case .file(.ENOENT) = reason { return 127 }
        return 126
    }

    private var explanation: String {
        switch reason {
        case .file(let error): error.message
        case .format(let error): "\(error)"
        case .script(let what): "\(what)"
        case .interpreter(let name, let error): "its interpreter \(name): \(error.message)"
        case .interpreterFormat(let name, let error): "its interpreter \(name): \(error)"
        case .memory(let what, let error): "no place for \(what) (\(error.message))"
        case .machine(let what): "the translator cannot start: \(what)"
        case .sysroot(let error): "not usable as the system root: \(error.message)"
        case .argumentsTooLong: "the arguments and the environment are too long"
        case .profile(let error): "no file for the profiler: \(error)"
        }
    }

    /// What execve(2) returns for it.
    var errno: Errno {
        switch reason {
        case .file(let error), .interpreter(_, let error), .memory(_, let error), .sysroot(let error): error
        case .format(.unreadable(let error)): error
        case .format, .script: .ENOEXEC
        case .interpreterFormat: .ELIBBAD
        case .machine, .profile: .ENOMEM
        case .argumentsTooLong: .E2BIG
        }
    }
}
