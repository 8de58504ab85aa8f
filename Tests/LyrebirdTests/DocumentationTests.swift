// What the documentation shows: each piece of Swift in Sources/Lyrebird/Lyrebird.docc and Docs stands here or in an example as it is
// printed there, but for its indentation (Scripts/checks/house.py compares).

import Lyrebird
import Testing

@Suite struct DocumentationTests {
    /// ldr x1, [x0]; add x1, x1, #1; str x1, [x0]; svc #0
    private let increment: [UInt8] = A64.bytes([
        A64.ldr(1, 0), A64.add(1, 1, imm: 1), A64.str(1, 0), A64.svc(0),
    ])

    private func makeMachine() throws -> (Machine, CPU) {
        let machine = try Machine(.arm64)
        try machine.memory.map(0x1_0000, size: 0x1000, access: .readWriteExecute)
        try machine.memory.map(0x2_0000, size: 0x1000, access: .readWrite)
        try machine.memory.write(increment, at: 0x1_0000)
        let cpu = try machine.makeCPU()
        cpu.pc = 0x1_0000
        cpu[.x0] = 0x2_0000
        return (machine, cpu)
    }

    // MARK: Machines

    @Test func machines() throws {
        var configuration = Machine.Configuration()
        configuration.cacheSize = 16 << 20
        let machine = try Machine(.x86_64, addressSpace: .checked(window: 1 << 32), configuration: configuration)
        let cpu = try machine.makeCPU()

        cpu[.rax] = 42
        cpu[.xmm0] = 1 << 64 | 2
        let register = try Register(named: "rax", of: .x86_64)
        #expect(try cpu.value(of: register) == 42)
        for (name, register) in machine.guest.registers where cpu[register] != 0 {
            print(name, String(cpu[register], radix: 16))
        }
        #expect(cpu[.xmm0] == UInt128(1) << 64 | 2)
    }

    @Test func exits() throws {
        let (machine, cpu) = try makeMachine()
        try machine.memory.unmap(0x2_0000, size: 0x1000)
        var seen: [String] = []
        running: while true {
            switch try cpu.run() {
            case .systemCall(let immediate):
                seen.append("system call \(immediate)")
                break running
            case .fault(let fault):
                seen.append("\(fault.access) of \(fault.address)")
                try machine.memory.map(fault.address & ~0xFFF, size: 4096, access: .readWrite)
            case let other:
                throw UnexpectedExit(exit: other)
            }
        }
        #expect(seen == ["read of 131072", "system call 0"])
        #expect(try machine.memory.load(UInt64.self, at: 0x2_0000) == 1)
    }

    struct UnexpectedExit: Error { var exit: Exit }

    // MARK: Memory and devices

    @Test func memory() throws {
        let machine = try Machine(.arm64)
        let program = increment
        try machine.memory.map(0x40_0000, size: 64 << 10, access: .readWrite)
        try machine.memory.write(program, at: 0x40_0000)
        try machine.memory.protect(0x40_0000, size: 64 << 10, access: .readExecute)
        let word = try machine.memory.load(UInt32.self, at: 0x40_0000)
        #expect(throws: MemoryError.notAccessible(address: 0x50_0000)) { try machine.memory.read(0x50_0000, count: 8) }
        #expect(word == A64.ldr(1, 0))
    }

    @Test func devicesThatLeaveRun() throws {
        let (machine, cpu) = try makeMachine()
        try machine.memory.mapDevice(0x900_0000, size: Memory.pageSize)
        cpu[.x0] = 0x900_0000
        var register: UInt64 = 41
        running: while true {
            switch try cpu.run() {
            case .deviceRead(let access) where access.address == 0x900_0000:
                cpu.answer(register)
            case .deviceWrite(let access):
                register = access.value
            default:
                break running
            }
        }
        #expect(register == 42)
    }

    @Test func devicesThatAnswer() throws {
        let (machine, cpu) = try makeMachine()
        let counter = Counter()
        try machine.memory.mapDevice(0x900_0000, size: Memory.pageSize) { access in
            access.address == 0x900_0000 ? counter.value : 0
        } write: { access in
            counter.value = access.value
        }
        cpu[.x0] = 0x900_0000
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(counter.value == 1)
    }

    private final class Counter: @unchecked Sendable { var value: UInt64 = 0 }

    @Test func sharedMemory() throws {
        let (machine, cpu) = try makeMachine()
        let shared = try SharedMemory(size: 1 << 20)
        try machine.memory.map(shared, at: 0x100_0000, access: .readWrite)
        shared.bytes.storeBytes(of: 7, as: UInt64.self)
        cpu[.x0] = 0x100_0000
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(shared.bytes.load(as: UInt64.self) == 8)
    }

    // MARK: Hooks

    @Test func memoryHooks() throws {
        let (machine, cpu) = try makeMachine()
        let counter = Counter()
        let hook = try machine.addMemoryHook(.write, in: 0x2_0000...0x2_0FFF) { cpu, access in
            print("0x\(String(cpu.pc, radix: 16)) writes \(access.value) to 0x\(String(access.address, radix: 16))")
            counter.value += 1
        }
        #expect(try cpu.run() == .systemCall(immediate: 0))
        hook.remove()
        #expect(counter.value == 1)
    }

    @Test func codeHooks() throws {
        let (machine, cpu) = try makeMachine()
        let counter = Counter()
        machine.addHook(.block) { cpu, block in
            print("0x\(String(block.address, radix: 16)), \(block.size) bytes")
        }
        machine.addHook(.instruction, in: 0x1_0004...0x1_0007) { cpu, _ in
            cpu[.x1] += 10
        }
        machine.addSystemCallHook { cpu, immediate in
            counter.value += 1
            return false  // and `run` returns it
        }
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(cpu[.x1] == 11)
        #expect(counter.value == 1)
    }

    @Test func limits() throws {
        let (machine, cpu) = try makeMachine()
        #expect(try cpu.run(budget: .instructions(2)) == .budget)
        #expect(try cpu.step() == .budget)
        machine.addBreakpoint(at: cpu.pc)
        #expect(try cpu.run(for: .seconds(1)) == .breakpoint)
        #expect(cpu.instructionsRetired == 3)
    }

    @Test func coverage() throws {
        let (machine, cpu) = try makeMachine()
        let coverage = machine.enableCoverage(in: 0x1_0000...0x1_0FFF)
        #expect(try cpu.run() == .systemCall(immediate: 0))
        for block in coverage.blocks { print("0x\(String(block.address, radix: 16)) was executed") }
        let taken = coverage.edges.count { $0 != 0 }
        #expect(taken == 1)
        #expect(coverage.blocks == [Hook.Place(address: 0x1_0000, size: 16)])
    }

    // MARK: Host functions

    @Test func functions() throws {
        let (machine, cpu) = try makeMachine()
        // A function of the guest's: the instruction is replaced by ours, and RET goes back to the caller.
        try machine.memory.write(A64.bytes([A64.nop, A64.ret]), at: 0x1_0800)
        machine.setFunction({ first, second in first &* second }, at: 0x1_0800)
        try machine.memory.write(A64.bytes([A64.bl(0x200), A64.svc(1)]), at: 0x1_0000)
        (cpu[.x0], cpu[.x1]) = (6, 7)
        #expect(try cpu.run() == .systemCall(immediate: 1))
        #expect(cpu[.x0] == 42)
    }

    @Test func functionsWithSignatures() throws {
        let (machine, cpu) = try makeMachine()
        cpu[.sp] = 0x2_1000
        let power = try machine.define(try Signature("double power(double, int)")) { _, arguments in
            guard case .double(let base) = arguments[0], let exponent = arguments[1].integer else { return .double(0) }
            return .double((0..<exponent).reduce(1) { result, _ in result * base })
        }
        // The guest's function is ours here; it could be its own as well.
        let result = try cpu.call(power, try Signature("double f(double, int)"), [.double(2), .int(10)])
        #expect(result == .double(1024))
    }

    // MARK: Snapshots

    @Test func snapshots() throws {
        let (machine, cpu) = try makeMachine()
        let (memory, registers) = (try machine.snapshot(), cpu.state)
        for _ in 0..<1000 {
            #expect(try cpu.run() == .systemCall(immediate: 0))
            try machine.restore(memory)
            cpu.state = registers
        }
        #expect(try machine.memory.load(UInt64.self, at: 0x2_0000) == 0)

        let other = try machine.fork(memory)
        let otherCPU = try other.makeCPU()
        otherCPU.state = registers
        #expect(try otherCPU.run() == .systemCall(immediate: 0))
        #expect(try other.memory.load(UInt64.self, at: 0x2_0000) == 1)
        #expect(try machine.memory.load(UInt64.self, at: 0x2_0000) == 0)
    }

    // MARK: Threads

    @Test func stopping() async throws {
        let (machine, cpu) = try makeMachine()
        try machine.memory.write(A64.bytes([A64.b(0)]), at: 0x1_0000)
        let handle = cpu.stopHandle
        let timer = Task.detached {
            try await Task.sleep(for: .milliseconds(10))
            handle.stop()
        }
        #expect(try cpu.run() == .stopped)
        try await timer.value
    }
}
