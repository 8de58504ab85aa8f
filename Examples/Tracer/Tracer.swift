// Prints what a program does: each instruction, with the registers that it changed, or each block; and system calls.
//
//     Tracer [--blocks]

import Lyrebird

let program: [UInt32] = [
    0xD280_0060,  //        mov  x0, #3
    0xD280_0021,  //        mov  x1, #1
    0x9B00_7C21,  // again: mul  x1, x1, x0
    0xF100_0400,  //        subs x0, x0, #1
    0x54FF_FFC1,  //        b.ne again
    0xD400_00E1,  //        svc  #7
    0xD420_0000,  //        brk  #0
]

func hex(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }

/// Prints instructions when they are over, since then it is known what they have changed.
final class Trace: @unchecked Sendable {
    private let registers: [(name: String, register: Register)]
    private var values: [UInt64]
    private var current: UInt64?

    init(_ cpu: CPU) {
        registers = cpu.machine.guest.registers
        values = registers.map { cpu[$0.register] }
    }

    /// The next instruction is about to be executed; or none, at the end.
    func next(_ cpu: CPU, _ address: UInt64?) {
        var changes = ""
        for (index, (name, register)) in registers.enumerated() where cpu[register] != values[index] {
            values[index] = cpu[register]
            changes += "  \(name) = \(hex(values[index]))"
        }
        if let current { print(hex(current) + changes) }
        current = address
    }
}

@main struct Tracer {
    static func main() throws {
        let machine = try Machine(.arm64)
        try machine.memory.map(0x1_0000, size: Memory.pageSize, access: .readWriteExecute)
        for (index, word) in program.enumerated() {
            try machine.memory.store(word, at: 0x1_0000 + 4 * UInt64(index))
        }
        let cpu = try machine.makeCPU()
        cpu.pc = 0x1_0000

        let trace = Trace(cpu)
        if CommandLine.arguments.dropFirst() == ["--blocks"] {
            machine.addHook(.block) { _, place in print("block \(hex(place.address)), \(place.size / 4) instructions") }
        } else {
            machine.addHook(.instruction) { cpu, place in trace.next(cpu, place.address) }
        }
        machine.addSystemCallHook { cpu, immediate in
            print("system call \(immediate), x1 = \(cpu[.x1])")
            return true
        }
        let exit = try cpu.run()
        trace.next(cpu, nil)
        print(exit)
    }
}
