// Snapshots: to go back, to go back often, to go on in another machine; and memory that the host shares.

import Glibc
import Lyrebird
import Testing

@Suite struct SnapshotTests {
    /// Adds 1 to each of eight words in memory, and to x2.
    private static let program: [UInt32] = [
        A64.movz(3, 8), A64.ldr(1, 0), A64.add(1, 1, imm: 1), A64.str(1, 0), A64.add(0, 0, imm: 8),
        A64.subs(3, 3, imm: 1), A64.bne(-5), A64.add(2, 2, imm: 1), A64.svc(1),
    ]

    private func make(window: UInt64 = 1 << 30) throws -> (Machine, CPU) {
        let machine = try Machine(.arm64, addressSpace: .checked(window: window))
        try machine.memory.map(codeBase, size: 4096, access: .readWriteExecute)
        try machine.memory.write(A64.bytes(Self.program), at: codeBase)
        try machine.memory.map(dataBase, size: 1 << 20, access: .readWrite)
        let cpu = try machine.makeCPU()
        cpu.pc = codeBase
        cpu[.x0] = dataBase
        return (machine, cpu)
    }

    @Test(arguments: [UInt64(1 << 30), 4096]) func goBack(window: UInt64) throws {
        let (machine, cpu) = try make(window: window)
        try machine.memory.store(UInt64(100), at: dataBase)
        let state = cpu.state
        let snapshot = try machine.snapshot()
        for _ in 0..<100 {
            #expect(try cpu.run() == .systemCall(immediate: 1))
            #expect(try machine.memory.load(UInt64.self, at: dataBase) == 101)
            #expect(cpu[.x2] == 1)
            try machine.memory.store(UInt64(7), at: dataBase + 65536)
            try machine.restore(snapshot)
            cpu.state = state
            #expect(try machine.memory.load(UInt64.self, at: dataBase) == 100)
            #expect(try machine.memory.load(UInt64.self, at: dataBase + 65536) == 0)
        }
        // What was translated stays.
        #expect(machine.statistics.translations < 10)
    }

    @Test func oneAfterTheOther() throws {
        let (machine, cpu) = try make()
        var snapshots: [Snapshot] = []
        for n in 0..<UInt64(5) {
            try machine.memory.store(n, at: dataBase + 4096 * n)
            snapshots.append(try machine.snapshot())
        }
        for (n, snapshot) in snapshots.enumerated().reversed() + snapshots.enumerated() {
            try machine.memory.store(UInt64(99), at: dataBase + 4096 * 9)
            try machine.restore(snapshot)
            for page in 0..<UInt64(10) {
                let expected = page <= n && page < 5 ? page : 0
                #expect(try machine.memory.load(UInt64.self, at: dataBase + 4096 * page) == expected)
            }
        }
        cpu.pc = codeBase
        #expect(try cpu.run() == .systemCall(immediate: 1))
    }

    @Test func mappingsComeBack() throws {
        let (machine, _) = try make()
        let high: UInt64 = 0xFFFF_0000_0000_0000
        try machine.memory.map(high, size: 8192, access: .readWrite)
        try machine.memory.store(UInt64(5), at: high + 4096)
        let snapshot = try machine.snapshot()
        try machine.memory.unmap(high, size: 4096)
        try machine.memory.protect(dataBase, size: 4096, access: .read)
        try machine.memory.map(high + 8192, size: 4096, access: .readWrite)
        try machine.memory.store(UInt64(6), at: high + 4096)
        try machine.restore(snapshot)
        #expect(try machine.memory.load(UInt64.self, at: high + 4096) == 5)
        #expect(try machine.memory.load(UInt64.self, at: high) == 0)
        try machine.memory.store(UInt64(1), at: dataBase)
        #expect(throws: MemoryError.notAccessible(address: high + 8192)) {
            try machine.memory.store(UInt64(6), at: high + 8192)
        }
    }

    @Test func codeThatWasWrittenIsForgotten() throws {
        let (machine, cpu) = try make()
        let state = cpu.state
        let snapshot = try machine.snapshot()
        try machine.memory.write(A64.bytes([A64.movz(2, 77), A64.svc(2)]), at: codeBase)
        #expect(try cpu.run() == .systemCall(immediate: 2))
        try machine.restore(snapshot)
        cpu.state = state
        #expect(try cpu.run() == .systemCall(immediate: 1))
    }

    @Test func machinesFork() throws {
        let (machine, cpu) = try make()
        try machine.memory.store(UInt64(41), at: dataBase)
        let snapshot = try machine.snapshot()
        let others = try (0..<4).map { _ in try machine.fork(snapshot) }
        for (n, other) in others.enumerated() {
            let twin = try other.makeCPU()
            for _ in 0...n {
                twin.state = cpu.state
                #expect(try twin.run() == .systemCall(immediate: 1))
            }
            #expect(try other.memory.load(UInt64.self, at: dataBase) == UInt64(42 + n))
        }
        #expect(try machine.memory.load(UInt64.self, at: dataBase) == 41)
        #expect(throws: SnapshotError.otherMachine) { try others[0].restore(snapshot) }
    }

    @Test func hostAndGuestsShareMemory() throws {
        let shared = try SharedMemory(size: 8192)
        let (first, cpu) = try make()
        let (second, _) = try make()
        try first.memory.map(shared, at: 0x40_0000, access: .readWrite)
        try second.memory.map(shared, offset: 4096, at: 0x50_0000, access: .read)
        shared.bytes.storeBytes(of: 10, toByteOffset: 4096, as: UInt64.self)
        cpu[.x0] = 0x40_1000
        #expect(try cpu.run() == .systemCall(immediate: 1))
        #expect(shared.bytes.load(fromByteOffset: 4096, as: UInt64.self) == 11)
        #expect(try second.memory.load(UInt64.self, at: 0x50_0000) == 11)
        #expect(throws: MemoryError.notAccessible(address: 0x50_0000)) { try second.memory.store(1, at: 0x50_0000) }
        #expect(throws: MemoryError.badRange(address: 8192, size: 8192)) {
            try first.memory.map(shared, offset: 8192, at: 0x60_0000, access: .read)
        }
    }

    @Test func mistakesHaveNames() throws {
        let (machine, _) = try make()
        #expect(throws: MemoryError.alreadyMapped(address: dataBase)) {
            try machine.memory.map(dataBase - 4096, size: 8192, access: .read)
        }
        #expect(throws: MemoryError.alreadyMapped(address: codeBase)) {
            try machine.memory.mapDevice(codeBase, size: 4096)
        }
        #expect(throws: MemoryError.notMapped(address: codeBase + 4096)) {
            try machine.memory.protect(codeBase, size: 8192, access: .read)
        }
        #expect(throws: MemoryError.notMapped(address: 0)) { try machine.memory.unmap(0, size: 4096) }
        #expect(throws: MemoryError.badRange(address: 1, size: 4096)) {
            try machine.memory.map(1, size: 4096, access: .read)
        }
        #expect(throws: MemoryError.badRange(address: .max - 4095, size: 4096)) {
            try machine.memory.map(.max - 4095, size: 4096, access: .read)
        }
        #expect(throws: SnapshotError.hostProcess) {
            try Machine(.arm64, addressSpace: .hostProcess).snapshot()
        }
    }
}
