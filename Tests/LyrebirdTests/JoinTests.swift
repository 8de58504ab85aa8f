// A hot jump back to what is no loop, as each operation of an interpreter ends in: its translation goes on with a copy of what it
// leads to. Nobody may notice.

import Lyrebird
import Testing

@Suite struct JoinTests {
    /// An interpreter: operations 0 and 1 change a number, 2 starts the program over or ends it. It is behind the place where the next
    /// operation is fetched from, at `head`, as compilers put it.
    private struct Interpreter {
        static let table = Sandbox.data + 256
        static let head = Sandbox.code
        let sandbox: Sandbox
        var cpu: CPU { sandbox.cpu }
        var machine: Machine { sandbox.machine }

        init(_ guest: Guest, rounds: UInt64, threshold: Int = 20) throws {
            var configuration = Machine.Configuration()
            configuration.loopThreshold = threshold
            let operations: [UInt64]
            switch guest {
            case .arm64:
                sandbox = try Sandbox(
                    [
                        A64.ldr(1, 0), A64.add(0, 0, imm: 8), A64.ldr(2, 1), A64.br(2),  // head
                        A64.add(3, 3, imm: 3), A64.b(-5),  // 16
                        A64.add(3, 3, 3), A64.b(-7),  // 24
                        A64.subs(4, 4, imm: 1), A64.bne(2), A64.svc(),  // 32
                        A64.add(0, 5, imm: 0), A64.b(-12),  // 44
                    ], configuration: configuration)
                operations = [16, 24, 32]
                for (register, value) in [(0, Sandbox.data), (5, Sandbox.data), (4, rounds)] as [(Int, UInt64)] {
                    sandbox.cpu[.x(register)] = value
                }
            case .x86_64:
                sandbox = try Sandbox(
                    .x86_64,
                    [
                        0x48, 0x8B, 0x0E,  // head: mov rcx, [rsi]
                        0x48, 0x83, 0xC6, 0x08,  // add rsi, 8
                        0xFF, 0x21,  // jmp [rcx]
                        0x48, 0x83, 0xC3, 0x03, 0xEB, 0xF1,  // 9: add rbx, 3; jmp head
                        0x48, 0x01, 0xDB, 0xEB, 0xEC,  // 15: add rbx, rbx; jmp head
                        0x48, 0xFF, 0xCA, 0x75, 0x02, 0x0F, 0x05,  // 20: dec rdx; jnz; syscall
                        0x48, 0x89, 0xFE, 0xEB, 0xE0,  // 27: mov rsi, rdi; jmp head
                    ], writable: true, configuration: configuration)
                operations = [9, 15, 20]
                for (register, value) in [(6, Sandbox.data), (7, Sandbox.data), (2, rounds)] as [(Int, UInt64)] {
                    sandbox.cpu[.x86(register)] = value
                }
            }
            for (number, operation) in [0, 1, 0, 0, 1, 0, 2].enumerated() {
                try machine.memory.store(Self.table + 8 * UInt64(operation), at: Sandbox.data + 8 * UInt64(number))
            }
            for (number, offset) in operations.enumerated() {
                try machine.memory.store(Sandbox.code + offset, at: Self.table + 8 * UInt64(number))
            }
        }

        var number: UInt64 { machine.guest == .arm64 ? cpu[.x3] : cpu[.rbx] }
        static func number(_ rounds: UInt64) -> UInt64 {
            (0..<rounds).reduce(0) { n, _ in (((n &+ 3) &* 2) &+ 6) &* 2 &+ 3 }
        }
    }

    @Test(arguments: Guest.allCases, [1, 20])
    func computesTheSame(guest: Guest, threshold: Int) throws {
        let interpreter = try Interpreter(guest, rounds: 1000, threshold: threshold)
        #expect(try interpreter.cpu.run() == .systemCall(immediate: 0))
        #expect(interpreter.number == Interpreter.number(1000))
        #expect(interpreter.machine.statistics.joined >= 3)
    }

    /// State at any instruction is that of single steps.
    @Test(arguments: Guest.allCases)
    func budgetsEndAnywhere(guest: Guest) throws {
        let interpreter = try Interpreter(guest, rounds: 60, threshold: 2)
        let stepped = try Interpreter(guest, rounds: 60)
        var steps = 0
        while true {
            let exit = try interpreter.cpu.run(budget: .instructions(7))
            for _ in 0..<7 where try stepped.cpu.step() == .budget { steps += 1 }
            #expect(interpreter.sandbox.state == stepped.sandbox.state)
            if exit != .budget { break }
        }
        #expect(interpreter.cpu.instructionsRetired == UInt64(steps) + 1)
        #expect(interpreter.machine.statistics.joined >= 3)
    }

    /// What the operations have copies of is written by the embedder.
    @Test(arguments: Guest.allCases)
    func copiesFollowTheirOriginal(guest: Guest) throws {
        let interpreter = try Interpreter(guest, rounds: 100)
        #expect(try interpreter.cpu.run() == .systemCall(immediate: 0))
        let joined = interpreter.machine.statistics.joined
        #expect(joined >= 3)
        let number = interpreter.number
        // The head makes a system call at once.
        let code = guest == .arm64 ? A64.bytes([A64.svc(7)]) : [0x0F, 0x05, 0x90]
        try interpreter.machine.memory.protect(
            Sandbox.code, size: Sandbox.codeSize, access: .readWriteExecute)
        try interpreter.machine.memory.write(code, at: Interpreter.head)
        interpreter.cpu.pc = Sandbox.code + (guest == .arm64 ? 16 : 9)
        let exit = try interpreter.cpu.run()
        #expect(exit == .systemCall(immediate: guest == .arm64 ? 7 : 0))
        #expect(interpreter.number == number &+ 3)
    }

    @Test(arguments: Guest.allCases)
    func breakpointsAndHooksAreMet(guest: Guest) throws {
        let interpreter = try Interpreter(guest, rounds: 100)
        #expect(try interpreter.cpu.run() == .systemCall(immediate: 0))
        #expect(interpreter.machine.statistics.joined >= 3)
        interpreter.machine.addBreakpoint(at: Interpreter.head)
        interpreter.cpu.pc = Sandbox.code + (guest == .arm64 ? 16 : 9)
        #expect(try interpreter.cpu.run() == .breakpoint)
        #expect(interpreter.cpu.pc == Interpreter.head)
        interpreter.machine.removeBreakpoint(at: Interpreter.head)
        let blocks = Counter()
        let hook = interpreter.machine.addHook(.block, in: Interpreter.head...Interpreter.head) { _, _ in
            blocks.count += 1
        }
        interpreter.cpu[guest == .arm64 ? .x4 : .rdx] = 50
        interpreter.cpu[guest == .arm64 ? .x0 : .rsi] = Sandbox.data
        #expect(try interpreter.cpu.run() == .systemCall(immediate: 0))
        #expect(blocks.count == 50 * 7)
        hook.remove()
    }

    /// Faults in the copied part have the original's address.
    @Test(arguments: Guest.allCases)
    func faultsAreExact(guest: Guest) throws {
        let interpreter = try Interpreter(guest, rounds: 100)
        #expect(try interpreter.cpu.run() == .systemCall(immediate: 0))
        interpreter.cpu[guest == .arm64 ? .x4 : .rdx] = 100
        interpreter.cpu[guest == .arm64 ? .x0 : .rsi] = 0x3000_0000
        interpreter.cpu.pc = Sandbox.code + (guest == .arm64 ? 24 : 15)
        let number = interpreter.number
        let fault = Fault(pc: Interpreter.head, address: 0x3000_0000, access: .read, cause: .unmapped)
        #expect(try interpreter.cpu.run() == .fault(fault))
        #expect(interpreter.cpu.pc == Interpreter.head)
        #expect(interpreter.number == number &* 2)
    }

    private final class Counter: @unchecked Sendable { var count = 0 }
}
