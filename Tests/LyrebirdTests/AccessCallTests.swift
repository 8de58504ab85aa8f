// Accesses that generated code has made for it, and goes on behind: to devices with functions, to memory above the window, to memory that
// hooks watch; and what these functions may do meanwhile.

import Glibc
import Lyrebird
import Testing

/// A device that is memory.
final class DeviceMemory: @unchecked Sendable {
    static let size: UInt64 = 0x2000
    private let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(size) + 8, alignment: 16)
    private let answersItself: Bool
    var accesses = 0

    init(answersItself: Bool = true) {
        self.answersItself = answersItself
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { bytes.deallocate() }

    func read(_ access: DeviceAccess, base: UInt64) -> UInt64 {
        accesses += 1
        // What is above the access's size does not count.
        return bytes.loadUnaligned(fromByteOffset: Int(access.address - base), as: UInt64.self)
    }

    func write(_ access: DeviceAccess, base: UInt64) {
        accesses += 1
        withUnsafeBytes(of: access.value) {
            UnsafeMutableRawBufferPointer(rebasing: bytes[Int(access.address - base)...]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: $0[..<access.size]))
        }
    }

    func map(in memory: Memory, at base: UInt64) throws {
        guard answersItself else { return try memory.mapDevice(base, size: Self.size) }
        try memory.mapDevice(base, size: Self.size) {
            self.read($0, base: base)
        } write: {
            self.write($0, base: base)
        }
    }

    var content: [UInt8] { Array(bytes.prefix(Int(Self.size))) }
}

@Suite struct AccessCallTests {
    private static let device: UInt64 = 0x900_0000
    private final class Log: @unchecked Sendable {
        var reads: [DeviceAccess] = []
        var writes: [DeviceAccess] = []
        var memory: [MemoryAccess] = []
        var seen: [UInt64] = []
        var count = 0
        var hook: MemoryHook?
    }
    private struct Refused: Error {}

    /// A machine with a device that answers every read with a number and notes what it is asked.
    private func make(
        _ guest: Guest, _ program: [UInt8], answering value: UInt64, configuration: Machine.Configuration = .init(),
        then act: @escaping @Sendable (CPU, DeviceAccess) throws -> Void = { _, _ in }
    ) throws -> (Sandbox, Log) {
        let sandbox = try Sandbox(guest, program, configuration: configuration)
        let log = Log()
        let reference = Reference()
        reference.cpu = sandbox.cpu
        try sandbox.machine.memory.mapDevice(Self.device, size: 4096) { access in
            log.reads.append(access)
            try act(reference.cpu!, access)
            return value
        } write: { access in
            log.writes.append(access)
            try act(reference.cpu!, access)
        }
        return (sandbox, log)
    }

    private final class Reference: @unchecked Sendable { unowned(unsafe) var cpu: CPU? }

    /// Loads of every size and extension, twice: the first time the instruction is found to meet a device.
    @Test func loadsOfEverySize() throws {
        let words: [(UInt32, UInt64)] = [
            // ldrb w1; ldrsb w1; ldrsb x1; ldrh w1; ldrsh w1; ldrsh x1; ldr w1; ldrsw x1; ldr x1, all [x0, #8 or so]
            (0x3940_2001, 0x8F), (0x39C0_2001, 0xFFFF_FF8F), (0x3980_2001, 0xFFFF_FFFF_FFFF_FF8F),
            (0x7940_1001, 0x8E8F), (0x79C0_1001, 0xFFFF_8E8F), (0x7980_1001, 0xFFFF_FFFF_FFFF_8E8F),
            (0xB940_0801, 0x8C8D_8E8F), (0xB980_0801, 0xFFFF_FFFF_8C8D_8E8F), (0xF940_0401, 0x8889_8A8B_8C8D_8E8F),
        ]
        for (word, expected) in words {
            let program = A64.bytes([word, A64.add(2, 2, 1), A64.subs(3, 3, imm: 1), A64.bne(-3), A64.svc(1)])
            let (sandbox, log) = try make(.arm64, program, answering: 0x8889_8A8B_8C8D_8E8F)
            sandbox.cpu[.x0] = Self.device
            sandbox.cpu[.x3] = 1000
            #expect(try sandbox.cpu.run() == .systemCall(immediate: 1))
            #expect(sandbox.cpu[.x1] == expected)
            #expect(sandbox.cpu[.x2] == expected &* 1000)
            #expect(log.reads.count == 1000)
            #expect(log.reads.allSatisfy { $0 == DeviceAccess(address: Self.device + 8, size: log.reads[0].size) })
        }
    }

    /// Vectors: b, h, s, d, q.
    @Test func vectorsOfEverySize() throws {
        let loads: [(UInt32, UInt128, Int)] = [
            (0x3D40_0001, 0x8F, 1), (0x7D40_0001, 0x8E8F, 1), (0xBD40_0001, 0x8C8D_8E8F, 1),
            (0xFD40_0001, 0x8889_8A8B_8C8D_8E8F, 1), (0x3DC0_0001, 0x8889_8A8B_8C8D_8E8F_8889_8A8B_8C8D_8E8F, 2),
        ]
        for (load, expected, accesses) in loads {
            let store = load & ~0x0040_0000
            let program = A64.bytes([load, store, A64.subs(3, 3, imm: 1), A64.bne(-3), A64.svc(1)])
            let (sandbox, log) = try make(.arm64, program, answering: 0x8889_8A8B_8C8D_8E8F)
            sandbox.cpu[.x0] = Self.device
            sandbox.cpu[.x3] = 20
            sandbox.cpu[.v(1)] = .max
            #expect(try sandbox.cpu.run() == .systemCall(immediate: 1))
            #expect(sandbox.cpu[.v(1)] == expected)
            #expect(log.reads.count == 20 * accesses)
            #expect(log.writes.count == 20 * accesses)
            #expect(log.writes.allSatisfy { $0.value == UInt64(truncatingIfNeeded: expected) })
        }
    }

    /// x86: what is loaded becomes part of something else; numbers are stored; a sum in the device is a read and a write.
    @Test func x86Operands() throws {
        let program: [UInt8] = [
            0x0F, 0xB6, 0x07,  // movzx eax, byte [rdi]
            0x66, 0xC7, 0x47, 0x10, 0x34, 0x12,  // mov word [rdi+16], 0x1234
            0x48, 0xC7, 0x47, 0x18, 0xFE, 0xFF, 0xFF, 0xFF,  // mov qword [rdi+24], -2
            0x48, 0x03, 0x1F,  // add rbx, [rdi]
            0x01, 0x77, 0x20,  // add [rdi+32], esi
            0xFF, 0x77, 0x28,  // push qword [rdi+40]
            0x88, 0x67, 0x30,  // mov [rdi+48], ah
            0x0F, 0x28, 0x0F,  // movaps xmm1, [rdi]
            0xFF, 0xC9, 0x75, 0xDC,  // dec ecx; jnz
            0x0F, 0x05,
        ]
        let (sandbox, log) = try make(.x86_64, program, answering: 0x0123_4567_89AB_CDEF)
        let cpu = sandbox.cpu
        (cpu[.rdi], cpu[.rsi], cpu[.rcx]) = (Self.device, 0x10, 50)
        cpu[.rsp] = Sandbox.data + 0x1000
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu[.rbx] == 0x0123_4567_89AB_CDEF &* 50)
        #expect(cpu[.xmm1] == 0x0123_4567_89AB_CDEF_0123_4567_89AB_CDEF)
        let memory = sandbox.machine.memory
        #expect(try memory.load(UInt64.self, at: Sandbox.data + 0xFF8) == 0x0123_4567_89AB_CDEF)
        #expect(log.writes.count == 200)
        #expect(log.reads.count == 300)
        let writes = [
            DeviceAccess(address: Self.device + 16, size: 2, value: 0x1234),
            DeviceAccess(address: Self.device + 24, size: 8, value: 0xFFFF_FFFF_FFFF_FFFE),
            DeviceAccess(address: Self.device + 32, size: 4, value: 0x89AB_CDFF),
            DeviceAccess(address: Self.device + 48, size: 1, value: 0),
        ]
        for n in 0..<200 { #expect(log.writes[n] == writes[n % 4]) }
    }

    /// The functions see exact state, whatever generated code has in which register; and what they change counts.
    @Test(arguments: [false, true]) func stateInDevices(counted: Bool) throws {
        // x1 += 1; x4 = [x0]; x1 += 1; x5 = x1 + x4; loop; each value in a register of its own.
        let program = A64.bytes([
            A64.add(1, 1, imm: 1), A64.ldr(4, 0), A64.add(1, 1, imm: 1), A64.add(5, 1, 4), A64.subs(3, 3, imm: 1),
            A64.bne(-5), A64.svc(1),
        ])
        let seen = Log()
        let (sandbox, _) = try make(.arm64, program, answering: 7) { cpu, _ in
            #expect(cpu.pc == Sandbox.code + 4)
            seen.count += 1
            seen.seen.append(cpu[.x1])
            if counted { #expect(cpu.instructionsRetired == UInt64(6 * (seen.count - 1) + 1)) }
            #expect(cpu[.nzcv] == (seen.count == 1 ? 0 : 0x2000_0000))
            // From the outside: the loop counter.
            if seen.count == 500 { cpu[.x3] = 10 }
        }
        let cpu = sandbox.cpu
        cpu.countsInstructions = counted
        cpu[.x0] = Self.device
        cpu[.x3] = 1000
        #expect(try cpu.run() == .systemCall(immediate: 1))
        #expect(seen.count == 509)
        #expect(seen.seen == (0..<509).map { UInt64(2 * $0 + 1) })
        #expect(cpu[.x5] == 2 * 509 + 7)
        if counted { #expect(cpu.instructionsRetired == 509 * 6 + 1) }
    }

    /// A function throws, the budget ends, somebody stops the CPU: the count is exact, and no access is made twice.
    @Test(arguments: Guest.allCases) func leavingInTheMiddle(guest: Guest) throws {
        // A load, a store, a subtraction, a branch.
        let program: [UInt8] =
            guest == .arm64
            ? A64.bytes([A64.ldr(1, 0), A64.str(1, 0, offset: 8), A64.subs(3, 3, imm: 1), A64.bne(-3), A64.svc(0)])
            : [0x48, 0x8B, 0x1F, 0x48, 0x89, 0x5F, 0x08, 0xFF, 0xC9, 0x75, 0xF5, 0x0F, 0x05]
        let log = Log()
        let (sandbox, accesses) = try make(guest, program, answering: 5) { cpu, access in
            log.count += 1
            if log.count == 100 || log.count == 101 { throw Refused() }
            if log.count == 202 { cpu.stopHandle.stop() }
        }
        let cpu = sandbox.cpu
        cpu[guest == .arm64 ? .x0 : .rdi] = Self.device
        cpu[guest == .arm64 ? .x3 : .rcx] = 1000
        cpu.countsInstructions = true
        for _ in 0..<2 {
            #expect(throws: Refused.self) { try cpu.run() }
            // The one hundredth access is the fiftieth store.
            #expect(cpu.instructionsRetired == 49 * 4 + 1)
        }
        #expect(try cpu.run() == .stopped)
        // The store that was refused twice is among them; the access that stopped it is over.
        #expect(accesses.reads.count + accesses.writes.count == 202)
        #expect(cpu.instructionsRetired == 99 * 4 + 2)
        let retired = cpu.instructionsRetired
        #expect(try cpu.run(budget: .instructions(3)) == .budget)
        #expect(cpu.instructionsRetired == retired + 3)
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu.instructionsRetired == 4001)
        #expect(accesses.writes.count == 1002)
        #expect(accesses.reads.count == 1000)
    }

    /// Between a read that leaves `run` and its answer anything may happen: the instruction is executed once all the same, with the
    /// answer and with what was changed.
    @Test(arguments: Guest.allCases, [false, true]) func betweenAskingAndAnswering(guest: Guest, counted: Bool) throws {
        // A load, a sum of what was loaded and of another register, a store of the sum; round and round.
        let program: [UInt8] =
            guest == .arm64
            ? A64.bytes([
                A64.ldr(1, 0), A64.add(2, 2, 1), A64.add(2, 2, 4), A64.str(2, 0, offset: 8), A64.subs(3, 3, imm: 1),
                A64.bne(-5), A64.svc(0),
            ])
            : [
                0x48, 0x8B, 0x1F, 0x48, 0x01, 0xDA, 0x4C, 0x01, 0xC2, 0x48, 0x89, 0x57, 0x08, 0xFF, 0xC9, 0x75, 0xEF,
                0x0F, 0x05,
            ]
        let (address, loaded, sum, counter, other): (Register, Register, Register, Register, Register) =
            guest == .arm64 ? (.x0, .x1, .x2, .x3, .x4) : (.rdi, .rbx, .rdx, .rcx, .r8)
        let sandbox = try Sandbox(guest, program)
        let (machine, cpu) = (sandbox.machine, sandbox.cpu)
        try machine.memory.mapDevice(Self.device, size: 4096)
        cpu[address] = Self.device
        cpu[counter] = 200
        cpu.countsInstructions = counted
        var expected: UInt64 = 0
        for round in 0..<UInt64(200) {
            #expect(try cpu.run() == .deviceRead(DeviceAccess(address: Self.device, size: 8)))
            #expect(cpu.pc == Sandbox.code)
            if counted { #expect(cpu.instructionsRetired == 6 * round) }
            switch round % 10 {
            case 1: #expect(cpu[sum] == expected)
            case 2: cpu[other] = round
            case 3: machine.flushTranslations()
            case 4: cpu.state = cpu.state
            case 5: try machine.memory.map(0x800_0000 + round << 12, size: 4096, access: .readWrite)
            case 6: #expect(try cpu.run(budget: .instructions(0)) == .budget)
            case 7: cpu.stopHandle.stop()
            case 8: machine.addHook(.block, in: 0...0) { _, _ in }.remove()
            case 9: cpu[.control(guest)] = cpu[.control(guest)]
            default: break
            }
            if round % 10 == 4 {
                // Who sets all of the state has not asked.
                #expect(try cpu.run() == .deviceRead(DeviceAccess(address: Self.device, size: 8)))
            }
            cpu.answer(round)
            if round % 10 == 7 { #expect(try cpu.run() == .stopped) }
            expected &+= round &+ cpu[other]
            let written = DeviceAccess(address: Self.device + 8, size: 8, value: expected)
            if counted, round % 3 == 0, round % 10 != 7 {
                #expect(try cpu.run(budget: .instructions(2)) == .budget)
                #expect(cpu[loaded] == round)
                #expect(cpu.instructionsRetired == 6 * round + 2)
            }
            #expect(try cpu.run() == .deviceWrite(written))
            if round % 7 == 0 { #expect(cpu[sum] == expected) }
            if counted { #expect(cpu.instructionsRetired == 6 * round + 3) }
        }
        #expect(try cpu.run() == .systemCall(immediate: 0))
        if counted { #expect(cpu.instructionsRetired == 1201) }
        #expect(cpu[loaded] == 199)
    }

    /// Of two accesses of an instruction the second one throws: the first is not made again.
    @Test func noAccessIsMadeTwice() throws {
        // ldp x1, x2, [x0]; subs; b.ne
        let program = A64.bytes([0xA940_0801, A64.subs(3, 3, imm: 1), A64.bne(-2), A64.svc(0)])
        let log = Log()
        let (sandbox, accesses) = try make(.arm64, program, answering: 5) { cpu, access in
            log.count += 1
            if access.address == Self.device + 8, log.count % 3 != 0 { throw Refused() }
        }
        sandbox.cpu[.x0] = Self.device
        sandbox.cpu[.x3] = 50
        var thrown = 0
        while true {
            do {
                #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
                break
            } catch { thrown += 1 }
        }
        #expect(accesses.reads.filter { $0.address == Self.device }.count == 50)
        #expect(accesses.reads.filter { $0.address == Self.device + 8 }.count == 50 + thrown)
        #expect(thrown > 0)
        #expect(sandbox.cpu[.x2] == 5)
    }

    /// Functions that unmap their device, forget all translations, add hooks, run another CPU, send the CPU elsewhere.
    @Test(arguments: 0..<6) func changesFromInside(what: Int) throws {
        let program = A64.bytes([
            A64.str(3, 0), A64.add(1, 1, imm: 1), A64.subs(3, 3, imm: 1), A64.bne(-3), A64.svc(1), A64.svc(2),
        ])
        let log = Log()
        let (sandbox, accesses) = try make(.arm64, program, answering: 0) { cpu, access in
            log.count += 1
            guard log.count == 300 else { return }
            let machine = cpu.machine
            switch what {
            case 0: try machine.memory.unmap(Self.device, size: 4096)
            case 1: machine.flushTranslations()
            case 2: machine.addHook(.instruction) { _, place in log.seen.append(place.address) }
            case 3:
                let other = try machine.makeCPU()
                other.pc = Sandbox.code + 4
                other[.x3] = 1
                #expect(try other.run() == .systemCall(immediate: 1))
                #expect(other[.x1] == 1)
            case 4: cpu.pc = Sandbox.code + 20
            default:
                #expect(throws: CPUError.inUse) { try cpu.run() }
                try machine.addMemoryHook(.write) { _, access in log.memory.append(access) }
                // What is behind the store is another code from now on: x1 += 2.
                try machine.memory.write(A64.bytes([A64.add(1, 1, imm: 2)]), at: Sandbox.code + 4)
            }
        }
        try sandbox.machine.memory.protect(Sandbox.code, size: Sandbox.codeSize, access: .readWriteExecute)
        let cpu = sandbox.cpu
        cpu[.x0] = Self.device
        cpu[.x3] = 1000
        let exit = try cpu.run()
        switch what {
        case 0:
            let fault = Fault(pc: Sandbox.code, address: Self.device, access: .write, cause: .unmapped)
            #expect(exit == .fault(fault))
            #expect(cpu[.x1] == 300)
            #expect(accesses.writes.count == 300)
        case 4:
            #expect(exit == .systemCall(immediate: 2))
            #expect(cpu[.x1] == 299)
        default:
            #expect(exit == .systemCall(immediate: 1))
            #expect(accesses.writes.map(\.value) == (1...1000).reversed())
            #expect(cpu[.x1] == (what == 5 ? 299 + 2 * 701 : 1000))
            if what == 2 { #expect(log.seen.count == 700 * 4 + 4) }
            if what == 5 { #expect(log.memory.count == 700) }
        }
    }

    /// What floating point has raised, and x87's stack, are as they were behind an access.
    @Test func floatingPointAroundAccesses() throws {
        let program: [UInt8] = [
            0xD9, 0xE8, 0xD9, 0xEB,  // fld1; fldpi
            0xF3, 0x0F, 0x5E, 0xC1,  // divss xmm0, xmm1
            0x8B, 0x07,  // mov eax, [rdi]
            0xD8, 0xC1, 0xDD, 0xD9,  // fadd st, st(1); fstp st(1)
            0xDD, 0xD8,  // fstp st
            0xFF, 0xC9, 0x75, 0xEC,  // dec ecx; jnz
            0x0F, 0x05,
        ]
        let (sandbox, log) = try make(.x86_64, program, answering: 9) { cpu, _ in
            // Inexact; two registers are in use.
            #expect(cpu[.mxcsr] & 0x3F == 0x20)
            #expect(cpu[.x87Exponent(0)] == 0x4000)
            var sum = 0.1
            for _ in 0..<3 { sum += sum / 3 }
            withExtendedLifetime(sum) {}
        }
        let cpu = sandbox.cpu
        (cpu[.rdi], cpu[.rcx], cpu[.mxcsr]) = (Self.device, 40, 0x1F80)
        (cpu[.xmm0], cpu[.xmm1]) = (0x3F80_0000, 0x4040_0000)
        (cpu[.x87Control], cpu[.x87Tags]) = (0x37F, 0xFFFF)
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(log.reads.count == 40)
        #expect(cpu[.mxcsr] & 0x3F == 0x20)
    }

    /// Hooks and functions of devices compute while the guest does not, and what they raise is not the guest's when it does.
    @Test func floatingPointBegins() throws {
        // subs; b.ne; str x3, [x0]; fmov d0, #1.0; fdiv d1, d0, d0; fmov d2, #3.0; svc; fdiv d3, d0, d2; svc
        let program = A64.bytes([
            A64.subs(3, 3, imm: 1), A64.bne(-1), A64.str(3, 0), 0x1E6E_1000, 0x1E60_1801, 0x1E61_1002, A64.svc(1),
            0x1E62_1803, A64.svc(2),
        ])
        let sums = Sums()
        let (sandbox, log) = try make(.arm64, program, answering: 0) { _, _ in sums.add() }
        sandbox.machine.addHook(.block) { _, _ in sums.add() }
        let cpu = sandbox.cpu
        cpu[.x0] = Self.device
        cpu[.x3] = 100
        #expect(try cpu.run() == .systemCall(immediate: 1))
        #expect(cpu[.fpsr] == 0)
        #expect(try cpu.run() == .systemCall(immediate: 2))
        #expect(cpu[.fpsr] == 0x10)
        #expect(log.writes.count == 1)
        #expect(sums.value > 0)
    }

    private final class Sums: @unchecked Sendable {
        var value = 0.1
        func add() { value += value / 3 }
    }

    /// A device next to memory: an access to both is made in parts.
    @Test func accessesAcrossTheBorder() throws {
        let program = A64.bytes([
            A64.ldr(1, 0), A64.str(2, 0), A64.subs(3, 3, imm: 1), A64.bne(-3), A64.svc(0),
        ])
        let (sandbox, log) = try make(.arm64, program, answering: 0x8877_6655_4433_2211)
        let memory = sandbox.machine.memory
        let border = Self.device + 4096
        try memory.map(border, size: 4096, access: .readWrite)
        try memory.store(UInt32(0xAABB_CCDD), at: border)
        let cpu = sandbox.cpu
        cpu[.x0] = border - 4
        cpu[.x2] = 0xAABB_CCDD_1234_5678
        cpu[.x3] = 10
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu[.x1] == 0xAABB_CCDD_4433_2211)
        #expect(log.reads == [DeviceAccess](repeating: DeviceAccess(address: border - 4, size: 4), count: 10))
        #expect(log.writes.allSatisfy { $0 == DeviceAccess(address: border - 4, size: 4, value: 0x1234_5678) })
        #expect(log.writes.count == 10)
        #expect(try memory.load(UInt32.self, at: border) == 0xAABB_CCDD)
    }

    /// Another thread makes all translations go away, and hooks come and go, while devices are asked and leave `run`.
    @Test(arguments: [true, false]) func flushesMeanwhile(answersItself: Bool) throws {
        let program = A64.bytes([
            A64.ldr(1, 0), A64.add(1, 1, imm: 1), A64.str(1, 0), A64.ldr(4, 5), A64.add(4, 4, 1), A64.str(4, 5),
            A64.subs(3, 3, imm: 1), A64.bne(-7), A64.svc(0),
        ])
        let device = DeviceMemory(answersItself: answersItself)
        let sandbox = try Sandbox(.arm64, program, device: device)
        let (machine, cpu) = (sandbox.machine, sandbox.cpu)
        let own: UInt64 = 0x40_0000
        try machine.memory.map(own, size: 4096, access: .readWrite)
        cpu[.x0] = Sandbox.data
        cpu[.x5] = own
        let count: UInt64 = answersItself ? 600_000 : 150_000
        cpu[.x3] = count
        let state = Log()
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Disturbance(machine, state))
        pthread_create(&thread, nil, { Disturbance.run($0) }, context.toOpaque())
        var exit = try cpu.run()
        while exit != .systemCall(immediate: 0) {
            switch exit {
            case .deviceRead(let access): cpu.answer(device.read(access, base: Sandbox.data))
            case .deviceWrite(let access): device.write(access, base: Sandbox.data)
            default:
                Issue.record("\(exit)")
                cpu[.x3] = 1
            }
            exit = try cpu.run()
        }
        context.takeUnretainedValue().isOver = true
        pthread_join(thread, nil)
        context.release()
        #expect(device.read(DeviceAccess(address: Sandbox.data, size: 8), base: Sandbox.data) == count)
        #expect(try machine.memory.load(UInt64.self, at: own) == count * (count + 1) / 2)
    }

    private final class Disturbance: @unchecked Sendable {
        let machine: Machine
        let log: Log
        var isOver = false

        init(_ machine: Machine, _ log: Log) { (self.machine, self.log) = (machine, log) }

        static func run(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
            let own = Unmanaged<Disturbance>.fromOpaque(raw!).takeUnretainedValue()
            while !own.isOver {
                own.machine.flushTranslations()
                let hook = try? own.machine.addMemoryHook(.write, in: 0x40_0000...0x40_0007) { cpu, access in
                    if cpu[.x4] == access.value { own.log.count += 1 }
                }
                usleep(200)
                hook?.remove()
                usleep(200)
            }
            return nil
        }
    }

    /// Memory above the window, and below it in turn: by the same instruction.
    @Test func memoryAboveTheWindow() throws {
        let high: UInt64 = 0xFFFF_8000_0000_0000
        // ldr x1, [x0]; add x1, x1, #1; str x1, [x0]; eor x0, x0, x2; subs x3, x3, #1; b.ne
        let sandbox = try Sandbox([
            A64.ldr(1, 0), A64.add(1, 1, imm: 1), A64.str(1, 0), 0xCA02_0000, A64.subs(3, 3, imm: 1), A64.bne(-5),
            A64.svc(0),
        ])
        try sandbox.machine.memory.map(high, size: 4096, access: .readWrite)
        let cpu = sandbox.cpu
        cpu[.x0] = high + 16
        cpu[.x2] = (high + 16) ^ (Sandbox.data + 16)
        cpu[.x3] = 4000
        #expect(try cpu.run() == .systemCall(immediate: 0))
        for place in [high + 16, Sandbox.data + 16] {
            #expect(try sandbox.machine.memory.load(UInt64.self, at: place) == 2000)
        }
        // And then nothing is there any more.
        try sandbox.machine.memory.unmap(high, size: 4096)
        (cpu.pc, cpu[.x3]) = (Sandbox.code, 4000)
        let fault = Fault(pc: Sandbox.code, address: high + 16, access: .read, cause: .unmapped)
        #expect(try cpu.run() == .fault(fault))
    }

    /// Hooks of a few bytes, of accesses that only reach them, and of nothing else; removed from inside.
    @Test(arguments: Guest.allCases) func hooksOfRanges(guest: Guest) throws {
        // A store of 8 bytes that goes up by one, and a load of the same.
        let program: [UInt8] =
            guest == .arm64
            ? A64.bytes([
                A64.str(3, 0), A64.ldr(1, 0), A64.add(0, 0, imm: 1), A64.subs(3, 3, imm: 1), A64.bne(-4), A64.svc(0),
            ])
            : [
                0x48, 0x89, 0x0F, 0x48, 0x8B, 0x1F, 0x48, 0xFF, 0xC7, 0x48, 0xFF, 0xC9, 0x75, 0xF2, 0x0F, 0x05,
            ]
        let sandbox = try Sandbox(guest, program)
        let log = Log()
        let start = Sandbox.data + 0x100
        let range = start + 600...start + 603
        let hook = try sandbox.machine.addMemoryHook(.write, in: range) { cpu, access in
            log.memory.append(access)
            #expect(cpu.pc == Sandbox.code)
            #expect(cpu[guest == .arm64 ? .x3 : .rcx] == access.value)
        }
        let again = try sandbox.machine.addMemoryHook(.read, in: (start + 10)...(start + 10)) { _, access in
            log.seen.append(access.address)
        }
        let cpu = sandbox.cpu
        let (address, counter): (Register, Register) = guest == .arm64 ? (.x0, .x3) : (.rdi, .rcx)
        (cpu[address], cpu[counter]) = (start, 2000)
        #expect(try cpu.run() == .systemCall(immediate: 0))
        let expected = (593...603).map {
            MemoryAccess(address: start + $0, size: 8, isWrite: true, value: 2000 - $0)
        }
        #expect(log.memory == expected)
        #expect(log.seen == (3...10).map { start + $0 })
        hook.remove()
        again.remove()
        log.hook = try sandbox.machine.addMemoryHook(.readAndWrite) { cpu, _ in
            log.count += 1
            if log.count == 11 { log.hook?.remove() }
        }
        (cpu.pc, cpu[address], cpu[counter]) = (Sandbox.code, start, 2000)
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(log.count == 11)
        #expect(log.memory.count == expected.count)
    }

    /// Random programs do the same whatever their data are: memory, watched memory, memory that only the interpreter reaches, and devices.
    @Test(arguments: Guest.allCases) func randomProgramsAreTheSame(guest: Guest) throws {
        var random = Random(state: 77)
        var accesses = 0
        for _ in 0..<60 {
            let program = RandomProgram.make(guest, &random)
            let devices = [DeviceMemory(), DeviceMemory(answersItself: false)]
            func make(window: UInt64 = 1 << 36, device: DeviceMemory? = nil) throws -> RandomProgram {
                try RandomProgram(
                    guest, program, writable: false, .init(), seed: random.state, window: window, device: device)
            }
            let plain = try make()
            let goesOn = try plain.advance(by: 300)
            let data = try plain.sandbox.machine.memory.read(Sandbox.data, count: Int(DeviceMemory.size))
            let others = [try make(), try make(), try make(window: 4096)] + (try devices.map { try make(device: $0) })
            try others[0].sandbox.machine.addMemoryHook(.readAndWrite) { cpu, access in _ = cpu[.control(guest)] }
            let watched = Sandbox.data + 0x800...Sandbox.data + 0x8FF
            try others[1].sandbox.machine.addMemoryHook(.readAndWrite, in: watched) { _, _ in }
            for (number, other) in others.enumerated() {
                #expect(try other.advance(by: 300) == goesOn, "\(number)")
                #expect(other.sandbox.state == plain.sandbox.state, "\(number): \(program)")
                #expect(other.sandbox.cpu.instructionsRetired == plain.sandbox.cpu.instructionsRetired, "\(number)")
                let content =
                    try other.device?.content
                    ?? other.sandbox.machine.memory.read(Sandbox.data, count: Int(DeviceMemory.size))
                #expect(content == data, "\(number): \(program)")
            }
            accesses += devices[0].accesses
        }
        #expect(accesses > 500)
    }
}

extension Register {
    fileprivate static func control(_ guest: Guest) -> Register { guest == .arm64 ? .fpsr : .mxcsr }
}
