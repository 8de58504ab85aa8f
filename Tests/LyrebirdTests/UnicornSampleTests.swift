// What Unicorn's sample programs show, done by this API with the same results: code that computes, memory that is missing, devices, ports,
// system calls, loops that have to be stopped, registers that are kept. (Docs/FromUnicorn.md)

import Lyrebird
import Testing

private let code: UInt64 = 0x100_0000

private func make(_ guest: Guest, _ bytes: [UInt8]) throws -> (Machine, CPU) {
    let machine = try Machine(guest)
    try machine.memory.map(code, size: 2 << 20, access: .readWriteExecute)
    try machine.memory.write(bytes, at: code)
    let cpu = try machine.makeCPU()
    cpu.pc = code
    return (machine, cpu)
}

private let syscall: [UInt8] = [0x0F, 0x05]

@Suite struct UnicornSampleTests {
    // MARK: AArch64

    @Test func storeAndLoadOfAByte() throws {
        // str w11, [x13], #0; ldrb w15, [x13], #0; svc #0
        let (machine, cpu) = try make(.arm64, A64.bytes([0xB800_05AB, 0x3840_05AF, A64.svc(0)]))
        try machine.memory.map(0x1_0000, size: 0x1000, access: .readWrite)
        (cpu[.x11], cpu[.x13], cpu[.x15]) = (0x1234_5678, 0x1_0008, 0x33)
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu[.x15] == 0x78)
        #expect(try machine.memory.load(UInt32.self, at: 0x1_0008) == 0x1234_5678)
    }

    @Test func fetchWhereNothingIs() throws {
        let (_, cpu) = try make(.arm64, A64.bytes([A64.br(1)]))
        cpu[.x1] = 0x5000_0000
        let fault = Fault(pc: 0x5000_0000, address: 0x5000_0000, access: .execute, cause: .unmapped)
        #expect(try cpu.run() == .fault(fault))
    }

    /// mrs x2, sctlr_el1, which user mode may not: the embedder gives a value and goes on.
    @Test func systemRegister() throws {
        let (_, cpu) = try make(.arm64, A64.bytes([0xD538_1002, A64.add(2, 2, imm: 1), A64.svc(0)]))
        #expect(try cpu.run() == .privilegedInstruction)
        #expect(cpu.pc == code)
        cpu[.x2] = 0x114514
        cpu.pc += 4
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu[.x2] == 0x114515)
    }

    // MARK: x86-64

    @Test func arithmetic() throws {
        // inc ecx; dec edx; bswap r9; shrd r15, r9, 4; lea r10, [rax + rbx*4 + 0x10]; syscall
        let (_, cpu) = try make(
            .x86_64,
            [
                0xFF, 0xC1, 0xFF, 0xCA, 0x49, 0x0F, 0xC9, 0x4D, 0x0F, 0xAC, 0xCF, 0x04, 0x4C, 0x8D, 0x54, 0x98, 0x10,
            ] + syscall)
        (cpu[.rcx], cpu[.rdx]) = (0x1234, 0x7890)
        (cpu[.rax], cpu[.rbx]) = (0x71F3_029E_FD49_D41D, 0xD87B_4527_7F13_3DDB)
        (cpu[.r9], cpu[.r15]) = (0x0595_2C4C_E1EB_8A95, 0x0EC0_5A2E_3E5B_11F7)
        #expect(try cpu.run() == .systemCall(immediate: 0))
        // SYSCALL takes rcx and r11.
        #expect(cpu[.rcx] == cpu.pc)
        #expect(cpu[.rdx] == 0x788F)
        #expect(cpu[.r9] == 0x958A_EBE1_4C2C_9505)
        #expect(cpu[.r15] == 0x50EC_05A2_E3E5_B11F)
        #expect(cpu[.r10] == 0x71F3_029E_FD49_D41D &+ 4 &* 0xD87B_4527_7F13_3DDB &+ 0x10)
    }

    /// jmp over what is no instruction.
    @Test func jump() throws {
        let (_, cpu) = try make(.x86_64, [0xEB, 0x02, 0x0F, 0x0B, 0xFF, 0xC1] + syscall)
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu.pc == code + 8)
    }

    /// inc ecx; dec edx; jmp .: somebody else has to stop it.
    @Test func endlessLoop() async throws {
        let (_, cpu) = try make(.x86_64, [0xFF, 0xC1, 0xFF, 0xCA, 0xEB, 0xFE])
        (cpu[.rcx], cpu[.rdx]) = (0x1234, 0x7890)
        let handle = cpu.stopHandle
        let timer = Task.detached {
            try await Task.sleep(for: .milliseconds(20))
            handle.stop()
        }
        #expect(try cpu.run() == .stopped)
        #expect(cpu[.rcx] == 0x1235)
        #expect(cpu[.rdx] == 0x788F)
        #expect(cpu.pc == code + 4)
        try await timer.value
    }

    /// inc ecx; dec edx; mov eax, [abs 0xaaaaaaaa]; inc edx; syscall
    @Test func readWhereNothingIs() throws {
        let (_, cpu) = try make(
            .x86_64, [0xFF, 0xC1, 0xFF, 0xCA, 0x8B, 0x03, 0xFF, 0xC2] + syscall)
        (cpu[.rcx], cpu[.rdx], cpu[.rbx]) = (0x1234, 0x7890, 0xAAAA_AAAA)
        let fault = Fault(pc: code + 4, address: 0xAAAA_AAAA, access: .read, cause: .unmapped)
        #expect(try cpu.run() == .fault(fault))
        // What came before has been done, once.
        #expect(cpu[.rcx] == 0x1235)
        #expect(cpu[.rdx] == 0x788F)
    }

    /// The same for a write, where the embedder maps what is missing and goes on; another address stays unmapped.
    @Test func writeWhereNothingIs() throws {
        let (machine, cpu) = try make(.x86_64, [0xFF, 0xC1, 0x89, 0x0B, 0xFF, 0xC2] + syscall)
        (cpu[.rcx], cpu[.rdx], cpu[.rbx]) = (0x1234, 0x7890, 0xAAAA_AAAA)
        guard case .fault(let fault) = try cpu.run() else {
            Issue.record("no fault")
            return
        }
        #expect(fault == Fault(pc: code + 2, address: 0xAAAA_AAAA, access: .write, cause: .unmapped))
        try machine.memory.map(0xAAAA_0000, size: 2 << 20, access: .readWriteExecute)
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(try machine.memory.load(UInt32.self, at: 0xAAAA_AAAA) == 0x1235)
        #expect(cpu[.rdx] == 0x7891)
        #expect(throws: MemoryError.notAccessible(address: 0xFFFF_FFAA)) {
            try machine.memory.load(UInt32.self, at: 0xFFFF_FFAA)
        }
    }

    /// A page that may only be read; then one from which nothing may be executed.
    @Test func rightsThatAreMissing() throws {
        let (machine, cpu) = try make(.x86_64, [0x89, 0x0B, 0xFF, 0xE3])
        try machine.memory.map(0x20_0000, size: 0x1000, access: .read)
        (cpu[.rbx], cpu[.rcx]) = (0x20_0000, 0x0000_050F)
        #expect(try cpu.run() == .fault(Fault(pc: code, address: 0x20_0000, access: .write, cause: .protection)))
        try machine.memory.protect(0x20_0000, size: 0x1000, access: .readWrite)
        let fetch = Fault(pc: 0x20_0000, address: 0x20_0000, access: .execute, cause: .protection)
        #expect(try cpu.run() == .fault(fetch))
        try machine.memory.protect(0x20_0000, size: 0x1000, access: .readWriteExecute)
        #expect(try cpu.run() == .systemCall(immediate: 0))
    }

    /// inc ecx; in al, 0x3f; dec edx; out 0x46, al; inc ebx; syscall
    @Test func ports() throws {
        let program: [UInt8] = [0xFF, 0xC1, 0xE4, 0x3F, 0xFF, 0xCA, 0xE6, 0x46, 0xFF, 0xC3]
        let (_, cpu) = try make(.x86_64, program + syscall)
        (cpu[.rax], cpu[.rcx], cpu[.rdx]) = (0x1234, 0x6789, 0x7890)
        #expect(try cpu.run() == .portRead(PortAccess(port: 0x3F, size: 1)))
        cpu.answer(0xF1)
        #expect(try cpu.run() == .portWrite(PortAccess(port: 0x46, size: 1, value: 0xF1)))
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu[.rax] == 0x12F1)
        #expect(cpu[.rdx] == 0x788F)
        #expect(cpu[.rbx] == 1)
    }

    @Test func systemCall() throws {
        let (_, cpu) = try make(.x86_64, syscall + syscall)
        cpu[.rax] = 0x100
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu[.rax] == 0x100)
        cpu[.rax] = 0x200
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu[.rax] == 0x200)
        #expect(cpu.pc == code + 4)
    }

    /// inc eax; syscall: registers are kept, changed, and had again, on another machine, too.
    @Test func keptRegisters() throws {
        let (_, cpu) = try make(.x86_64, [0xFF, 0xC0] + syscall)
        cpu[.rax] = 1
        #expect(try cpu.run() == .systemCall(immediate: 0))
        let kept = cpu.state
        cpu.pc = code
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu[.rax] == 3)
        cpu.state = kept
        #expect(cpu[.rax] == 2)
        let (_, other) = try make(.x86_64, [0xFF, 0xC0] + syscall)
        other.state = kept
        other.pc = code
        #expect(try other.run() == .systemCall(immediate: 0))
        #expect(other[.rax] == 3)
    }

    /// mov [rdi], rbx; mov rbx, [rdi + 0x100]; mov bl, [rdi]; syscall: a device in memory.
    @Test func device() throws {
        let program: [UInt8] = [0x48, 0x89, 0x1F, 0x48, 0x8B, 0x9F, 0, 1, 0, 0, 0x8A, 0x1F]
        let (machine, cpu) = try make(.x86_64, program + syscall)
        let log = Log()
        try machine.memory.mapDevice(0x2_0000, size: 0x4000) { access in
            log.accesses.append(access)
            return 0x19_BEEF
        } write: { access in
            log.accesses.append(access)
        }
        (cpu[.rdi], cpu[.rbx]) = (0x2_0004, 0x1122_3344_5566_7788)
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu[.rbx] == 0x19_BEEF)
        #expect(
            log.accesses == [
                DeviceAccess(address: 0x2_0004, size: 8, value: 0x1122_3344_5566_7788),
                DeviceAccess(address: 0x2_0104, size: 8), DeviceAccess(address: 0x2_0004, size: 1),
            ])
    }

    private final class Log: @unchecked Sendable { var accesses: [DeviceAccess] = [] }

    /// push rcx; pop rdx; syscall: each access is told of.
    @Test func accesses() throws {
        let (machine, cpu) = try make(.x86_64, [0x51, 0x5A] + syscall)
        try machine.memory.map(0x3_0000, size: 0x1000, access: .readWrite)
        (cpu[.rsp], cpu[.rcx]) = (0x3_0800, 77)
        let told = Told()
        try machine.addMemoryHook(.readAndWrite) { cpu, access in told.accesses.append((cpu.pc, access)) }
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(told.accesses.map(\.0) == [code, code + 1])
        #expect(
            told.accesses.map(\.1) == [
                MemoryAccess(address: 0x3_07F8, size: 8, isWrite: true, value: 77),
                MemoryAccess(address: 0x3_07F8, size: 8, isWrite: false, value: 77),
            ])
        #expect(cpu[.rdx] == 77)
    }

    private final class Told: @unchecked Sendable { var accesses: [(UInt64, MemoryAccess)] = [] }

    /// Blocks and instructions of a loop are told of with their sizes: inc ecx; dec edx; jne; syscall.
    @Test func blocksAndInstructions() throws {
        let (machine, cpu) = try make(.x86_64, [0xFF, 0xC1, 0xFF, 0xCA, 0x75, 0xFA] + syscall)
        cpu[.rdx] = 3
        let told = Places()
        machine.addHook(.block) { _, place in told.blocks.append(place) }
        machine.addHook(.instruction, in: code...code + 3) { cpu, place in
            #expect(cpu.pc == place.address)
            told.instructions.append(place)
        }
        #expect(try cpu.run() == .systemCall(immediate: 0))
        let round = Hook.Place(address: code, size: 6)
        #expect(told.blocks == [round, round, round, Hook.Place(address: code + 6, size: 2)])
        let pair = [Hook.Place(address: code, size: 2), Hook.Place(address: code + 2, size: 2)]
        #expect(told.instructions == pair + pair + pair)
    }

    private final class Places: @unchecked Sendable { var blocks: [Hook.Place] = [], instructions: [Hook.Place] = [] }

    /// A system call that a hook answers, and code that goes on.
    @Test func answeredSystemCall() throws {
        let (machine, cpu) = try make(.x86_64, syscall + [0x48, 0xFF, 0xC0, 0xCC])
        machine.addSystemCallHook { cpu, _ in
            guard cpu[.rax] == 0x100 else { return false }
            cpu[.rax] = 0x200
            return true
        }
        cpu[.rax] = 0x100
        #expect(try cpu.run() == .breakpointInstruction(immediate: 0))
        #expect(cpu[.rax] == 0x201)
    }

    /// An endless loop under a limit of time, and of instructions.
    @Test func limits() throws {
        let (_, cpu) = try make(.x86_64, [0xFF, 0xC1, 0xFF, 0xCA, 0xEB, 0xFE])
        (cpu[.rcx], cpu[.rdx]) = (0x1234, 0x7890)
        #expect(try cpu.run(for: .milliseconds(20)) == .timeLimit)
        #expect(cpu[.rcx] == 0x1235)
        #expect(cpu[.rdx] == 0x788F)
        cpu.pc = code
        #expect(try cpu.run(budget: .instructions(1)) == .budget)
        #expect(cpu.pc == code + 2)
        #expect(cpu[.rcx] == 0x1236)
    }

    /// The code before an address, as `until` of Unicorn's means it.
    @Test func endAtAnAddress() throws {
        let (machine, cpu) = try make(.x86_64, [0xFF, 0xC1, 0xFF, 0xCA, 0xFF, 0xC1])
        (cpu[.rcx], cpu[.rdx]) = (0x1234, 0x7890)
        machine.addBreakpoint(at: code + 4)
        #expect(try cpu.run() == .breakpoint)
        #expect(cpu[.rcx] == 0x1235)
        #expect(cpu[.rdx] == 0x788F)
    }
}
