// What `Options.coverage` and `Options.countsInstructions` ask for: written when a program ends, or executes another one. A child of
// vfork(2) runs on its parent's CPU and in its memory, and is in the parent's reports.

import Glibc
import Lyrebird

/// The reports of a process. Guarded by its lock.
struct EndReports {
    fileprivate let coverage: Coverage?
    /// Executed by threads that have ended, less what the parent had executed.
    fileprivate var instructions: UInt64 = 0
    /// The first program: its file has the name that was asked for.
    fileprivate var isFirst: Bool
    var isWritten = false

    /// nil if nothing is asked for.
    init?(_ options: LinuxProcess.Options, _ machine: Machine) {
        guard options.coverage != nil || options.countsInstructions else { return nil }
        coverage = options.coverage == nil ? nil : machine.enableCoverage()
        isFirst = !options.isContinuation
    }

    /// A thread has, whose CPU it is.
    mutating func ended(_ cpu: CPU) { instructions &+= cpu.instructionsRetired }

    /// In a child that this CPU's thread has forked.
    mutating func begin(asChildOn cpu: CPU) {
        instructions = 0 &- cpu.instructionsRetired
        isFirst = false
        coverage?.reset()
    }
}

extension LinuxProcess {
    /// Once.
    func writeReports() {
        let found = lock.locked { () -> (EndReports, UInt64)? in
            guard let current = reports, !current.isWritten else { return nil }
            reports?.isWritten = true
            return (current, threads.reduce(current.instructions) { $0 &+ $1.cpu.instructionsRetired })
        }
        guard let (reports, instructions) = found else { return }
        if let path = options.coverage, let coverage = reports.coverage {
            write(coverage.drcov(modules: modules()), isFirst: reports.isFirst, to: path)
        }
        if options.countsInstructions {
            let whose = reports.isFirst ? "" : " by process \(getpid())"
            let title = "guest instructions executed\(whose)"
            tell(title + String(repeating: " ", count: max(1, 32 - title.utf8.count)) + "\(instructions)\n")
        }
    }

    private func tell(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(standardError, bytes, bytes.count)
    }

    private func write(_ bytes: [UInt8], isFirst: Bool, to path: String) {
        var name = path
        var file: Int32
        if isFirst {
            file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        } else {
            let base = "\(path).\(getpid())"
            var number = 1
            repeat {
                name = number == 1 ? base : "\(base).\(number)"
                file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
                number += 1
            } while file < 0 && errno == EEXIST
        }
        var rest = bytes[...]
        while file >= 0, !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        if !rest.isEmpty { tell("lyrebird: \(name): \(String(cString: strerror(errno)))\n") }
        if file >= 0 { close(file) }
    }

    /// The files, and the vDSO, that the program may execute something of: from its first page to its last.
    private func modules() -> [Coverage.Module] {
        var modules: [Coverage.Module] = []
        var executable: Set<String> = []
        for line in mapsContent().split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            guard fields.count == 6 else { continue }
            let ends = String(decoding: fields[0], as: UTF8.self).split(separator: "-")
            guard ends.count == 2, let start = UInt64(ends[0], radix: 16), let end = UInt64(ends[1], radix: 16) else {
                continue
            }
            let name = String(decoding: fields[5].drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
            if fields[1].contains(UInt8(ascii: "x")) { executable.insert(name) }
            if let known = modules.firstIndex(where: { $0.name == name }) {
                modules[known].addresses = modules[known].addresses.lowerBound..<end
            } else {
                modules.append(Coverage.Module(name: name, addresses: start..<end))
            }
        }
        return modules.filter { executable.contains($0.name) }
    }
}
