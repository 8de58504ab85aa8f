// Budgets, single steps and time limits: a run of n instructions is n steps, wherever it ends.

import Glibc
import Lyrebird
import Testing

@Suite struct BudgetTests {
    @Test(arguments: Guest.allCases, [0, 1, 500])
    func endsAnywhereInALoop(guest: Guest, threshold: Int) throws {
        var configuration = Machine.Configuration()
        configuration.loopThreshold = threshold
        // Two at first, three each time, the system call.
        let total = 2 + 3 * 1000 + 1
        for budget in [1, 2, 3, 4, 5, 7, 100, 1501, 1502, 1503, total - 1, total] {
            let sandbox = try Sandbox.loop(guest, 1000, configuration: configuration)
            var executed = 0
            while true {
                let exit = try sandbox.cpu.run(budget: .instructions(budget))
                if exit == .systemCall(immediate: 0) { break }
                #expect(exit == .budget)
                executed += budget
                #expect(sandbox.cpu.instructionsRetired == UInt64(executed))
                #expect(executed < total)
                guard executed < total else { break }
            }
            #expect(sandbox.cpu.instructionsRetired == UInt64(total))
            #expect(sandbox.sum == Sandbox.sum(1000))
        }
    }

    /// In a page with data, where loops compare their code: every sixteenth round stores into the loop, each one beside it.
    @Test(arguments: [0, 1, 20])
    func endsAnywhereInALoopThatChanges(threshold: Int) throws {
        let program: [UInt8] = [
            0x31, 0xC0,  // xor eax, eax
            0x05, 0, 0, 0, 0,  // add eax, 0
            0x89, 0x0D, 0xF3, 0, 0, 0,  // mov [rip + 0xF3], ecx
            0xF6, 0xC1, 0x0F,  // test cl, 15
            0x75, 0x06,  // jnz
            0x89, 0x0D, 0xEB, 0xFF, 0xFF, 0xFF,  // mov [rip - 0x15], ecx: what is added
            0x83, 0xE9, 0x01,  // sub ecx, 1
            0x75, 0xE5,  // jnz
            0x0F, 0x05,  // syscall
        ]
        let rounds = 1000
        let total = 1 + 6 * rounds + rounds / 16 + 1
        var sum = 0
        var added = 0
        for round in (1...rounds).reversed() {
            sum += added
            if round & 15 == 0 { added = round }
        }
        for budget in [1, 2, 3, 5, 16, 100, 1501, total - 1, total] {
            var configuration = Machine.Configuration()
            configuration.loopThreshold = threshold
            let sandbox = try Sandbox(.x86_64, program, writable: true, configuration: configuration)
            sandbox.cpu[.rcx] = UInt64(rounds)
            var executed = 0
            while try sandbox.cpu.run(budget: .instructions(budget)) == .budget, executed < total {
                executed += budget
                #expect(sandbox.cpu.instructionsRetired == UInt64(executed))
            }
            #expect(sandbox.cpu.instructionsRetired == UInt64(total))
            #expect(sandbox.sum == UInt64(sum))
            if budget == total, threshold == 1 { #expect(sandbox.machine.statistics.loops > 0) }
            #expect(try sandbox.machine.memory.read(Sandbox.code + 0x100, count: 4) == [1, 0, 0, 0])
        }
    }

    @Test(arguments: Guest.allCases)
    func noneAndLess(guest: Guest) throws {
        let sandbox = try Sandbox.loop(guest, 10)
        let before = sandbox.state
        for budget in [0, -1, Int.min] {
            #expect(try sandbox.cpu.run(budget: .instructions(budget)) == .budget)
            #expect(sandbox.state == before && sandbox.cpu.instructionsRetired == 0)
        }
        #expect(try sandbox.cpu.run(budget: .instructions(.max)) == .systemCall(immediate: 0))
        #expect(sandbox.cpu.instructionsRetired == 33)
        #expect(try sandbox.cpu.run(budget: .instructions(0)) == .budget)
    }

    @Test(arguments: Guest.allCases)
    func countsWithoutABudget(guest: Guest) throws {
        let sandbox = try Sandbox.loop(guest, 100_000)
        sandbox.cpu.countsInstructions = true
        #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
        #expect(sandbox.cpu.instructionsRetired == 300_003)
        #expect(sandbox.machine.statistics.loops == 1)
        sandbox.cpu.countsInstructions = false
        sandbox.cpu.pc = Sandbox.code
        sandbox.cpu[guest == .arm64 ? .x1 : .rcx] = 10
        #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
        #expect(sandbox.cpu.instructionsRetired == 300_003)
    }

    /// A fault in the middle of a block gives back what was not executed.
    @Test func faultsAreNotCounted() throws {
        let sandbox = try Sandbox([
            A64.nop, A64.nop, A64.ldr(0, 1), A64.nop, A64.nop, A64.svc(),
        ])
        sandbox.cpu[.x1] = 0x3000_0000
        let fault = Fault(pc: Sandbox.code + 8, address: 0x3000_0000, access: .read, cause: .unmapped)
        for budget in [3, 4, 100] {
            sandbox.cpu.pc = Sandbox.code
            let before = sandbox.cpu.instructionsRetired
            #expect(try sandbox.cpu.run(budget: .instructions(budget)) == .fault(fault))
            #expect(sandbox.cpu.instructionsRetired == before + 2)
        }
        #expect(try sandbox.cpu.run(budget: .instructions(0)) == .budget)
        #expect(try sandbox.cpu.step() == .fault(fault))
        sandbox.cpu[.x1] = Sandbox.data
        #expect(try sandbox.cpu.run(budget: .instructions(3)) == .budget)
        #expect(sandbox.cpu.pc == Sandbox.code + 20)
    }

    /// mov ecx, 5; rep stosb; nop; hlt: the repeated instruction is one, however far it gets.
    @Test func repeatedStringsAreOneInstruction() throws {
        let sandbox = try Sandbox(.x86_64, [0xB9, 5, 0, 0, 0, 0xF3, 0xAA, 0x90, 0xF4])
        let cpu = sandbox.cpu
        cpu[.rdi] = Sandbox.data
        #expect(try cpu.step() == .budget)
        #expect(try cpu.step() == .budget)
        #expect(cpu[.rcx] == 0 && cpu[.rdi] == Sandbox.data + 5 && cpu.pc == Sandbox.code + 7)
        // Interrupted by a fault in its third round: not over, so it is none.
        cpu.pc = Sandbox.code
        cpu[.rdi] = Sandbox.data + 0x2000 - 2
        guard case .fault = try cpu.run(budget: .instructions(10)) else {
            Issue.record("no fault")
            return
        }
        #expect(cpu.instructionsRetired == 3 && cpu[.rcx] == 3)
        cpu[.rdi] = Sandbox.data
        #expect(try cpu.run(budget: .instructions(2)) == .budget)
        #expect(cpu.instructionsRetired == 5 && cpu.pc == Sandbox.code + 8)
        #expect(try cpu.run(budget: .instructions(2)) == .halted)
        #expect(cpu.instructionsRetired == 6)
        // A jump to itself is executed each time.
        let jump = try Sandbox(.x86_64, [0xEB, 0xFE])
        #expect(try jump.cpu.run(budget: .instructions(12345)) == .budget)
        #expect(jump.cpu.instructionsRetired == 12345)
    }

    /// Random words and bytes: a budget of n leaves the state that n steps leave, counted code does what plain code does.
    @Test(arguments: Guest.allCases, [false, true])
    func budgetsAreSteps(guest: Guest, writable: Bool) throws {
        var random = Random(state: guest == .arm64 ? 77 : 78)
        for _ in 0..<60 {
            let program = RandomProgram.make(guest, &random)
            var configuration = Machine.Configuration()
            configuration.loopThreshold = [0, 1, 3][random.below(3)]
            let runs = try (0..<2).map { _ in
                try RandomProgram(guest, program, writable: writable, configuration, seed: random.state)
            }
            // By steps.
            var states: [Sandbox.State] = [runs[0].sandbox.state]
            while states.count < 400, try runs[0].advance(by: 1) { states.append(runs[0].sandbox.state) }
            // By some at once.
            var place = 0
            while place < states.count - 1 {
                let count = min(1 + random.below(random.below(40) + 1), states.count - 1 - place)
                guard try runs[1].advance(by: count) else {
                    Issue.record("ended after \(place) and at most \(count)")
                    break
                }
                place += count
                #expect(
                    runs[1].sandbox.state == states[place], "after \(place), \(count) at once: \(program.prefix(96))")
                if runs[1].sandbox.state != states[place] { return }
            }
        }
    }

    @Test(arguments: Guest.allCases)
    func timeIsLimited(guest: Guest) throws {
        let program: [UInt8] = guest == .arm64 ? A64.bytes([A64.b(0)]) : [0xEB, 0xFE]
        let sandbox = try Sandbox(guest, program)
        for _ in 0..<3 { #expect(try sandbox.cpu.run(for: .milliseconds(5)) == .timeLimit) }
        #expect(try sandbox.cpu.run(for: .zero) == .timeLimit)
        #expect(try sandbox.cpu.run(for: .seconds(-1)) == .timeLimit)
        #expect(try sandbox.cpu.run(budget: .instructions(1000), for: .seconds(1 << 60)) == .budget)
        // A limit that is over before anything else leaves nothing behind.
        let loop = try Sandbox.loop(guest, 100)
        #expect(try loop.cpu.run(for: .seconds(10)) == .systemCall(immediate: 0))
    }

    @Test func belongsToOneThread() throws {
        let sandbox = try Sandbox([A64.nop, A64.b(-1)])
        nonisolated(unsafe) let cpu = sandbox.cpu
        let box = Box<Exit?>(nil)
        // One that comes while the other one asks is refused as well.
        let thread = Thread { while box.value == nil { box.value = try? cpu.run(for: .seconds(20)) } }
        var refused = false
        while !refused {
            do {
                _ = try cpu.run(budget: .instructions(0))
            } catch {
                refused = error as? CPUError == .inUse
            }
        }
        cpu.stopHandle.stop()
        thread.join()
        #expect(box.value == .stopped)
    }
}

/// A program of random instructions, and what is done where one of them cannot go on.
struct RandomProgram {
    let sandbox: Sandbox
    let device: DeviceMemory?

    /// - Parameter device: what the data are in, if not in memory.
    init(
        _ guest: Guest, _ program: [UInt8], writable: Bool, _ configuration: Machine.Configuration, seed: UInt64,
        window: UInt64 = 1 << 36, device: DeviceMemory? = nil
    ) throws {
        self.device = device
        sandbox = try Sandbox(
            guest, program, writable: writable, window: window, configuration: configuration, device: device)
        var random = Random(state: seed | 1)
        let count = guest == .arm64 ? 31 : 16
        for n in 0..<count {
            let value =
                switch random.below(4) {
                case 0: random.next()
                case 1: UInt64(random.below(10))
                case 2: Sandbox.code + UInt64(random.below(64) * 4)
                default: Sandbox.data + UInt64(random.below(1000) * 8)
                }
            sandbox.cpu[guest == .arm64 ? .x(n) : .x86(n)] = value
        }
        sandbox.cpu[guest == .arm64 ? .sp : .rsp] = Sandbox.data + 0x1000
    }

    static func make(_ guest: Guest, _ random: inout Random) -> [UInt8] {
        guard guest == .arm64 else { return x86(&random) }
        var words: [UInt32] = []
        for _ in 0..<64 {
            let (d, n, m) = (UInt32(random.below(8)), UInt32(random.below(8)), UInt32(random.below(8)))
            let distance = Int32(random.below(24)) - 10
            switch random.below(16) {
            case 0: words.append(A64.add(d, n, m))
            case 1: words.append(A64.subs(d, n, imm: UInt32(random.below(3))))
            case 2: words.append(A64.bne(distance))
            case 3: words.append(A64.cbz(n, distance))
            case 4: words.append(A64.ldr(d, 20 + n, offset: UInt32(random.below(64) * 8)))
            case 5: words.append(A64.str(d, 20 + n, offset: UInt32(random.below(64) * 8)))
            case 6: words.append(A64.stpPre(d, m, 31, offset: -16))
            case 7: words.append(A64.ldpPost(d, m, 31, offset: 16))
            case 8: words.append(A64.bl(distance))
            case 9: words.append(random.below(3) == 0 ? A64.ret : A64.movz(d, UInt32(random.below(9))))
            case 10: words.append(random.below(2) == 0 ? A64.svc() : A64.brk(1))
            // LDXR and STXR; an atomic addition, which may not be aligned.
            case 11: words.append(0xC85F_7C00 | (20 + n) << 5 | d)
            case 12: words.append(0xF820_0000 | m << 16 | (20 + n) << 5 | d)
            case 13: words.append(A64.b(Int32(random.below(6)) - 1))
            default: words.append(UInt32(truncatingIfNeeded: random.next() >> 20))
            }
        }
        return A64.bytes(words)
    }

    private static func x86(_ random: inout Random) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < 256 {
            let byte = UInt8(truncatingIfNeeded: random.next() >> 40)
            let registers = 0xC0 | byte & 0x3F
            let distance = UInt8(truncatingIfNeeded: random.below(40) - 16)
            switch random.below(16) {
            case 0: bytes += [0x48, 0x01, registers]
            case 1: bytes += [0x48, 0x29, registers]
            case 2: bytes += [0x70 | byte & 15, distance]
            case 3: bytes += [0xE2, distance]
            case 4: bytes += [0x50 | byte & 7]
            case 5: bytes += [0x58 | byte & 7]
            case 6: bytes += [0x48, 0x8B, byte & 0x3F]
            case 7: bytes += [0x48, 0x89, byte & 0x3F]
            case 8: bytes += [0xF3, [0xAA, 0xA4, 0xA6, 0xAE, 0xAC][random.below(5)]]
            case 9: bytes += [0xB9, byte & 31, 0, 0, 0]
            case 10: bytes += [0xF0, 0x48, 0x0F, 0xBB, 0x07]
            case 11: bytes += [0xE8, distance, 0, 0, 0]
            case 12: bytes += random.below(2) == 0 ? [0xC3] : [0x0F, 0x05]
            case 13: bytes += [0xEB, distance & 15]
            case 14: bytes += [0xD9, 0xE8 | byte & 3]
            default: bytes += (0..<6).map { _ in UInt8(truncatingIfNeeded: random.next() >> 30) }
            }
        }
        return bytes
    }

    /// Executes so many instructions; what cannot be executed is left out.
    /// - Returns: false if there is no going on before that.
    func advance(by count: Int) throws -> Bool {
        let cpu = sandbox.cpu
        let end = cpu.instructionsRetired + UInt64(count)
        while true {
            let rest = Int(end - cpu.instructionsRetired)
            switch try cpu.run(budget: .instructions(rest)) {
            case .budget:
                #expect(cpu.instructionsRetired == end)
                return true
            case .systemCall:
                if cpu.instructionsRetired == end { return true }
            case .fault(let fault) where fault.access == .execute: return false
            case .stopped, .paused, .timeLimit, .breakpoint: return false
            case .deviceRead(let access): cpu.answer(device!.read(access, base: Sandbox.data))
            case .deviceWrite(let access): device!.write(access, base: Sandbox.data)
            default:
                // Behind the program there is nothing to be learnt.
                guard cpu.pc < Sandbox.code + 300 else { return false }
                // The next one may be in the middle of this one.
                cpu.pc += sandbox.machine.guest == .arm64 ? 4 : 1
            }
        }
    }

    /// Leaves out what cannot be executed. - Returns: false if there is no going on.
    func goOn(after exit: Exit) -> Bool {
        let cpu = sandbox.cpu
        switch exit {
        case .budget, .systemCall: return true
        case .fault(let fault) where fault.access == .execute: return false
        case .stopped, .paused, .timeLimit, .breakpoint: return false
        default:
            guard cpu.pc < Sandbox.code + 300 else { return false }
            cpu.pc += sandbox.machine.guest == .arm64 ? 4 : 1
            return true
        }
    }
}
