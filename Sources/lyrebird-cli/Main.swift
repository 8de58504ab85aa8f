// The program `lyrebird`. What starts a guest program the plain way (PlainStart.swift), and every child that a guest executes,
// goes straight to the translator; the option parser is for the rest.

import ArgumentParser
import Glibc
import Lyrebird
import LyrebirdDebug
import LyrebirdLinux

@main
enum Main {
    static func main() {
        LinuxProcess.continueExecution()
        if let start = PlainStart(LinuxProcess.hostArguments) { Runner(options: start.options).run(start.words) }
        Lyrebird.main()
    }
}

/// Starts one guest program, and ends this process as the guest ended.
struct Runner {
    var options = LinuxProcess.Options()
    /// Changes to the guest's environment: `NAME=value` sets, `NAME` removes.
    var environment: [String] = []
    /// The program's first argument, if it is not its path.
    var argumentZero: [UInt8]?
    /// Where gdb is waited for.
    var debugAddress: String?
    /// What is done when the program has ended, and before this process does.
    var report: ((LinuxProcess, StartUp) -> Void)?

    func run(_ arguments: [[UInt8]]) -> Never {
        var startUp = StartUp()
        let start = Clock.now(CLOCK_MONOTONIC)
        if report != nil { startUp.process = Clock.now(CLOCK_PROCESS_CPUTIME_ID) }
        let process = load(arguments)
        if let debugAddress { wait(forDebuggerAt: debugAddress, process) }
        let loaded = Clock.now(CLOCK_MONOTONIC)
        let status: ExitStatus
        // What fails here is the host: the program has no hooks.
        do { status = try process.run() } catch { fail("\(error)", status: 126) }
        if let report {
            startUp.loading = loaded - start
            startUp.running = Clock.now(CLOCK_MONOTONIC) - loaded
            report(process, startUp)
        }
        status.endProcess()
    }

    func load(_ arguments: [[UInt8]]) -> LinuxProcess {
        do throws(LinuxError) {
            let named = argumentZero.map { [$0] + arguments.dropFirst() } ?? arguments
            return try LinuxProcess(
                executable: arguments[0], arguments: named, environment: guestEnvironment, options: options)
        } catch {
            fail("\(error)", status: error.exitStatus)
        }
    }

    private func wait(forDebuggerAt address: String, _ process: LinuxProcess) {
        do throws(DebugError) {
            let line = Array("lyrebird: waiting for gdb at \(try process.listenForDebugger(at: address))\n".utf8)
            _ = write(2, line, line.count)
        } catch {
            fail("--gdb: \(error)", status: 1)
        }
    }

    private var guestEnvironment: [[UInt8]] {
        var result = LinuxProcess.hostEnvironment
        for change in environment {
            let bytes = Array(change.utf8)
            let name = Array(bytes.prefix { $0 != UInt8(ascii: "=") }) + [UInt8(ascii: "=")]
            result.removeAll { $0.starts(with: name) }
            if bytes.contains(UInt8(ascii: "=")) { result.append(bytes) }
        }
        return result
    }
}

/// Writes a line to standard error and ends the process.
func fail(_ message: String, status: Int32) -> Never {
    let line = Array("lyrebird: \(message)\n".utf8)
    _ = write(2, line, line.count)
    exit(status)
}

/// What a run consisted of, in nanoseconds.
struct StartUp {
    /// CPU time of this process before it looks at the program: the kernel's part, and reading the options.
    var process: UInt64 = 0
    /// Making the machine, reading the ELF files, mapping them, and making the stack.
    var loading: UInt64 = 0
    /// From the program's first instruction to its end, translating included.
    var running: UInt64 = 0
}

enum Clock {
    /// Nanoseconds of one of the host's clocks.
    static func now(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
