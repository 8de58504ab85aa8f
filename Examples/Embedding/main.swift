// Runs a few AArch64 instructions in a machine of its own: maps memory, writes code, sets registers, and handles what makes
// the CPU leave `run`. The system call is whatever this program takes it for. (README.md shows this file from here on.)

import Lyrebird

let program: [UInt32] = [
    0xD280_0001,  //        mov  x1, #0
    0x8B00_0021,  // again: add  x1, x1, x0
    0xF100_0400,  //        subs x0, x0, #1
    0x54FF_FFC1,  //        b.ne again
    0xD400_0021,  //        svc  #1
    0xF940_0042,  //        ldr  x2, [x2]
]

let machine = try Machine(.arm64)
try machine.memory.map(0x1_0000, size: 0x1000, access: .readWriteExecute)
for (index, word) in program.enumerated() {
    try machine.memory.store(word, at: 0x1_0000 + 4 * UInt64(index))
}

let cpu = try machine.makeCPU()
cpu.pc = 0x1_0000
cpu[.x0] = 1_000_000
cpu[.x2] = 0xDEAD_0000

running: while true {
    switch try cpu.run() {
    case .systemCall(let number):
        print("system call \(number): the sum is \(cpu[.x1])")
    case .fault(let fault):  // exact pc, address and access; all state is as before the instruction
        let pc = String(fault.pc, radix: 16)
        let address = String(fault.address, radix: 16)
        print("\(fault.access) of 0x\(address) at pc 0x\(pc): \(fault.cause)")
        break running
    case let other:
        print(other)
        break running
    }
}
print("\(machine.statistics.translations) translations of \(machine.statistics.guestInstructions) instructions")
