// Machines and CPUs as an embedder uses them: exits, exact faults that can be resumed, code that changes, several machines
// in one process, stopping.

import Glibc
import Lyrebird
import Testing

let codeBase: UInt64 = 0x10_0000
let dataBase: UInt64 = 0x20_0000

func makeMachine(_ words: [UInt32], configuration: Machine.Configuration = .init()) throws -> (Machine, CPU) {
    let machine = try Machine(.arm64, addressSpace: .window(size: 1 << 30), configuration: configuration)
    let size = (UInt64(4 * words.count) + 4095) & ~4095
    try machine.memory.map(codeBase, size: max(size, 4096), access: .readExecute)
    try machine.memory.protect(codeBase, size: max(size, 4096), access: .readWriteExecute)
    try machine.memory.write(A64.bytes(words), at: codeBase)
    let cpu = try machine.makeCPU()
    cpu.pc = codeBase
    return (machine, cpu)
}

@Suite struct MachineTests {
    @Test func countsToTen() throws {
        let (_, cpu) = try makeMachine([
            A64.movz(0, 0), A64.movz(1, 10), A64.add(0, 0, 1), A64.subs(1, 1, imm: 1), A64.bne(-2), A64.svc(7),
        ])
        #expect(try cpu.run() == .systemCall(immediate: 7))
        #expect(cpu[.x0] == 55)
        #expect(cpu[.x1] == 0)
        #expect(cpu[.nzcv] == 0x6000_0000)
        #expect(cpu.pc == codeBase + 24)
    }

    @Test func registersKeepWhatIsWritten() throws {
        let (_, cpu) = try makeMachine([A64.svc()])
        for n in 0...30 { cpu[.x(n)] = UInt64(n) &* 0x0101_0101_0101_0101 }
        for n in 0...31 { cpu[.v(n)] = UInt128(n) << 64 | 0xFEDC_BA98 }
        cpu[.nzcv] = 0x9000_0000
        cpu[.tpidrEL0] = 77
        #expect(try cpu.run() == .systemCall(immediate: 0))
        for n in 0...30 { #expect(cpu[.x(n)] == UInt64(n) &* 0x0101_0101_0101_0101) }
        for n in 0...31 { #expect(cpu[.v(n)] == UInt128(n) << 64 | 0xFEDC_BA98) }
        #expect(cpu[.nzcv] == 0x9000_0000)
        #expect(cpu[.tpidrEL0] == 77)
    }

    @Test func breakpointsAndUndefinedInstructions() throws {
        let (_, cpu) = try makeMachine([A64.brk(0x123), 0x0000_0000, A64.svc()])
        #expect(try cpu.run() == .breakpointInstruction(immediate: 0x123))
        #expect(cpu.pc == codeBase)
        cpu.pc += 4
        #expect(try cpu.run() == .undefinedInstruction)
        #expect(cpu.pc == codeBase + 4)
        cpu.pc += 4
        #expect(try cpu.run() == .systemCall(immediate: 0))
    }

    /// What is for EL1 and above, or is closed to user mode, and what is not there for anyone.
    @Test(
        arguments: [
            (0xD400_0002, true), (0xD400_0003, true), (0xD69F_03E0, true),  // HVC, SMC, ERET
            (0xD538_1000, true), (0xD518_2000, true), (0xD53C_1100, true),  // MRS SCTLR_EL1, MSR TTBR0_EL1, MRS HCR_EL2
            (0xD53B_4220, true), (0xD51B_4220, true), (0xD503_42DF, true),  // MRS and MSR DAIF, MSR DAIFSet
            (0xD500_40BF, true), (0xD500_409F, true),  // MSR SPSel, MSR PAN
            (0xD508_871F, true), (0xD508_7800, true), (0xD508_751F, true),  // TLBI VMALLE1, AT S1E1R, IC IALLU
            (0xD508_7620, true), (0xD508_7640, true), (0xD53B_E020, true),  // DC IVAC, DC ISW, MRS CNTPCT_EL0
            (0xD53B_9C00, true), (0xD533_0100, true),  // MRS PMCR_EL0, MRS MDCCSR_EL0
            (0xD4A0_0001, false), (0xD6BF_03E0, false),  // DCPS1, DRPS: of Debug state
            (0xD50B_0000, false), (0xD53B_F000, false), (0xD501_401F, false), (0x0000_0000, false),
        ] as [(UInt32, Bool)])
    func privilegedInstructions(word: UInt32, isPrivileged: Bool) throws {
        let (_, cpu) = try makeMachine([A64.movz(0, 0), word, A64.svc()])
        #expect(try cpu.run() == (isPrivileged ? .privilegedInstruction : .undefinedInstruction))
        #expect(cpu.pc == codeBase + 4)
    }

    @Test func jumpsToNowhere() throws {
        let (machine, cpu) = try makeMachine([A64.br(3)])
        for (target, cause) in [
            (0x5000_0000, .unmapped), (codeBase + 2, .alignment), (UInt64.max & ~3, .unmapped), (0, .unmapped),
            (dataBase, .protection),
        ] as [(UInt64, Fault.Cause)] {
            if cause == .protection { try machine.memory.map(dataBase, size: 4096, access: .readWrite) }
            cpu.pc = codeBase
            cpu[.x3] = target
            #expect(try cpu.run() == .fault(Fault(pc: target, address: target, access: .execute, cause: cause)))
            #expect(cpu.pc == target)
        }
    }

    /// A pair with write-back over the end of what is mapped: nothing of the instruction has happened, all of what stands
    /// before it has, and it goes on when the page is there.
    @Test func faultsAreExactAndResumable() throws {
        let (machine, cpu) = try makeMachine([
            A64.movz(0, 1), A64.add(2, 2, imm: 5), A64.subs(A64.zero, 0, imm: 1), A64.add(6, 6, imm: 9),
            A64.stpPre(0, 2, 1, offset: 16), A64.add(0, 0, imm: 1), A64.ldpPre(3, 4, 1, offset: 0), A64.svc(1),
        ])
        try machine.memory.map(dataBase, size: 4096, access: .readWrite)
        cpu[.x1] = dataBase + 4096 - 24
        cpu[.x2] = 100
        cpu[.x6] = 1
        let fault = Fault(pc: codeBase + 16, address: dataBase + 4096, access: .write, cause: .protection)
        guard case .fault(let found) = try cpu.run() else {
            Issue.record("no fault")
            return
        }
        #expect(found.pc == fault.pc && found.address == fault.address && found.access == .write)
        #expect(cpu.pc == codeBase + 16)
        #expect(cpu[.x0] == 1 && cpu[.x2] == 105 && cpu[.x6] == 10)
        #expect(cpu[.x1] == dataBase + 4096 - 24)
        #expect(cpu[.nzcv] == 0x6000_0000)
        try machine.memory.map(dataBase + 4096, size: 4096, access: .readWrite)
        #expect(try cpu.run() == .systemCall(immediate: 1))
        #expect(cpu[.x0] == 2 && cpu[.x3] == 1 && cpu[.x4] == 105)
        #expect(cpu[.x1] == dataBase + 4096 - 8)
    }

    @Test func writesOfCodeAreSeen() throws {
        let (machine, cpu) = try makeMachine([A64.movz(0, 1), A64.svc()])
        for value in 1...50 as ClosedRange<UInt32> {
            try machine.memory.write(A64.bytes([A64.movz(0, value)]), at: codeBase)
            cpu.pc = codeBase
            #expect(try cpu.run() == .systemCall(immediate: 0))
            #expect(cpu[.x0] == UInt64(value))
        }
        #expect(machine.statistics.invalidated >= 49)
    }

    /// A function of the host's stands in for one instruction: what is before it and behind it is the guest's, and so are all
    /// other registers.
    @Test func functionsInPlaceOfInstructions() throws {
        let sum: Machine.Function = { a, b in 1000 &* a &+ b }
        let (machine, cpu) = try makeMachine([
            A64.movz(0, 3), A64.movz(1, 4), A64.brk(1), A64.add(2, 0, imm: 1), A64.add(3, 0, 0), A64.svc(2),
        ])
        #expect(try cpu.run() == .breakpointInstruction(immediate: 1))
        // Translated already, and a second CPU is there.
        let other = try machine.makeCPU()
        #expect(machine.setFunction(sum, at: codeBase + 8))
        for cpu in [cpu, other, try machine.makeCPU()] {
            for n in 4...30 { cpu[.x(n)] = UInt64(n) }
            for n in 0...31 { cpu[.v(n)] = UInt128(n) << 64 | 5 }
            cpu[.nzcv] = 0xA000_0000
            cpu.pc = codeBase
            #expect(try cpu.run() == .systemCall(immediate: 2))
            #expect(cpu[.x0] == 3004 && cpu[.x1] == 4 && cpu[.x2] == 3005 && cpu[.x3] == 6008)
            for n in 4...30 { #expect(cpu[.x(n)] == UInt64(n)) }
            for n in 0...31 { #expect(cpu[.v(n)] == UInt128(n) << 64 | 5) }
            #expect(cpu[.nzcv] == 0xA000_0000)
        }
        // Another function in the same place, and one more where translations end and begin.
        let difference: Machine.Function = { a, b in a &- b }
        #expect(machine.setFunction(difference, at: codeBase + 8))
        #expect(machine.setFunction(sum, at: codeBase + 16))
        cpu.pc = codeBase
        #expect(try cpu.run() == .systemCall(immediate: 2))
        #expect(cpu[.x0] == 1000 &* .max &+ 4 && cpu[.x2] == 0)
        // It is gone with the memory.
        try machine.memory.unmap(codeBase, size: 4096)
        try machine.memory.map(codeBase, size: 4096, access: .readWriteExecute)
        try machine.memory.write(A64.bytes([A64.movz(0, 9), A64.brk(2), A64.brk(3), A64.svc()]), at: codeBase)
        cpu.pc = codeBase + 8
        #expect(try cpu.run() == .breakpointInstruction(immediate: 3))
    }

    @Test func functionsHaveALimit() throws {
        let (machine, cpu) = try makeMachine([A64.nop, A64.nop, A64.nop, A64.nop, A64.nop, A64.nop, A64.nop, A64.svc()])
        let functions: [Machine.Function] = [
            { a, _ in a &+ 1 }, { a, _ in a &+ 20 }, { a, _ in a &+ 300 }, { a, _ in a &+ 4000 },
            { a, _ in a &+ 50000 },
            { a, _ in a &+ 600_000 }, { a, _ in a &+ 7_000_000 },
        ]
        for (n, function) in functions.enumerated() {
            #expect(machine.setFunction(function, at: codeBase + UInt64(4 * n)) == (n < Machine.functionLimit))
        }
        // One of those that are there needs no room.
        #expect(machine.setFunction(functions[0], at: codeBase + 24))
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu[.x0] == 654_322)
    }

    /// The guest patches a function that it has called, as a just-in-time compiler does.
    @Test func guestChangesItsOwnCode() throws {
        let (machine, cpu) = try makeMachine([
            // loop: call the function, add what it gives, add one to its immediate, and so on
            A64.bl(12), A64.add(5, 5, 0), A64.ldr(7, 6), A64.add(7, 7, imm: 32), A64.str(7, 6), A64.icIVAU(6),
            A64.dsbISH,
            A64.isb, A64.subs(9, 9, imm: 1), A64.bne(-9), A64.svc(), A64.svc(1),
            // the function, 8-byte aligned because it is patched by 64 bits
            A64.movz(0, 1), A64.ret,
        ])
        cpu[.x6] = codeBase + 48
        cpu[.x9] = 100
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu[.x5] == 5050)
        #expect(machine.statistics.invalidated >= 99)
    }

    @Test func machinesShareNothing() throws {
        let (first, cpu1) = try makeMachine([A64.movz(0, 11), A64.svc()])
        let (second, cpu2) = try makeMachine([A64.movz(0, 22), A64.svc()])
        for _ in 0..<3 {
            cpu1.pc = codeBase
            cpu2.pc = codeBase
            #expect(try cpu1.run() == .systemCall(immediate: 0))
            #expect(try cpu2.run() == .systemCall(immediate: 0))
            #expect(cpu1[.x0] == 11 && cpu2[.x0] == 22)
        }
        try first.memory.unmap(codeBase, size: 4096)
        cpu1.pc = codeBase
        cpu2.pc = codeBase
        #expect(try cpu1.run() == .fault(Fault(pc: codeBase, address: codeBase, access: .execute, cause: .unmapped)))
        #expect(try cpu2.run() == .systemCall(immediate: 0))
        #expect(second.statistics.translations == 1)
    }

    /// Deeper than the prediction stack is long.
    @Test(arguments: [true, false]) func deepRecursion(_ predicts: Bool) throws {
        var configuration = Machine.Configuration()
        configuration.predictsReturns = predicts
        // f(x0): if x0 == 0 return; push x0, x30; f(x0 - 1); pop; x5 += x0; return
        let (machine, cpu) = try makeMachine(
            [
                A64.bl(2), A64.svc(), A64.cbz(0, 6), A64.stpPre(0, 30, A64.sp, offset: -16), A64.sub(0, 0, imm: 1),
                A64.bl(-3), A64.ldpPost(0, 30, A64.sp, offset: 16), A64.add(5, 5, 0), A64.ret,
            ], configuration: configuration)
        try machine.memory.map(dataBase, size: 4 << 20, access: .readWrite)
        for depth in [10, 4000, 4096, 5000, 100_000] as [UInt64] {
            cpu.pc = codeBase
            cpu[.sp] = dataBase + 4 << 20
            cpu[.x0] = depth
            cpu[.x5] = 0
            #expect(try cpu.run() == .systemCall(immediate: 0))
            #expect(cpu[.x5] == depth * (depth + 1) / 2)
        }
    }

    @Test func memoryErrorsNameTheAddress() throws {
        let (machine, _) = try makeMachine([A64.svc()])
        #expect(throws: MemoryError.notAccessible(address: 0x9000)) { try machine.memory.read(0x9000, count: 1) }
        #expect(throws: MemoryError.badRange(address: 1, size: 4096)) {
            try machine.memory.map(1, size: 4096, access: .read)
        }
        try machine.memory.map(dataBase, size: 4096, access: .readWrite)
        #expect(throws: MemoryError.notAccessible(address: dataBase + 4096)) {
            try machine.memory.write([UInt8](repeating: 1, count: 8), at: dataBase + 4092)
        }
        #expect(throws: MemoryError.notAccessible(address: .max - 3)) {
            try machine.memory.load(UInt64.self, at: .max - 3)
        }
        try machine.memory.store(UInt32(0xDEAD_BEEF), at: dataBase)
        #expect(try machine.memory.load(UInt16.self, at: dataBase + 2) == 0xDEAD)
    }

    @Test func stopsAnEndlessLoop() throws {
        let (_, cpu) = try makeMachine([A64.add(0, 0, imm: 1), A64.b(-1)])
        for _ in 0..<5 {
            let handle = cpu.stopHandle
            let stopper = Thread {
                usleep(20_000)
                handle.stop()
            }
            let before = cpu[.x0]
            #expect(try cpu.run() == .stopped)
            stopper.join()
            #expect(cpu[.x0] > before)
        }
    }

    /// A loop whose ways back end with flags of different comparisons, wherever it is stopped. `a` counts rounds by 16, `b` counts down
    /// in those where bits 4 and 5 of `a` are not zeros.
    @Test(arguments: Guest.allCases)
    func stoppedLoopsHaveTheirFlags(guest: Guest) throws {
        var configuration = Machine.Configuration()
        configuration.loopThreshold = 20
        let sandbox: Sandbox
        switch guest {
        case .arm64:
            let back: (Int32) -> UInt32 = { A64.bne($0) & ~1 }
            sandbox = try Sandbox(
                [
                    0xB100_4000, 0xEA03_001F, back(-2),  // adds x0, x0, #16; tst x0, x3; b.eq
                    A64.subs(1, 1, imm: 1), A64.bne(-4), A64.b(-5),
                ], configuration: configuration)
            sandbox.cpu[.x3] = 0x30
        case .x86_64:
            sandbox = try Sandbox(
                .x86_64,
                [
                    0x48, 0x83, 0xC6, 0x10, 0x40, 0xF6, 0xC6, 0x30, 0x74, 0xF6,  // add rsi, 16; test sil, 0x30; jz
                    0x48, 0x83, 0xEF, 0x01, 0x75, 0xF0, 0xEB, 0xEE,  // sub rdi, 1; jnz; jmp
                ], configuration: configuration)
        }
        let cpu = sandbox.cpu
        let (first, second): (Register, Register) = guest == .arm64 ? (.x0, .x1) : (.rsi, .rdi)
        for _ in 0..<100 {
            let handle = cpu.stopHandle
            let stopper = Thread {
                usleep(100)
                handle.stop()
            }
            #expect(try cpu.run() == .stopped)
            stopper.join()
            let (a, b) = (cpu[first], cpu[second])
            let rounds = a / 16
            let flags: (zero: Bool, negative: Bool)
            switch cpu.pc &- Sandbox.code {
            case 0:
                #expect(b == 0 &- (rounds - rounds / 4))
                flags = a & 0x30 == 0 ? (rounds > 0, false) : (b == 0, Int64(bitPattern: b) < 0)
            case 4:
                #expect(b == 0 &- (rounds - 1 - (rounds - 1) / 4))
                flags = (a == 0, Int64(bitPattern: a) < 0)
            case 8:
                #expect(b == 0 &- (rounds - 1 - (rounds - 1) / 4))
                flags = (a & 0x30 == 0, false)
            default:
                Issue.record("stopped at \(cpu.pc)")
                continue
            }
            let bits = guest == .arm64 ? cpu[.nzcv] >> 30 : cpu[.rflags] >> 6
            #expect((bits & 1 != 0, bits & 2 != 0) == (flags.zero, flags.negative))
        }
        #expect(sandbox.machine.statistics.loops == 1)
    }
}

@Suite struct RegisterTests {
    @Test(arguments: Guest.allCases) func allHaveNames(guest: Guest) throws {
        let cpu = try Machine(guest).makeCPU()
        for (name, register) in guest.registers {
            #expect(try Register(named: name, of: guest) == register)
            #expect("\(register)" == name)
        }
        for (number, register) in guest.vectorRegisters.map(\.register).enumerated() {
            cpu[register] = UInt128(number + 1) << 70
        }
        for (number, entry) in guest.vectorRegisters.enumerated() {
            #expect(try cpu.value(of: VectorRegister(named: entry.name, of: guest)) == UInt128(number + 1) << 70)
        }
    }

    @Test func anotherGuestsAreErrors() throws {
        let cpu = try Machine(.arm64).makeCPU()
        try cpu.setValue(of: .x3, to: 7)
        #expect(cpu[.x3] == 7)
        #expect(throws: RegisterError.otherGuest(register: "rax", guest: .arm64)) { try cpu.value(of: .rax) }
        #expect(throws: RegisterError.otherGuest(register: "xmm2", guest: .arm64)) {
            try cpu.setValue(of: .xmm2, to: 1)
        }
        #expect(throws: RegisterError.unknown(name: "rax", guest: .arm64)) {
            try Register(named: "rax", of: .arm64)
        }
    }
}
