// An embedder of Linux programs: runs one with a hook that fails, in a process of its own, and says what it finds then.
//
//   ProcessRunner PROGRAM ARGUMENT …
//
// The hook stands at the program's function `trigger`. Of its threads one then spins in `spin`, which counts in `spins`, and one waits.

import Glibc
import Lyrebird
import LyrebirdLinux

struct Refusal: Error, CustomStringConvertible {
    var pc: UInt64
    var description: String { "refused" }
}

@main
enum ProcessRunner {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let process = try LinuxProcess(
            executable: arguments[0], arguments: arguments, environment: [], options: LinuxProcess.Options())
        guard let trigger = process.function(named: "trigger"), let spin = process.function(named: "spin") else {
            print("no functions")
            return
        }
        process.machine.addHook(.instruction, in: trigger.lowerBound...trigger.lowerBound) { cpu, place in
            throw Refusal(pc: cpu.pc)
        }
        do {
            print("ended: \(try process.run())")
            return
        } catch let error as Refusal {
            print("failed at the function: \(error.pc == trigger.lowerBound)")
        }
        let cpus = process.cpus
        let isARM = process.machine.guest == .arm64
        // What `trigger` was called with, in one of the threads; how often another has gone round; and a call that waits.
        let argument: Register = isARM ? .x0 : .rdi
        let failed = cpus.filter { $0.pc == trigger.lowerBound }
        print("threads: \(cpus.count), failed: \(failed.count), with \(failed.map { $0[argument] })")
        print("spinning: \(cpus.filter { spin.contains($0.pc) }.count)")
        let call = try cpus.filter { cpu in
            let bytes = try process.machine.memory.read(cpu.pc, count: isARM ? 4 : 2)
            return bytes == (isARM ? [1, 0, 0, 0xD4] : [0x0F, 0x05])
        }
        print("before a call: \(call.count)")
        // The threads' counter is where the program said, in the second argument.
        let counter = failed[0][isARM ? .x1 : .rsi]
        let before = try process.machine.memory.load(UInt64.self, at: counter)
        usleep(20_000)
        let after = try process.machine.memory.load(UInt64.self, at: counter)
        print("still: \(before > 0 && before == after)")
        do {
            print("ended: \(try process.run())")
        } catch {
            print("again: \(error)")
        }
    }
}
