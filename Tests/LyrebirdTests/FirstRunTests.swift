// Code that is interpreted when it is executed for the first time: that it is, and that nobody can tell.

import Lyrebird
import Testing

@Suite(.serialized) struct FirstRunTests {
    private static let code: UInt64 = 0x12_3456_0000
    private static let data: UInt64 = code + 0x1000

    /// A page of code, one of data, and one behind it that can only be read.
    private struct Subject {
        let machine: Machine
        let cpu: CPU
        private let host: HostProcess

        init(_ program: [UInt8], interpretsFirst: Bool = true) throws {
            var configuration = Machine.Configuration()
            configuration.interpretsFirst = interpretsFirst
            machine = try Machine(.x86_64, addressSpace: .hostProcess, configuration: configuration)
            host = try #require(machine.hostProcess)
            let privateAnonymousAndNothingThere: Int32 = 0x10_0022
            let place = host.map(code, size: 0x3000, access: .readWriteExecute, flags: privateAnonymousAndNothingThere)
            try #require(place == Int(code))
            try #require(host.protect(data + 0x1000, size: 0x1000, access: .read) == 0)
            try machine.memory.write(program, at: code)
            cpu = try machine.makeCPU()
        }

        func end() { _ = host.unmap(code, size: 0x3000) }

        func run() throws -> Exit {
            cpu.pc = code
            cpu[.rax] = 0x1122_3344_5566_7788
            cpu[.rcx] = 3
            cpu[.rdi] = data
            cpu[.rsi] = data + 0xFFC
            cpu[.rsp] = data + 0x800
            return try cpu.run()
        }
    }

    @Test func codeIsTranslatedWhenItComesAgain() throws {
        // lea rax, [rdi + rcx]; syscall
        let subject = try Subject([0x48, 0x8D, 0x04, 0x0F, 0x0F, 0x05])
        defer { subject.end() }
        for round in 0..<3 {
            #expect(try subject.run() == .systemCall(immediate: 0))
            #expect(subject.cpu[.rax] == Self.data + 3 && subject.cpu.pc == Self.code + 6)
            #expect(subject.machine.statistics.interpreted == 1)
            #expect(subject.machine.statistics.translations == min(round, 1))
        }
    }

    /// What counts or watches is generated code.
    @Test func instrumentedCodeIsTranslated() throws {
        // nop; syscall
        let counted = try Subject([0x90, 0x0F, 0x05])
        counted.cpu.pc = Self.code
        #expect(try counted.cpu.run(budget: .instructions(1)) == .budget)
        #expect(counted.cpu.pc == Self.code + 1 && counted.machine.statistics.interpreted == 0)
        counted.end()
        let stopped = try Subject([0x90, 0x0F, 0x05])
        stopped.machine.addBreakpoint(at: Self.code + 1)
        #expect(try stopped.run() == .breakpoint)
        #expect(stopped.cpu.pc == Self.code + 1 && stopped.machine.statistics.interpreted == 0)
        stopped.end()
    }

    struct Program: CustomTestStringConvertible {
        let testDescription: String
        let code: [UInt8]
        /// Whether the interpreter has its first block.
        var isInterpreted = true
    }

    private static let programs = [
        Program(
            testDescription: "calls",
            code: [
                0x50,  // push rax
                0xE8, 0x03, 0x00, 0x00, 0x00,  // call f
                0x58,  // pop rax
                0x0F, 0x05,  // syscall
                0x48, 0xFF, 0x44, 0x24, 0x08,  // f: inc qword [rsp + 8]
                0xC3,  // ret
            ]),
        Program(
            testDescription: "a loop",
            code: [
                0x48, 0x01, 0xC8,  // again: add rax, rcx
                0xFF, 0xC9,  // dec ecx
                0x75, 0xF9,  // jnz again
                0x0F, 0x05,  // syscall
            ]),
        Program(
            testDescription: "a load that faults",
            code: [
                0x48, 0xFF, 0xC0,  // inc rax
                0x8B, 0x14, 0x25, 0x10, 0x00, 0x00, 0x00,  // mov edx, [16]
                0x0F, 0x05,  // syscall
            ]),
        // All of it is stored or nothing.
        Program(
            testDescription: "a store over the end of what can be written",
            code: [
                0x48, 0xFF, 0xC0,  // inc rax
                0x48, 0x89, 0x06,  // mov [rsi], rax
                0x0F, 0x05,  // syscall
            ]),
        Program(
            testDescription: "a vector over the end of what can be written",
            code: [
                0x66, 0x0F, 0xEF, 0xC0,  // pxor xmm0, xmm0
                0x0F, 0x11, 0x46, 0xF8,  // movups [rsi - 8], xmm0
                0x0F, 0x05,  // syscall
            ]),
        Program(
            testDescription: "code that writes what comes next",
            code: [
                0xC6, 0x05, 0x01, 0x00, 0x00, 0x00, 0x09,  // mov byte [rip + 1], 9
                0xB0, 0x05,  // mov al, 5
                0x0F, 0x05,  // syscall
            ]),
        Program(
            testDescription: "atomics",
            code: [
                0xF0, 0x48, 0x0F, 0xC1, 0x07,  // lock xadd [rdi], rax
                0xF0, 0x48, 0x0F, 0xB1, 0x0F,  // lock cmpxchg [rdi], rcx
                0x48, 0x87, 0x0F,  // xchg [rdi], rcx
                0x0F, 0x05,  // syscall
            ]),
        Program(
            testDescription: "an exchange that faults",
            code: [
                0x48, 0xFF, 0xC0,  // inc rax
                0x48, 0x87, 0x46, 0x08,  // xchg [rsi + 8], rax
                0x0F, 0x05,  // syscall
            ]),
        Program(
            testDescription: "no instruction",
            code: [
                0xFF, 0xC1,  // inc ecx
                0x0F, 0x0B,  // ud2
            ]),
        Program(
            testDescription: "a division by zero",
            code: [
                0x31, 0xC9,  // xor ecx, ecx
                0xF7, 0xF1,  // div ecx
            ]),
        Program(
            testDescription: "repeated stores",
            code: [
                0xF3, 0xAA,  // rep stosb
                0x0F, 0x05,  // syscall
            ]),
        Program(
            testDescription: "floating point",
            code: [
                0xF2, 0x48, 0x0F, 0x2A, 0xC1,  // cvtsi2sd xmm0, rcx
                0xF2, 0x0F, 0x58, 0xC0,  // addsd xmm0, xmm0
                0x0F, 0x05,  // syscall
            ], isInterpreted: false),
        Program(
            testDescription: "x87",
            code: [
                0xD9, 0xE8,  // fld1
                0xDF, 0x3F,  // fistp qword [rdi]
                0x0F, 0x05,  // syscall
            ], isInterpreted: false),
        Program(
            testDescription: "a fence",
            code: [
                0x48, 0x89, 0x07,  // mov [rdi], rax
                0x0F, 0xAE, 0xF0,  // mfence
                0x0F, 0x05,  // syscall
            ], isInterpreted: false),
    ]

    @Test(arguments: programs) func nobodyCanTell(_ program: Program) throws {
        var findings: [[String]] = []
        for interpretsFirst in [true, false] {
            let subject = try Subject(program.code, interpretsFirst: interpretsFirst)
            defer { subject.end() }
            let exit = try subject.run()
            let registers = (0..<16).map { subject.cpu[.x86($0)] }
            let vectors = (0..<4).map { subject.cpu[.xmm($0)] }
            let memory = try subject.machine.memory.read(Self.code, count: 0x3000)
            findings.append([
                "\(exit) at \(subject.cpu.pc)", "\(registers)", "\(vectors)", "\(subject.cpu[.rflags])", "\(memory)",
            ])
            let isInterpreted = subject.machine.statistics.interpreted > 0
            #expect(isInterpreted == (interpretsFirst && program.isInterpreted))
        }
        for (interpreted, translated) in zip(findings[0], findings[1]) { #expect(interpreted == translated) }
    }
}
