// A machine of either guest with code, data and a page that is not there, for tests of how a CPU is run.

import Lyrebird

struct Sandbox {
    static let code: UInt64 = 0x10_0000
    static let codeSize: UInt64 = 0x2000
    static let data: UInt64 = 0x20_0000

    let machine: Machine
    let cpu: CPU

    init(
        _ guest: Guest, _ program: [UInt8], writable: Bool = false, window: UInt64 = 1 << 36,
        configuration: Machine.Configuration = .init(), device: DeviceMemory? = nil
    ) throws {
        // Wherever random addresses lead.
        machine = try Machine(guest, addressSpace: .checked(window: window), configuration: configuration)
        try machine.memory.map(Self.code, size: Self.codeSize, access: .readWriteExecute)
        try machine.memory.write(program, at: Self.code)
        if !writable { try machine.memory.protect(Self.code, size: Self.codeSize, access: .readExecute) }
        if let device {
            try device.map(in: machine.memory, at: Self.data)
        } else {
            try machine.memory.map(Self.data, size: DeviceMemory.size, access: .readWrite)
        }
        cpu = try machine.makeCPU()
        cpu.pc = Self.code
    }

    init(_ words: [UInt32], configuration: Machine.Configuration = .init()) throws {
        try self.init(.arm64, A64.bytes(words), configuration: configuration)
    }

    /// A program of either guest that goes round `count` times, three instructions each, after two, and makes a system call at last.
    static func loop(_ guest: Guest, _ count: UInt32, configuration: Machine.Configuration = .init()) throws -> Sandbox
    {
        switch guest {
        case .arm64:
            let sandbox = try Sandbox(
                [A64.movz(0, 0), A64.nop, A64.add(0, 0, 1), A64.subs(1, 1, imm: 1), A64.bne(-2), A64.svc()],
                configuration: configuration)
            sandbox.cpu[.x1] = UInt64(count)
            return sandbox
        case .x86_64:
            let sandbox = try Sandbox(
                .x86_64,
                [
                    0x31, 0xC0,  // xor eax, eax
                    0x90,  // nop
                    0x48, 0x01, 0xC8,  // add rax, rcx
                    0xFF, 0xC9,  // dec ecx
                    0x75, 0xF9,  // jnz
                    0x0F, 0x05,  // syscall
                ], configuration: configuration)
            sandbox.cpu[.rcx] = UInt64(count)
            return sandbox
        }
    }

    /// Where that loop's head is, and the sum that it makes.
    static func loopHead(_ guest: Guest) -> UInt64 { guest == .arm64 ? code + 8 : code + 3 }
    var sum: UInt64 { machine.guest == .arm64 ? cpu[.x0] : cpu[.rax] }
    static func sum(_ count: UInt64) -> UInt64 { count * (count + 1) / 2 }

    /// Everything that a guest sees of its CPU.
    var state: State {
        switch machine.guest {
        case .arm64:
            State(
                pc: cpu.pc, general: (0...30).map { cpu[.x($0)] } + [cpu[.sp], cpu[.nzcv], cpu[.fpcr], cpu[.fpsr]],
                vectors: (0...31).map { cpu[.v($0)] })
        case .x86_64:
            State(
                pc: cpu.pc,
                // A product leaves ZF, SF, PF and AF undefined, a test of a bit all but CF: whoever asks for them may get others.
                general: (0...15).map { cpu[.x86($0)] } + [
                    cpu[.rflags] & ~0x8D4, cpu[.mxcsr], cpu[.x87Control], cpu[.x87Status], cpu[.x87Tags],
                ] + (0...7).map { cpu[.x87Significand($0)] } + (0...7).map { cpu[.x87Exponent($0)] },
                vectors: (0...15).map { cpu[.xmm($0)] } + (0...15).map { cpu[.upper($0)] })
        }
    }

    struct State: Equatable {
        var pc: UInt64
        var general: [UInt64]
        var vectors: [UInt128]
    }
}

/// xorshift64*.
struct Random {
    var state: UInt64
    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
    mutating func below(_ limit: Int) -> Int { Int(next() >> 33) % limit }
}
