// Checked memory as an embedder meets it: devices that leave `run` or answer by themselves, addresses outside of the window, and
// accesses of every kind that try to get out.

import Lyrebird
import Testing

private func makeChecked(_ words: [UInt32], window: UInt64 = 1 << 30) throws -> (Machine, CPU) {
    let machine = try Machine(.arm64, addressSpace: .checked(window: window))
    try machine.memory.map(codeBase, size: 4096, access: .readExecute)
    try machine.memory.map(dataBase, size: 8192, access: .readWrite)
    try machine.memory.protect(codeBase, size: 4096, access: .readWriteExecute)
    try machine.memory.write(A64.bytes(words), at: codeBase)
    let cpu = try machine.makeCPU()
    cpu.pc = codeBase
    return (machine, cpu)
}

@Suite struct DeviceTests {
    static let device: UInt64 = 0x900_0000

    @Test(arguments: [UInt64(1 << 30), 1 << 20]) func devicesLeaveRun(window: UInt64) throws {
        let (machine, cpu) = try makeChecked(
            [A64.str(1, 0, offset: 8), A64.ldr(2, 0, offset: 16), A64.add(2, 2, imm: 1), A64.b(-3)], window: window)
        try machine.memory.mapDevice(Self.device, size: 4096)
        cpu[.x0] = Self.device
        cpu[.x1] = 0x1122_3344_5566_7788
        for round in 0..<UInt64(10) {
            #expect(
                try cpu.run()
                    == .deviceWrite(DeviceAccess(address: Self.device + 8, size: 8, value: 0x1122_3344_5566_7788)))
            #expect(cpu.pc == codeBase)
            #expect(try cpu.run() == .deviceRead(DeviceAccess(address: Self.device + 16, size: 8)))
            #expect(cpu.pc == codeBase + 4)
            cpu.answer(round)
            if round > 0 { #expect(cpu[.x2] == round) }
        }
        // Who does not answer gives 0; who goes elsewhere has not asked.
        _ = try cpu.run()
        #expect(cpu[.x2] == 10)
        #expect(try cpu.run() == .deviceRead(DeviceAccess(address: Self.device + 16, size: 8)))
        _ = try cpu.run()
        #expect(cpu[.x2] == 1)
        cpu.pc = codeBase + 8
        _ = try cpu.run()
        #expect(cpu[.x2] == 2)
    }

    @Test func instructionsWithSeveralAccessesAskForEach() throws {
        // ldp x1, x2, [x0]: two reads; stp q0, q1, [x0]: four writes.
        let (machine, cpu) = try makeChecked([0xA940_0801, 0xAD00_0400, A64.svc(9)])
        try machine.memory.mapDevice(Self.device, size: 4096)
        cpu[.x0] = Self.device
        cpu[.v(0)] = 0x22 << 64 | 0x11
        cpu[.v(1)] = 0x44 << 64 | 0x33
        for (offset, value) in [(UInt64(0), UInt64(5)), (8, 6)] {
            #expect(try cpu.run() == .deviceRead(DeviceAccess(address: Self.device + offset, size: 8)))
            cpu.answer(value)
        }
        for n in 0..<UInt64(4) {
            let access = DeviceAccess(address: Self.device + 8 * n, size: 8, value: 0x11 * (n + 1))
            #expect(try cpu.run() == .deviceWrite(access))
        }
        #expect(try cpu.run() == .systemCall(immediate: 9))
        #expect(cpu[.x1] == 5)
        #expect(cpu[.x2] == 6)
    }

    private struct Broken: Error {}

    @Test func devicesAnswerByThemselves() throws {
        let (machine, cpu) = try makeChecked([
            A64.ldr(1, 0), A64.add(2, 2, 1), A64.str(2, 0), A64.subs(3, 3, imm: 1), A64.bne(-4), A64.svc(1),
            A64.ldr(1, 0, offset: 64), A64.svc(2),
        ])
        let written = Written()
        try machine.memory.mapDevice(Self.device, size: 4096) { access in
            guard access.address == Self.device else { throw Broken() }
            return 3
        } write: { access in
            written.value = access.value
        }
        cpu[.x0] = Self.device
        cpu[.x3] = 100_000
        #expect(try cpu.run() == .systemCall(immediate: 1))
        #expect(cpu[.x2] == 300_000)
        #expect(written.value == 300_000)
        for _ in 0..<2 {
            #expect(throws: Broken.self) { try cpu.run() }
            #expect(cpu.pc == codeBase + 24)
        }
        cpu[.x0] = Self.device - 64
        #expect(try cpu.run() == .systemCall(immediate: 2))
        #expect(cpu[.x1] == 3)
    }

    private final class Written: @unchecked Sendable { var value: UInt64 = 0 }

    @Test func onlyCheckedMemoryHasDevices() throws {
        let machine = try Machine(.arm64, addressSpace: .window(size: 1 << 30))
        #expect(throws: MemoryError.unchecked) { try machine.memory.mapDevice(0x1000, size: 4096) }
    }

    /// Memory may be anywhere, and accesses cross from one place to the other.
    @Test func memoryOutsideOfTheWindow() throws {
        let high: UInt64 = 0xFFFF_8000_0000_0000
        let border: UInt64 = 1 << 30
        let (machine, cpu) = try makeChecked([A64.ldr(1, 0), A64.str(1, 2), A64.svc(3)])
        try machine.memory.map(border - 4096, size: 8192, access: .readWrite)
        try machine.memory.map(high, size: 4096, access: .readWriteExecute)
        try machine.memory.write([1, 2, 3, 4, 5, 6, 7, 8], at: border - 3)
        #expect(try machine.memory.read(border - 3, count: 8) == [1, 2, 3, 4, 5, 6, 7, 8])
        cpu[.x0] = border - 3
        cpu[.x2] = high + 4088
        #expect(try cpu.run() == .systemCall(immediate: 3))
        #expect(try machine.memory.load(UInt64.self, at: high + 4088) == 0x0807_0605_0403_0201)
        // Code, too.
        try machine.memory.write(A64.bytes([A64.add(1, 1, imm: 1), A64.ldr(3, 2), A64.svc(4)]), at: high)
        cpu.pc = high
        #expect(try cpu.run() == .systemCall(immediate: 4))
        #expect(cpu[.x3] == 0x0807_0605_0403_0201)
        #expect(cpu.pc == high + 12)
        // And its end.
        cpu[.x2] = high + 4089
        cpu.pc = high
        let fault = Fault(pc: high + 4, address: high + 4096, access: .read, cause: .unmapped)
        #expect(try cpu.run() == .fault(fault))
        try machine.memory.unmap(high, size: 4096)
        #expect(throws: MemoryError.notAccessible(address: high)) { try machine.memory.read(high, count: 1) }
        let gone = Fault(pc: high + 4, address: high + 4, access: .execute, cause: .unmapped)
        #expect(try cpu.run() == .fault(gone))
    }
}

@Suite struct MemoryHookTests {
    private final class Log: @unchecked Sendable { var accesses: [MemoryAccess] = [] }
    private struct Refused: Error {}

    /// ldr, str; ldp of a pair, stxr of what was loaded exclusively.
    private static let program: [UInt32] = [
        A64.ldr(1, 0), A64.add(1, 1, imm: 1), A64.str(1, 0, offset: 8), 0xA940_0C02, 0xC85F_7C04, 0xC805_7C01,
        A64.svc(1),
    ]

    @Test(arguments: [UInt64(1 << 30), 4096]) func tellOfAccesses(window: UInt64) throws {
        let (machine, cpu) = try makeChecked(Self.program, window: window)
        try machine.memory.store(UInt64(41), at: dataBase)
        let log = Log()
        let hook = try machine.addMemoryHook(.readAndWrite, in: dataBase...(dataBase + 15)) { cpu, access in
            log.accesses.append(access)
            #expect(cpu.pc < codeBase + 24)
        }
        cpu[.x0] = dataBase
        #expect(try cpu.run() == .systemCall(immediate: 1))
        #expect(
            log.accesses == [
                MemoryAccess(address: dataBase, size: 8, isWrite: false, value: 41),
                MemoryAccess(address: dataBase + 8, size: 8, isWrite: true, value: 42),
                MemoryAccess(address: dataBase, size: 8, isWrite: false, value: 41),
                MemoryAccess(address: dataBase + 8, size: 8, isWrite: false, value: 42),
                MemoryAccess(address: dataBase, size: 8, isWrite: false, value: 41),
                MemoryAccess(address: dataBase, size: 8, isWrite: false, value: 41),
                MemoryAccess(address: dataBase, size: 8, isWrite: true, value: 42),
            ])
        #expect(cpu[.x(5)] == 0)
        #expect(try machine.memory.load(UInt64.self, at: dataBase) == 42)
        hook.remove()
        cpu.pc = codeBase
        #expect(try cpu.run() == .systemCall(immediate: 1))
        #expect(log.accesses.count == 7)
        #expect(try machine.memory.load(UInt64.self, at: dataBase) == 43)
    }

    @Test func refuseAccesses() throws {
        let (machine, cpu) = try makeChecked(Self.program)
        let hook = try machine.addMemoryHook(.write) { _, _ in throw Refused() }
        cpu[.x0] = dataBase
        for _ in 0..<2 {
            #expect(throws: Refused.self) { try cpu.run() }
            #expect(cpu.pc == codeBase + 8)
            #expect(cpu[.x1] == 1)
        }
        hook.remove()
        #expect(try cpu.run() == .systemCall(immediate: 1))
    }

    /// Of all memory, of code as well, in a loop that would be translated as a whole.
    @Test func everyAccessOfALoop() throws {
        let (machine, cpu) = try makeChecked([
            A64.str(1, 0), A64.ldr(2, 0), A64.subs(1, 1, imm: 1), A64.bne(-3), A64.svc(1),
        ])
        cpu[.x0] = dataBase + 4096
        cpu[.x1] = 5000
        #expect(try cpu.run() == .systemCall(immediate: 1))
        let log = Log()
        let hook = try machine.addMemoryHook(.readAndWrite) { _, access in log.accesses.append(access) }
        cpu.pc = codeBase
        cpu[.x1] = 5000
        #expect(try cpu.run() == .systemCall(immediate: 1))
        #expect(log.accesses.count == 10000)
        #expect(try machine.memory.load(UInt64.self, at: dataBase + 4096) == 1)
        try machine.memory.store(UInt64(2), at: dataBase + 4096)
        #expect(log.accesses.count == 10000)
        hook.remove()
        #expect(try machine.memory.load(UInt64.self, at: dataBase + 4096) == 2)
    }
}
