// A machine with an x86-64 guest: programs of some bytes, and how they leave.

import Lyrebird
import Testing

@Suite struct MachineTests {
    private static let code: UInt64 = 0x40_0000
    private static let data: UInt64 = 0x50_0000

    private func cpu(_ program: [UInt8], at address: UInt64 = code) throws -> CPU {
        let machine = try Machine(.x86_64)
        try machine.memory.map(Self.code, size: 4096, access: .readWriteExecute)
        try machine.memory.map(Self.data, size: 4096, access: .readWrite)
        try machine.memory.write(program, at: address)
        let cpu = try machine.makeCPU()
        cpu.pc = address
        cpu[.rsp] = Self.data + 4096
        return cpu
    }

    /// fib: a function that calls itself, so that calls, returns and the stack are met.
    @Test func callsAndReturns() throws {
        let cpu = try cpu([
            0xE8, 0x02, 0x00, 0x00, 0x00,  // call fib
            0x0F, 0x05,  // syscall
            0x83, 0xFF, 0x02,  // fib: cmp edi, 2
            0x72, 0x16,  // jb small
            0x57,  // push rdi
            0xFF, 0xCF,  // dec edi
            0xE8, 0xF3, 0xFF, 0xFF, 0xFF,  // call fib
            0x5F,  // pop rdi
            0x50,  // push rax
            0x83, 0xEF, 0x02,  // sub edi, 2
            0xE8, 0xE9, 0xFF, 0xFF, 0xFF,  // call fib
            0x59,  // pop rcx
            0x01, 0xC8,  // add eax, ecx
            0xC3,  // ret
            0x89, 0xF8,  // small: mov eax, edi
            0xC3,  // ret
        ])
        cpu[.rdi] = 20
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu[.rax] == 6765)
        #expect(cpu[.rsp] == Self.data + 4096)
        // SYSCALL leaves where to go on, and the flags.
        #expect(cpu[.rcx] == cpu.pc && cpu.pc == Self.code + 7)
        #expect(cpu[.r11] == cpu[.rflags])
    }

    /// lea rdi, [data]; mov ecx, 100; mov al, 7; rep stosb; std; lea rdi, [rdi - 1]; mov ecx, 3; mov al, 9; rep stosb; hlt
    @Test func stringsGoBothWays() throws {
        let cpu = try cpu([
            0xB9, 0x64, 0x00, 0x00, 0x00, 0xB0, 0x07, 0xF3, 0xAA, 0xFD, 0x48, 0x8D, 0x7F, 0xFF, 0xB9, 0x03, 0x00, 0x00,
            0x00, 0xB0, 0x09, 0xF3, 0xAA, 0xF4,
        ])
        cpu[.rdi] = Self.data
        #expect(try cpu.run() == .halted)
        #expect(cpu.pc == Self.code + 24)
        #expect(cpu[.rdi] == Self.data + 96 && cpu[.rcx] == 0)
        #expect(cpu[.rflags] & 0x400 != 0)
        let bytes = try cpu.machine.memory.read(Self.data, count: 101)
        #expect(bytes == [UInt8](repeating: 7, count: 97) + [9, 9, 9, 0])
    }

    /// A repeated string operation that faults says how far it got, and goes on when it can.
    @Test func stringsAreRestarted() throws {
        let cpu = try cpu([0xF3, 0x48, 0xAB, 0xCC])
        cpu[.rdi] = Self.data + 4096 - 16
        cpu[.rcx] = 4
        cpu[.rax] = 5
        let fault = Fault(pc: Self.code, address: Self.data + 4096, access: .write, cause: .unmapped)
        #expect(try cpu.run() == .fault(fault))
        #expect(cpu[.rcx] == 2 && cpu[.rdi] == Self.data + 4096)
        try cpu.machine.memory.map(Self.data + 4096, size: 4096, access: .readWrite)
        #expect(try cpu.run() == .breakpointInstruction(immediate: 0))
        #expect(cpu[.rcx] == 0 && cpu.pc == Self.code + 3)
        #expect(
            try cpu.machine.memory.read(Self.data + 4096, count: 17) == [5, 0, 0, 0, 0, 0, 0, 0, 5]
                + [UInt8](repeating: 0, count: 8))
    }

    @Test(
        arguments: [
            ([0xCC], Exit.breakpointInstruction(immediate: 0)), ([0xCD, 0x03], .softwareInterrupt(vector: 3)),
            ([0x66, 0xCC], .softwareInterrupt(vector: 3)), ([0xCD, 0x01], .softwareInterrupt(vector: 1)),
            ([0xF1], .debugException(isStep: false)), ([0x0F, 0x34], .undefinedInstruction),
            ([0xCD, 0x80], .systemCall(immediate: 0x80)), ([0x0F, 0x0B], .undefinedInstruction),
            ([0xFA], .privilegedInstruction),
            ([0x31, 0xC9, 0xF7, 0xF1], .divideError), ([0x48, 0xF7, 0xF1], .divideError),
            // 15 bytes is the longest instruction.
            ([UInt8](repeating: 0x66, count: 15) + [0x90], .generalProtection),
        ] as [([UInt8], Exit)])
    func leaves(_ program: [UInt8], _ exit: Exit) throws {
        #expect(try cpu(program).run() == exit)
    }

    /// With the trap flag `run` returns behind each instruction, a system call excepted, and each counts once.
    @Test func steps() throws {
        let cpu = try cpu([0xFF, 0xC0, 0xEB, 0x00, 0xF3, 0x48, 0xAB, 0x0F, 0x05, 0xFF, 0xC0, 0xCC])
        cpu.countsInstructions = true
        cpu[.rflags] |= 0x100
        cpu[.rdi] = Self.data
        cpu[.rcx] = 2
        for (offset, count) in [(2, 1), (4, 2), (4, 2), (7, 3)] as [(UInt64, UInt64)] {
            #expect(try cpu.run() == .debugException(isStep: true))
            #expect(cpu.pc == Self.code + offset && cpu.instructionsRetired == count)
        }
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu[.r11] & 0x100 != 0)
        #expect(try cpu.run() == .debugException(isStep: true))
        #expect(cpu.pc == Self.code + 11 && cpu.instructionsRetired == 5)
        #expect(try cpu.run() == .breakpointInstruction(immediate: 0))
        cpu.pc = Self.code
        cpu[.rflags] &= ~0x100
        // SYSCALL left its own address behind there.
        cpu[.rcx] = 2
        cpu[.rdi] = Self.data
        #expect(try cpu.run() == .systemCall(immediate: 0))
    }

    /// An instruction that goes on in a page that is not there is executed when that is.
    @Test func codeCrossesPages() throws {
        let cpu = try cpu([0xB8, 0x78, 0x56], at: Self.code + 4093)
        let fault = Fault(pc: Self.code + 4093, address: Self.code + 4096, access: .execute, cause: .unmapped)
        #expect(try cpu.run() == .fault(fault))
        #expect(try cpu.run() == .fault(fault))
        try cpu.machine.memory.map(Self.code + 4096, size: 4096, access: .readWriteExecute)
        try cpu.machine.memory.write([0x34, 0x12, 0xCC], at: Self.code + 4096)
        #expect(try cpu.run() == .breakpointInstruction(immediate: 0))
        #expect(cpu[.rax] == 0x1234_5678)
    }

    /// cpuid with every leaf that there is, and one that is not.
    @Test func saysWhatItIs() throws {
        for (leaf, check) in [
            (0, { $0[.rbx] == 0x756E_6547 && $0[.rax] == 0xD }), (1, { $0[.rdx] & 1 << 15 != 0 }),
            (0xD, { $0[.rax] == 7 && $0[.rbx] == 832 && $0[.rcx] == 832 }),
            (0x8000_0001, { $0[.rdx] & 1 << 29 != 0 }), (0x1234_5678, { $0[.rax] == 0 && $0[.rdx] == 0 }),
        ] as [(UInt64, (CPU) -> Bool)] {
            let cpu = try cpu([0x0F, 0xA2, 0xCC])
            cpu[.rax] = leaf
            #expect(try cpu.run() == .breakpointInstruction(immediate: 0))
            #expect(check(cpu), "leaf \(leaf)")
        }
    }

    /// fld1; call f; fiadd [rip]; int3, where f is the host's and uses the unit itself.
    @Test func keepsItsStackFromTheHost() throws {
        let cpu = try cpu([
            0xD9, 0xE8, 0xE8, 0x07, 0x00, 0x00, 0x00, 0xDA, 0x05, 0x03, 0x00, 0x00, 0x00, 0xCC, 0x90, 0xC3, 0x29, 0x00,
            0x00, 0x00,
        ])
        let isSet = cpu.machine.setFunction(
            { a, _ in
                // More than the unit has room for.
                let numbers = (1...9).map { Float80(a) / Float80($0) }
                return UInt64(numbers.reduce(0, +) * 1000)
            }, at: Self.code + 14)
        #expect(isSet)
        cpu[.rdi] = 7
        #expect(try cpu.run() == .breakpointInstruction(immediate: 0))
        #expect(cpu[.rax] == 19802)
        #expect(cpu[.x87Status] == 7 << 11 && cpu[.x87Tags] == 0x3FFF)
        #expect(cpu[.x87Significand(0)] == 42 << 58 && cpu[.x87Exponent(0)] == 0x3FFF + 5)
    }

    /// call f; int3, where f is the host's and a RET stands behind it.
    @Test func callsTheHost() throws {
        let cpu = try cpu([0xE8, 0x01, 0x00, 0x00, 0x00, 0xCC, 0x90, 0xC3])
        let isSet = cpu.machine.setFunction({ $0 &* $1 }, at: Self.code + 6)
        #expect(isSet)
        cpu[.rdi] = 6
        cpu[.rsi] = 7
        #expect(try cpu.run() == .breakpointInstruction(immediate: 0))
        #expect(cpu[.rax] == 42 && cpu.pc == Self.code + 5)
    }
}

@Suite struct PortTests {
    private func machine(_ code: [UInt8]) throws -> (Machine, CPU) {
        let machine = try Machine(.x86_64)
        try machine.memory.map(0x1000, size: 4096, access: .readWriteExecute)
        try machine.memory.write(code, at: 0x1000)
        let cpu = try machine.makeCPU()
        cpu.pc = 0x1000
        return (machine, cpu)
    }

    @Test func portsLeaveRun() throws {
        // out 0x80, al; in ax, dx; in eax, dx; hlt
        let (_, cpu) = try machine([0xE6, 0x80, 0x66, 0xED, 0xED, 0xF4])
        cpu[.rax] = 0x1122_3344_5566_7788
        cpu[.rdx] = 0xFFFF_03F8
        #expect(try cpu.run() == .portWrite(PortAccess(port: 0x80, size: 1, value: 0x88)))
        #expect(cpu.pc == 0x1000)
        #expect(try cpu.run() == .portRead(PortAccess(port: 0x3F8, size: 2)))
        cpu.answer(0xAAAA_BBBB)
        #expect(try cpu.run() == .portRead(PortAccess(port: 0x3F8, size: 4)))
        #expect(cpu[.rax] == 0x1122_3344_5566_BBBB)
        cpu.answer(0xDEAD_BEEF)
        #expect(try cpu.run() == .halted)
        #expect(cpu[.rax] == 0xDEAD_BEEF)
        #expect(cpu.pc == 0x1006)
    }

    private final class Log: @unchecked Sendable { var bytes: [UInt8] = [] }

    @Test func portsAnswerByThemselves() throws {
        // rep outsb; rep insb; cli
        let (machine, cpu) = try machine([0xF3, 0x6E, 0xB1, 0x03, 0xF3, 0x6C, 0xFA])
        let log = Log()
        machine.mapPorts(0x10...0x1F) { access in
            UInt32(access.port) + 1
        } write: { access in
            log.bytes.append(UInt8(access.value))
        }
        try machine.memory.write(Array("hello".utf8), at: 0x1800)
        cpu[.rcx] = 5
        cpu[.rdx] = 0x10
        cpu[.rsi] = 0x1800
        cpu[.rdi] = 0x1900
        #expect(try cpu.run() == .privilegedInstruction)
        #expect(cpu.pc == 0x1006)
        #expect(log.bytes == Array("hello".utf8))
        #expect(cpu[.rsi] == 0x1805)
        #expect(try machine.memory.read(0x1900, count: 4) == [0x11, 0x11, 0x11, 0])
        #expect(cpu[.rdi] == 0x1903)
        #expect(cpu[.rcx] == 0)
    }

    @Test func interruptsAreExits() throws {
        // jmp .
        let (_, cpu) = try machine([0xEB, 0xFE])
        let handle = cpu.stopHandle
        handle.interrupt(9)
        handle.interrupt(3)
        handle.stop()
        #expect(try cpu.run() == .stopped)
        #expect(try cpu.run() == .interrupt(3))
        #expect(try cpu.run() == .interrupt(9))
        #expect(cpu.pc == 0x1000)
    }
}
