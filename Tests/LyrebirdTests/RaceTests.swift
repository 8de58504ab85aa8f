// What other threads, and functions of the embedder's, do to a machine while its CPUs run: whoever asks a CPU to leave is answered, an
// instruction is executed as a whole, and nothing is done any more to what is gone.

import Glibc
import Lyrebird
import Synchronization
import Testing

/// Counts, and says when it is enough.
private final class Counter: Sendable {
    private let number = Atomic<Int>(0)
    var value: Int { number.load(ordering: .acquiring) }
    func add() { number.add(1, ordering: .acquiringAndReleasing) }
}

@Suite struct StopTests {
    private static let device: UInt64 = 0x900_0000

    /// Loops of all kinds that count in X1 or RBX and go on forever; what jumps by a register does it by X9 or R9.
    private static let loops: [(guest: Guest, code: [UInt8])] = [
        (.arm64, A64.bytes([A64.add(1, 1, imm: 1), A64.b(-1)])),
        (.arm64, A64.bytes([A64.add(1, 1, imm: 1), A64.br(9)])),
        (.arm64, A64.bytes([A64.bl(2), A64.b(-1), A64.add(1, 1, imm: 1), A64.ret])),
        (.arm64, A64.bytes([A64.movz(3, 50), A64.add(1, 1, imm: 1), A64.subs(3, 3, imm: 1), A64.bne(-2), A64.b(-4)])),
        (.arm64, A64.bytes([A64.ldr(2, 0), A64.str(2, 0, offset: 8), A64.add(1, 1, imm: 1), A64.b(-3)])),
        (.x86_64, [0x48, 0xFF, 0xC3, 0xEB, 0xFB]),  // inc rbx; jmp
        (.x86_64, [0x48, 0xFF, 0xC3, 0x41, 0xFF, 0xE1]),  // inc rbx; jmp r9
        (.x86_64, [0xE8, 0x02, 0x00, 0x00, 0x00, 0xEB, 0xF9, 0x48, 0xFF, 0xC3, 0xC3]),  // call; jmp; inc rbx; ret
        // mov ecx, 50; inc rbx; dec ecx; jnz; jmp
        (.x86_64, [0xB9, 50, 0, 0, 0, 0x48, 0xFF, 0xC3, 0xFF, 0xC9, 0x75, 0xF9, 0xEB, 0xF2]),
        // mov rax, [rdi]; mov [rdi + 8], rax; inc rbx; jmp
        (.x86_64, [0x48, 0x8B, 0x07, 0x48, 0x89, 0x47, 0x08, 0x48, 0xFF, 0xC3, 0xEB, 0xF4]),
    ]

    /// Each request is made when the one before has been answered: one that gets lost leaves the CPU running for good.
    @Test(arguments: loops.indices, [false, true]) func eachRequestIsAnswered(number: Int, counts: Bool) throws {
        let (guest, code) = Self.loops[number]
        let sandbox = try Sandbox(guest, code)
        try sandbox.machine.memory.mapDevice(Self.device, size: 4096) { _ in
            5
        } write: {
            #expect($0.value == 5)
        }
        let cpu = Box(sandbox.cpu)
        switch guest {
        case .arm64: (cpu.value[.x0], cpu.value[.x9]) = (Self.device, Sandbox.code)
        case .x86_64:
            (cpu.value[.rdi], cpu.value[.r9]) = (Self.device, Sandbox.code)
            cpu.value[.rsp] = Sandbox.data + 4096
        }
        let requests = 60
        let handle = cpu.value.stopHandle
        let answers = Counter()
        let runner = Thread {
            var last: UInt64 = 0
            while answers.value < requests {
                switch try? cpu.value.run(budget: counts ? .instructions(1 << 40) : .unlimited) {
                case .stopped where answers.value % 3 == 0, .paused where answers.value % 3 == 1,
                    .interrupt(answers.value % 16) where answers.value % 3 == 2:
                    break
                case let exit: Issue.record("\(String(describing: exit)) after \(answers.value) answers")
                }
                let rounds = guest == .arm64 ? cpu.value[.x1] : cpu.value[.rbx]
                #expect(rounds >= last)
                last = rounds
                answers.add()
            }
        }
        for request in 0..<requests {
            switch request % 3 {
            case 0: handle.stop()
            case 1: handle.pause()
            default: handle.interrupt(request % 16)
            }
            while answers.value <= request { sched_yield() }
            // It may be on its way in, or round for some time.
            if request % 4 == 0 { usleep(50) }
        }
        runner.join()
    }

    /// What a device has seen of an instruction is done: the rest of it comes before whatever `run` was asked for in the meantime. The first
    /// round is interpreted.
    @Test func instructionsAreDoneBeforeStops() throws {
        // str x1, [x0]; ldr x2, [x0]; ldp x3, x4, [x0]; svc
        let sandbox = try Sandbox(.arm64, A64.bytes([A64.str(1, 0), A64.ldr(2, 0), 0xA940_1003, A64.svc()]))
        try sandbox.machine.memory.mapDevice(Self.device, size: 4096)
        let cpu = sandbox.cpu
        let handle = cpu.stopHandle
        cpu[.x0] = Self.device
        cpu[.x1] = 9
        for round in 0..<UInt64(4) {
            cpu.pc = Sandbox.code
            #expect(try cpu.run() == .deviceWrite(DeviceAccess(address: Self.device, size: 8, value: 9)))
            #expect(cpu.pc == Sandbox.code)
            handle.interrupt(3)
            if round % 2 == 1 {
                // There is no more to execute, and the interrupt waits.
                #expect(try cpu.run(budget: .instructions(0)) == .budget)
                #expect(cpu.pc == Sandbox.code)
            }
            #expect(try cpu.run() == .interrupt(3))
            #expect(cpu.pc == Sandbox.code + 4)
            #expect(try cpu.run() == .deviceRead(DeviceAccess(address: Self.device, size: 8)))
            cpu.answer(round)
            handle.stop()
            #expect(try cpu.run() == .stopped)
            #expect(cpu.pc == Sandbox.code + 8 && cpu[.x2] == round)
            for half in 0..<UInt64(2) {
                #expect(try cpu.run() == .deviceRead(DeviceAccess(address: Self.device + 8 * half, size: 8)))
                cpu.answer(round + half)
                if half == 0 { handle.pause() }
            }
            #expect(try cpu.run(budget: .instructions(1)) == .paused)
            #expect(cpu.pc == Sandbox.code + 12 && cpu[.x3] == round && cpu[.x4] == round + 1)
            #expect(try cpu.run() == .systemCall(immediate: 0))
        }
    }

    /// Whoever comes back to an instruction with several accesses that have been called for executes it anew.
    @Test(arguments: Guest.allCases) func accessesAreMadeEachTime(guest: Guest) throws {
        // svc; ldp x2, x3, [x0]; b back. And syscall; inc qword [rdi]; jmp back.
        let sandbox =
            try guest == .arm64
            ? Sandbox(.arm64, A64.bytes([A64.svc(), 0xA940_0C02, A64.b(-2)]))
            : Sandbox(.x86_64, [0x0F, 0x05, 0x48, 0xFF, 0x07, 0xEB, 0xF9])
        let accesses = Counter()
        try sandbox.machine.memory.mapDevice(Self.device, size: 4096) { _ in
            accesses.add()
            return 1
        } write: { _ in
            accesses.add()
        }
        sandbox.cpu[guest == .arm64 ? .x0 : .rdi] = Self.device
        for round in 0..<30 {
            #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
            #expect(accesses.value == 2 * round)
        }
    }

    /// The store of an instruction that loads first is watched, and run is left behind it: what was loaded is not loaded again.
    @Test func watchedStoresAreMadeOnce() throws {
        // xadd [rdi], rax; mov rbx, rax; mov eax, 1; jmp back
        let sandbox = try Sandbox(
            .x86_64, [0x48, 0x0F, 0xC1, 0x07, 0x48, 0x89, 0xC3, 0xB8, 1, 0, 0, 0, 0xEB, 0xF2])
        let cpu = sandbox.cpu
        let calls = Counter()
        let handle = cpu.stopHandle
        try sandbox.machine.addMemoryHook(.write, in: Sandbox.data...(Sandbox.data + 7)) { _, access in
            calls.add()
            #expect(access.value == UInt64(calls.value))
            if calls.value % 1000 == 0 { handle.stop() }
        }
        cpu[.rdi] = Sandbox.data
        cpu[.rax] = 1
        for round in 1...UInt64(20) {
            #expect(try cpu.run() == .stopped)
            #expect(cpu.pc == Sandbox.code + 4 && cpu[.rax] == 1000 * round - 1)
            #expect(try sandbox.machine.memory.load(UInt64.self, at: Sandbox.data) == 1000 * round)
        }
    }

    @Test func portsAreDoneBeforeStops() throws {
        // out 0x10, al; in al, 0x10; mov [rdi], rax; hlt
        let sandbox = try Sandbox(.x86_64, [0xE6, 0x10, 0xE4, 0x10, 0x48, 0x89, 0x07, 0xF4])
        try sandbox.machine.memory.mapDevice(Self.device, size: 4096)
        let cpu = sandbox.cpu
        cpu[.rdi] = Self.device
        for round in 0..<UInt64(3) {
            cpu.pc = Sandbox.code
            cpu[.rax] = 1
            #expect(try cpu.run() == .portWrite(PortAccess(port: 0x10, size: 1, value: 1)))
            cpu.stopHandle.interrupt(15)
            #expect(try cpu.run() == .interrupt(15))
            #expect(cpu.pc == Sandbox.code + 2)
            #expect(try cpu.run() == .portRead(PortAccess(port: 0x10, size: 1)))
            cpu.answer(round)
            cpu.stopHandle.interrupt(0)
            #expect(try cpu.run() == .interrupt(0))
            #expect(cpu.pc == Sandbox.code + 4 && cpu[.rax] == round)
            #expect(try cpu.run() == .deviceWrite(DeviceAccess(address: Self.device, size: 8, value: round)))
            cpu.stopHandle.pause()
            #expect(try cpu.run() == .paused)
            #expect(cpu.pc == Sandbox.code + 7)
            #expect(try cpu.run() == .halted)
        }
    }
}

@Suite struct RaceTests {
    private static let high: UInt64 = 0xFFFF_8000_0000_0000
    private static let highSize: UInt64 = 64 << 10

    /// Memory of the host's where guest memory may have been a moment ago. - Returns: whether somebody has written to it.
    private static func isHostMemoryWritten(_ body: () throws -> Void) rethrows -> Bool {
        let count = Int(highSize)
        let places = (0..<8).map { _ in mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)! }
        defer { for place in places { munmap(place, count) } }
        try body()
        return places.contains { UnsafeRawBufferPointer(start: $0, count: count).contains { $0 != 0 } }
    }

    /// Memory above the window is somewhere on the host. When it is unmapped, that is somebody else's.
    @Test func memoryThatIsUnmappedIsNotWritten() throws {
        for program in [
            (Guest.arm64, A64.bytes([A64.str(1, 0), A64.b(-1)])), (.x86_64, [0x48, 0x89, 0x07, 0xEB, 0xFB]),
        ] {
            let sandbox = try Sandbox(program.0, program.1)
            let memory = sandbox.machine.memory
            try memory.map(Self.high, size: Self.highSize, access: .readWrite)
            let cpu = Box(sandbox.cpu)
            cpu.value[program.0 == .arm64 ? .x0 : .rdi] = Self.high
            cpu.value[program.0 == .arm64 ? .x1 : .rax] = .max
            let handle = cpu.value.stopHandle
            let rounds = Counter()
            let isDone = Counter()
            let runner = Thread {
                while isDone.value == 0 {
                    switch try? cpu.value.run() {
                    case .fault(let fault): #expect(fault.address == Self.high && fault.cause == .unmapped)
                    case .stopped: rounds.add()
                    case let exit: Issue.record("\(String(describing: exit))")
                    }
                }
            }
            for round in 0..<100 {
                handle.stop()
                while rounds.value <= round { sched_yield() }
                try memory.unmap(Self.high, size: Self.highSize)
                #expect(!Self.isHostMemoryWritten { for _ in 0..<round % 4 { sched_yield() } })
                try memory.map(Self.high, size: Self.highSize, access: .readWrite)
            }
            isDone.add()
            handle.stop()
            runner.join()
        }
    }

    /// The same in the middle of an access: by a hook that is called before it.
    @Test func memoryThatAHookUnmapsIsNotWritten() throws {
        let sandbox = try Sandbox(.arm64, A64.bytes([A64.str(1, 0), A64.svc()]))
        let (machine, cpu) = (sandbox.machine, sandbox.cpu)
        cpu[.x0] = Self.high
        cpu[.x1] = .max
        for _ in 0..<4 {
            try machine.memory.map(Self.high, size: Self.highSize, access: .readWrite)
            cpu.pc = Sandbox.code
            #expect(try cpu.run() == .systemCall(immediate: 0))
            let places = Box<[UnsafeMutableRawPointer]>([])
            let hook = try machine.addMemoryHook(.write, in: Self.high...(Self.high + 7)) { _, _ in
                guard places.value.isEmpty else { return }
                try machine.memory.unmap(Self.high, size: Self.highSize)
                places.value = (0..<8).map { _ in
                    mmap(nil, Int(Self.highSize), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                }
            }
            cpu.pc = Sandbox.code
            let fault = Fault(pc: Sandbox.code, address: Self.high, access: .write, cause: .unmapped)
            #expect(try cpu.run() == .fault(fault))
            hook.remove()
            #expect(places.value.count == 8)
            for place in places.value {
                #expect(UnsafeRawBufferPointer(start: place, count: 8).allSatisfy { $0 == 0 })
                munmap(place, Int(Self.highSize))
            }
        }
    }

    /// Counters go when nobody counts any more, and others may be smaller.
    @Test(arguments: Guest.allCases) func coverageComesAndGoes(guest: Guest) throws {
        let machine = try Sandbox.loop(guest, 0).machine
        let isDone = Counter()
        let runners = try (0..<2).map { _ in
            let cpu = Box(try machine.makeCPU())
            return Thread {
                while isDone.value == 0 {
                    cpu.value.pc = Sandbox.code
                    cpu.value[guest == .arm64 ? .x1 : .rcx] = 5000
                    let exit = try? cpu.value.run()
                    #expect(exit == .systemCall(immediate: 0))
                }
            }
        }
        for round in 0..<100 {
            let coverage = machine.enableCoverage(mapSize: round % 2 == 0 ? 1 << 20 : 256)
            if round % 50 == 0 {
                while coverage.blocks.isEmpty { sched_yield() }
            } else {
                sched_yield()
            }
            if round % 3 == 0 { machine.disableCoverage() }
        }
        isDone.add()
        for runner in runners { runner.join() }
    }

    /// Two hooks are one range for generated code. It is never without the one that stays.
    @Test func hooksThatStayAreCalledWhileOthersComeAndGo() throws {
        let sandbox = try Sandbox(
            .arm64, A64.bytes([A64.str(1, 0), A64.subs(1, 1, imm: 1), A64.bne(-2), A64.svc()]))
        let (machine, cpu) = (sandbox.machine, sandbox.cpu)
        let calls = Box(0)
        try machine.addMemoryHook(.write, in: (Sandbox.data + 4096)...(Sandbox.data + 4103)) { _, _ in calls.value += 1
        }
        let isDone = Counter()
        let changes = Counter()
        let other = Thread {
            while isDone.value == 0 {
                let hook = try? machine.addMemoryHook(.write, in: Sandbox.data...(Sandbox.data + 7)) { _, _ in }
                hook?.remove()
                changes.add()
            }
        }
        cpu[.x0] = Sandbox.data + 4096
        var stores = 0
        repeat {
            cpu.pc = Sandbox.code
            cpu[.x1] = 10_000
            #expect(try cpu.run() == .systemCall(immediate: 0))
            stores += 10_000
        } while changes.value < 1000
        isDone.add()
        other.join()
        #expect(calls.value == stores)
    }

    /// A CPU that is made while a hook is added is told of it.
    @Test func newCPUsKnowOfHooks() throws {
        let machine = try Sandbox(.arm64, A64.bytes([A64.str(1, 0), A64.svc()])).machine
        let rounds = 2000
        let (begun, ended) = (Counter(), Counter())
        let calls = Counter()
        let other = Thread {
            for round in 0..<rounds {
                while begun.value <= round {}
                // From the start of making one to its end.
                for _ in 0..<16 * (round % 1024) { _ = begun.value }
                let hook = try? machine.addMemoryHook(.write, in: Sandbox.data...(Sandbox.data + 7)) { _, _ in
                    calls.add()
                }
                ended.add()
                while ended.value <= 2 * round + 1 { sched_yield() }
                hook?.remove()
            }
        }
        for round in 0..<rounds {
            begun.add()
            let cpu = try machine.makeCPU()
            while ended.value <= 2 * round { sched_yield() }
            cpu.pc = Sandbox.code
            cpu[.x0] = Sandbox.data
            #expect(try cpu.run() == .systemCall(immediate: 0))
            #expect(calls.value == round + 1)
            ended.add()
        }
        other.join()
    }

    /// While a long copy is under way, a CPU translates code at its end, which protects that from being written.
    @Test func copiesSucceedWhileTheirCodeRuns() throws {
        let size: UInt64 = 16 << 20
        let start: UInt64 = 0x40_0000
        let machine = try Machine(.x86_64)
        try machine.memory.map(start, size: size, access: .readWriteExecute)
        let code = start + size - 4096
        var image = [UInt8](repeating: 0, count: Int(size))
        // inc rbx; jmp
        image.replaceSubrange((Int(size) - 4096)..<(Int(size) - 4091), with: [0x48, 0xFF, 0xC3, 0xEB, 0xFB])
        try machine.memory.write(image, at: start)
        let cpu = Box(try machine.makeCPU())
        cpu.value.pc = code
        let handle = cpu.value.stopHandle
        let runner = Thread {
            let exit = try? cpu.value.run()
            #expect(exit == .stopped)
        }
        while machine.statistics.translations == 0 { sched_yield() }
        for _ in 0..<20 { #expect(throws: Never.self) { try machine.memory.write(image, at: start) } }
        handle.stop()
        runner.join()
    }

    /// What a thread needs to run a CPU goes with it.
    @Test func threadsLeaveNothingBehind() throws {
        let cpu = Box(try Sandbox.loop(.arm64, 0).cpu)
        func size() throws -> Int {
            let file = try #require(fopen("/proc/self/statm", "r"))
            defer { fclose(file) }
            var pages = 0
            try #require(withUnsafeMutablePointer(to: &pages) { withVaList([$0]) { vfscanf(file, "%ld", $0) } } == 1)
            return pages
        }
        let count = 4000
        var before = 0
        for round in 0..<count {
            // The first ones bring what is shared.
            if round == 10 { before = try size() }
            Thread {
                cpu.value.pc = Sandbox.code
                cpu.value[.x1] = 1
                let exit = try? cpu.value.run()
                #expect(exit == .systemCall(immediate: 0))
            }.join()
        }
        // An arena of the C library's is 64 MB, and the stacks would be 250.
        #expect(try size() - before < count * 8)
    }
}
