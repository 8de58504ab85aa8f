// Breakpoints, hooks and coverage: where they are met, what they may do, and that all of it counts at once.

import Glibc
import Lyrebird
import Testing

/// Counted by hooks, which may be called by any thread.
final class Log: @unchecked Sendable {
    var places: [Hook.Place] = []
    var count = 0
    var quotient = 0.0
    var body: (() throws -> Void)?
}

extension Log {
    /// What another thread counts meanwhile.
    @inline(never) func read() -> Int { count }
}

final class Weak: @unchecked Sendable {
    weak var log: Log?
    init(_ log: Log? = nil) { self.log = log }
}

struct Refusal: Error {}

@Suite struct HookTests {
    @Test(arguments: Guest.allCases)
    func breakpointsStopBeforeTheInstruction(guest: Guest) throws {
        let sandbox = try Sandbox.loop(guest, 5)
        let head = Sandbox.loopHead(guest)
        sandbox.machine.addBreakpoint(at: head)
        sandbox.machine.addBreakpoint(at: head)
        for round in 0..<5 {
            #expect(try sandbox.cpu.run() == .breakpoint)
            #expect(sandbox.cpu.pc == head)
            #expect(sandbox.sum == (0..<UInt64(round)).reduce(0) { $0 + 5 - $1 })
        }
        #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
        #expect(sandbox.sum == 15)
        // Inside of an instruction, and where nothing is: never met, and in nobody's way.
        for address in [head + 1, Sandbox.data, .max, 0] { sandbox.machine.addBreakpoint(at: address) }
        sandbox.machine.removeBreakpoint(at: head)
        sandbox.machine.removeBreakpoint(at: head)
        sandbox.cpu.pc = Sandbox.code
        sandbox.cpu[guest == .arm64 ? .x1 : .rcx] = 5
        #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
        #expect(sandbox.sum == 15)
    }

    @Test(arguments: Guest.allCases)
    func breakpointsAndBudgets(guest: Guest) throws {
        let sandbox = try Sandbox.loop(guest, 5)
        sandbox.machine.addBreakpoint(at: Sandbox.loopHead(guest))
        // Two instructions stand before it: the budget is over first.
        #expect(try sandbox.cpu.run(budget: .instructions(2)) == .budget)
        #expect(try sandbox.cpu.step() == .breakpoint)
        #expect(sandbox.cpu.instructionsRetired == 2)
        #expect(try sandbox.cpu.step() == .budget)
        #expect(sandbox.cpu.instructionsRetired == 3)
        #expect(try sandbox.cpu.run(budget: .instructions(100)) == .breakpoint)
        #expect(sandbox.cpu.instructionsRetired == 5)
    }

    /// A loop that is translated as a whole notices.
    @Test(arguments: Guest.allCases)
    func breakpointsStopHotLoops(guest: Guest) throws {
        let sandbox = try Sandbox.loop(guest, .max)
        let machine = sandbox.machine
        let head = Sandbox.loopHead(guest)
        let thread = Thread {
            while machine.statistics.loops == 0 { usleep(100) }
            machine.addBreakpoint(at: head)
        }
        #expect(try sandbox.cpu.run(for: .seconds(30)) == .breakpoint)
        thread.join()
        #expect(sandbox.cpu.pc == head)
        machine.removeBreakpoint(at: head)
        #expect(try sandbox.cpu.run(budget: .instructions(1000)) == .budget)
    }

    @Test(arguments: Guest.allCases)
    func blocksAndInstructions(guest: Guest) throws {
        for isHot in [false, true] {
            let sandbox = try Sandbox.loop(guest, isHot ? 2000 : 3)
            if isHot {
                #expect(try sandbox.cpu.run(budget: .instructions(2 + 3 * 1997)) == .budget)
            }
            let (blocks, instructions) = (Log(), Log())
            let first = sandbox.machine.addHook(.block) {
                blocks.places.append($1); #expect($0.pc == $1.address)
            }
            let second = sandbox.machine.addHook(.instruction, in: Sandbox.code...Sandbox.code + 0xFFF) { cpu, place in
                instructions.places.append(place)
                #expect(cpu.pc == place.address)
            }
            #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
            let head = Sandbox.loopHead(guest)
            let (start, body) = guest == .arm64 ? (20, 12) : (10, 7)
            var expected = [Hook.Place(address: Sandbox.code, size: start)]
            expected += (0..<2).map { _ in Hook.Place(address: head, size: body) }
            if isHot { expected[0] = Hook.Place(address: head, size: body) }
            expected.append(Hook.Place(address: head + UInt64(body), size: guest == .arm64 ? 4 : 2))
            #expect(blocks.places == expected)
            #expect(instructions.places.count == (isHot ? 0 : 2) + 10)
            #expect(instructions.places.last == expected.last)
            #expect(sandbox.sum == Sandbox.sum(isHot ? 2000 : 3))
            first.remove()
            second.remove()
            sandbox.cpu.pc = Sandbox.code
            sandbox.cpu[guest == .arm64 ? .x1 : .rcx] = 5
            #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
            #expect(blocks.places == expected && sandbox.sum == 15)
        }
    }

    /// However a program is cut into runs, its hooks are called as often, and see what they would see.
    @Test(arguments: Guest.allCases)
    func budgetsChangeNothingForHooks(guest: Guest) throws {
        var found: [[UInt64]] = []
        for budget in [Int.max, 1, 2, 3, 4, 7] {
            let sandbox = try Sandbox.loop(guest, 20)
            nonisolated(unsafe) var seen: [UInt64] = []
            for event in [Hook.Event.block, .instruction] {
                sandbox.machine.addHook(event) { cpu, place in
                    seen += [place.address, UInt64(place.size), cpu.instructionsRetired]
                    seen.append(cpu[guest == .arm64 ? .x0 : .rax])
                }
            }
            while try sandbox.cpu.run(budget: .instructions(budget)) == .budget {}
            #expect(sandbox.sum == 210 && sandbox.cpu.instructionsRetired == 63)
            found.append(seen)
        }
        for seen in found { #expect(seen == found[0]) }
    }

    @Test(arguments: Guest.allCases)
    func hooksChangeTheState(guest: Guest) throws {
        let sandbox = try Sandbox.loop(guest, 1000)
        let head = Sandbox.loopHead(guest)
        let counter: Register = guest == .arm64 ? .x1 : .rcx
        let control: Register = guest == .arm64 ? .fpcr : .mxcsr
        let log = Log()
        sandbox.machine.addHook(.instruction, in: head...head) { cpu, place in
            log.count += 1
            #expect(
                cpu[control] == (guest == .arm64 ? 0 : 0x1F80)
                    | (log.count > 1 ? 0x40_0000 >> (guest == .arm64 ? 0 : 8) : 0))
            cpu[control] |= 0x40_0000 >> (guest == .arm64 ? 0 : 8)
            // Out of the loop.
            if log.count == 10 { cpu.pc += guest == .arm64 ? 12 : 7 }
            if log.count == 5 { cpu[counter] += 100 }
            if guest == .arm64 { cpu[.v(8)] = UInt128(log.count) } else { cpu[.xmm(3)] = UInt128(log.count) }
        }
        #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
        // 1000 to 997, and 1096 to 1092.
        #expect(log.count == 10 && sandbox.sum == 9464)
        #expect((guest == .arm64 ? sandbox.cpu[.v(8)] : sandbox.cpu[.xmm(3)]) == 10)
    }

    /// What hooks compute raises no flags of the guest's, and takes none away; wherever they stand.
    @Test(arguments: Guest.allCases)
    func hooksCompute(guest: Guest) throws {
        // 1 and 3, their sum, nop, their quotient, which is inexact; nop, system call.
        let program: [UInt8] =
            guest == .arm64
            ? A64.bytes([
                0x1E6E_1000, 0x1E61_1001, 0x1E61_2802, A64.nop, 0x1E61_1803, A64.nop, A64.svc(),
            ])
            : [
                0xF2, 0x0F, 0x2A, 0xC0, 0xF2, 0x0F, 0x2A, 0xC9, 0xF2, 0x0F, 0x58, 0xD0, 0x90, 0xF2, 0x0F, 0x5E, 0xC1,
                0x90,
                0x0F, 0x05,
            ]
        let places: [UInt64] = guest == .arm64 ? [0, 4, 8, 12, 16, 20, 24] : [0, 4, 8, 12, 13, 17, 18]
        let status: Register = guest == .arm64 ? .fpsr : .mxcsr
        let (none, inexact): (UInt64, UInt64) = guest == .arm64 ? (0, 0x10) : (0x1F80, 0x1FA0)
        let ranges = places.map { Sandbox.code + $0...Sandbox.code + $0 } + [0...UInt64.max]
        for range in ranges {
            for (event, looks) in [(Hook.Event.instruction, false), (.instruction, true), (.block, true)] {
                let sandbox = try Sandbox(guest, program)
                let log = Log()
                sandbox.machine.addHook(event, in: range) { cpu, place in
                    log.count += 1
                    log.quotient = 1 / Double(2 + log.count)
                    if looks {
                        let isBehind = place.address >= Sandbox.code + places[5]
                        #expect(cpu[status] == (isBehind ? inexact : none), "\(range) \(place)")
                    }
                }
                for _ in 0..<2 {
                    sandbox.cpu.pc = Sandbox.code
                    sandbox.cpu[status] = none
                    if guest == .x86_64 { (sandbox.cpu[.rax], sandbox.cpu[.rcx]) = (1, 3) }
                    #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
                    #expect(sandbox.cpu[status] == inexact, "\(range)")
                    // The first CPU that computes, and one that has computed.
                    sandbox.machine.flushTranslations()
                }
                // Without the quotient.
                sandbox.cpu.pc = Sandbox.code
                sandbox.cpu[status] = none
                if guest == .x86_64 { (sandbox.cpu[.rax], sandbox.cpu[.rcx]) = (1, 3) }
                sandbox.machine.addBreakpoint(at: Sandbox.code + places[4])
                #expect(try sandbox.cpu.run() == .breakpoint)
                #expect(sandbox.cpu[status] == none, "\(range)")
            }
        }
    }

    @Test(arguments: Guest.allCases)
    func hooksThrowAndStop(guest: Guest) throws {
        let sandbox = try Sandbox.loop(guest, 6)
        let cpu = sandbox.cpu
        let head = Sandbox.loopHead(guest)
        let stop = cpu.stopHandle
        let log = Log()
        sandbox.machine.addHook(.block, in: head...head) { cpu, _ in
            #expect(throws: CPUError.inUse) { try cpu.run() }
            log.count += 1
            if log.count == 2 { throw Refusal() }
            if log.count == 4 { stop.stop() }
        }
        #expect(throws: Refusal.self) { try cpu.run() }
        #expect(cpu.pc == head && sandbox.sum == 6 + 5)
        #expect(try cpu.run() == .stopped)
        #expect(cpu.pc == head && log.count == 4)
        #expect(try cpu.run() == .systemCall(immediate: 0))
        #expect(log.count == 5 && sandbox.sum == 21)
    }

    @Test(arguments: Guest.allCases)
    func hooksChangeTheMachine(guest: Guest) throws {
        let sandbox = try Sandbox.loop(guest, 50)
        let machine = sandbox.machine
        let head = Sandbox.loopHead(guest)
        let log = Log()
        let other = Log()
        nonisolated(unsafe) var hook: Hook?
        nonisolated(unsafe) var second: Hook?
        hook = machine.addHook(.block, in: head...head) { cpu, _ in
            log.count += 1
            switch log.count {
            case 3: machine.flushTranslations()
            case 5: machine.addBreakpoint(at: head)
            case 8: second = machine.addHook(.instruction) { _, _ in other.count += 1 }
            case 10: second?.remove()
            case 20: hook?.remove()
            default: break
            }
        }
        // The breakpoint at the place of the hook counts from the next time on.
        #expect(try sandbox.cpu.run() == .breakpoint)
        #expect(log.count == 5)
        machine.removeBreakpoint(at: head)
        #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
        // From the instruction on that the first hook was called for, or the one behind it, in the order of hooks.
        #expect(log.count == 20 && (5...6).contains(other.count))
        #expect(sandbox.sum == Sandbox.sum(50))
    }

    @Test(arguments: Guest.allCases)
    func hooksUnmapTheirCode(guest: Guest) throws {
        let sandbox = try Sandbox.loop(guest, 50)
        let machine = sandbox.machine
        let head = Sandbox.loopHead(guest)
        let log = Log()
        machine.addHook(.block, in: head...head) { _, _ in
            log.count += 1
            if log.count == 3 { try machine.memory.unmap(Sandbox.code, size: Sandbox.codeSize) }
        }
        let fault = Fault(pc: head, address: head, access: .execute, cause: .unmapped)
        #expect(try sandbox.cpu.run() == .fault(fault))
        #expect(log.count == 3)
    }

    /// Two CPUs run while a third thread adds and removes hooks of all kinds, and forgets translations.
    @Test(arguments: Guest.allCases)
    func hooksOfOtherThreads(guest: Guest) throws {
        let sandbox = try Sandbox.loop(guest, .max)
        let machine = sandbox.machine
        let head = Sandbox.loopHead(guest)
        nonisolated(unsafe) let cpus = [sandbox.cpu, try machine.makeCPU()]
        cpus[1].copyState(from: cpus[0])
        let always = [Log(), Log()]
        for (n, log) in always.enumerated() {
            nonisolated(unsafe) let own = cpus[n]
            machine.addHook(.block, in: head...head) { cpu, _ in if cpu === own { log.count &+= 1 } }
        }
        /// Until both have met their hooks some times more.
        @Sendable func wait() {
            for log in always {
                let end = log.read() + 3
                while log.read() < end { sched_yield() }
            }
        }
        let kept = Box<[Weak]>([])
        let other = Thread { #expect((try? cpus[1].run()) == .stopped) }
        let changing = Thread {
            var random = Random(state: 5)
            var called = 0
            for round in 0..<40 {
                wait()
                let log = Log()
                kept.value.append(Weak(log))
                let event: Hook.Event = random.below(2) == 0 ? .block : .instruction
                let low = head + UInt64(random.below(8))
                let hook =
                    random.below(2) == 0
                    ? machine.addHook(event) { _, _ in log.count &+= 1 }
                    : machine.addHook(event, in: low...low + UInt64(random.below(8))) { _, _ in log.count &+= 1 }
                wait()
                if round % 5 == 0 { machine.flushTranslations() }
                if round % 7 == 0 { wait() }
                hook.remove()
                // Calls that were under way are over when both have gone on.
                wait()
                let count = log.read()
                called += count > 0 ? 1 : 0
                wait()
                #expect(log.read() == count)
            }
            #expect(called > 10)
            for cpu in cpus { cpu.stopHandle.stop() }
        }
        #expect(try cpus[0].run() == .stopped)
        other.join()
        changing.join()
        // Nobody is in a hook any more.
        machine.addHook(.block) { _, _ in }.remove()
        #expect(kept.value.count == 40 && kept.value.allSatisfy { $0.log == nil })
    }

    /// What a hook keeps goes when it has been removed and nobody is in it.
    @Test(arguments: Guest.allCases)
    func removedHooksAreFreed(guest: Guest) throws {
        let sandbox = try Sandbox.loop(guest, 5)
        let machine = sandbox.machine
        let (first, second) = (Weak(), Weak())
        nonisolated(unsafe) var hook: Hook?
        do {
            let log = Log()
            first.log = log
            hook = machine.addHook(.instruction) { _, _ in
                log.count += 1
                // Also in the midst of a call.
                if log.count == 2 { hook?.remove() }
            }
            let kept = Log()
            second.log = kept
            machine.addHook(.block) { _, _ in kept.count += 1 }
        }
        #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
        #expect(first.log?.count ?? 2 == 2 && second.log?.count == 6)
        hook = nil
        machine.addHook(.block) { _, _ in }.remove()
        #expect(first.log == nil && second.log != nil)
    }

    /// A function that calls itself twice, with hooks at some of its instructions: returns and calls go between code with hooks and code
    /// without.
    @Test(arguments: Guest.allCases)
    func callsAndReturns(guest: Guest) throws {
        let program: [UInt8] =
            guest == .arm64
            ? A64.bytes([
                A64.bl(2), A64.svc(), A64.cbz(0, 9), A64.stpPre(30, 19, 31, offset: -16), A64.sub(19, 0, imm: 1),
                A64.add(0, 19, imm: 0), A64.bl(-4), A64.add(0, 19, imm: 0), A64.bl(-6), A64.add(5, 5, imm: 1),
                A64.ldpPost(30, 19, 31, offset: 16), A64.ret,
            ])
            : [
                0xE8, 2, 0, 0, 0, 0x0F, 0x05,  // call; syscall
                0x48, 0x85, 0xFF, 0x74, 0x19, 0x53,  // test rdi, rdi; jz; push rbx
                0x48, 0x8D, 0x5F, 0xFF, 0x48, 0x89, 0xDF,  // lea rbx, [rdi - 1]; mov rdi, rbx
                0xE8, 0xEE, 0xFF, 0xFF, 0xFF, 0x48, 0x89, 0xDF, 0xE8, 0xE6, 0xFF, 0xFF, 0xFF,  // call; mov; call
                0x48, 0xFF, 0xC6, 0x5B, 0xC3,  // inc rsi; pop rbx; ret
            ]
        let (argument, counter): (Register, Register) = guest == .arm64 ? (.x0, .x5) : (.rdi, .rsi)
        let stack: Register = guest == .arm64 ? .sp : .rsp
        let top = Sandbox.data + 0x1000
        func begin(_ sandbox: Sandbox) {
            sandbox.cpu.pc = Sandbox.code
            sandbox.cpu[argument] = 8
            sandbox.cpu[counter] = 0
            sandbox.cpu[stack] = top
        }
        // How often each instruction is executed.
        let plain = try Sandbox(guest, program)
        begin(plain)
        var times: [UInt64: Int] = [:]
        repeat { times[plain.cpu.pc, default: 0] += 1 } while try plain.cpu.step() == .budget
        #expect(plain.cpu[counter] == 255)
        let places = times.keys.sorted()
        var ranges = places.map { $0...$0 } + [0...UInt64.max, places[0]...places[1], places[2]...places[4]]
        ranges += [places[3]...places[8], places[1]...places[5] + 1]
        for range in ranges {
            for event in [[Hook.Event.instruction], [.block], [.block, .instruction]] {
                let sandbox = try Sandbox(guest, program)
                let log = Log()
                for event in event {
                    sandbox.machine.addHook(event, in: range) { cpu, place in
                        if event == .instruction { log.count += 1 }
                        #expect(cpu.pc == place.address && cpu[stack] <= top && cpu[argument] <= 8)
                        cpu[guest == .arm64 ? .x11 : .r10] += 1
                    }
                }
                let expected = times.reduce(0) { range.contains($1.key) ? $0 + $1.value : $0 }
                for round in 1...3 {
                    begin(sandbox)
                    #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
                    #expect(sandbox.cpu[counter] == 255 && sandbox.cpu[stack] == top, "\(range)")
                    if event.contains(.instruction) { #expect(log.count == round * expected, "\(range)") }
                    if event == [.instruction] {
                        #expect(sandbox.cpu[guest == .arm64 ? .x11 : .r10] == UInt64(log.count))
                    }
                }
            }
        }
    }

    /// Random programs: what hooks see of each instruction is what is seen between steps.
    @Test(arguments: Guest.allCases)
    func hooksSeeWhatStepsSee(guest: Guest) throws {
        var random = Random(state: guest == .arm64 ? 31 : 32)
        var compared = 0
        for _ in 0..<60 {
            let program = RandomProgram.make(guest, &random)
            let seed = random.state
            func make() throws -> RandomProgram {
                try RandomProgram(guest, program, writable: false, .init(), seed: seed)
            }
            let limit = 300
            /// States without those that repeat an instruction, as a jump to itself does.
            @Sendable func append(_ state: Sandbox.State, to states: inout [Sandbox.State]) {
                if states.last?.pc != state.pc { states.append(state) }
            }
            let (stepped, hooked) = (try make(), try make())
            var expected: [Sandbox.State] = []
            for _ in 0..<limit {
                append(stepped.sandbox.state, to: &expected)
                guard try stepped.goOn(after: stepped.sandbox.cpu.step()) else { break }
            }
            nonisolated(unsafe) var seen: [Sandbox.State] = []
            nonisolated(unsafe) var calls = 0
            nonisolated(unsafe) let sandbox = hooked.sandbox
            sandbox.machine.addHook(.block, in: Sandbox.code + 64...Sandbox.code + 128) { _, _ in calls += 0 }
            sandbox.machine.addHook(.instruction) { _, place in
                append(sandbox.state, to: &seen)
                calls += 1
                if calls % 37 == 0 { throw Refusal() }
                if calls >= limit { sandbox.cpu.stopHandle.stop() }
            }
            sandbox.machine.addHook(.instruction, in: Sandbox.code + 32...Sandbox.code + 90) { _, _ in calls += 0 }
            while calls < limit {
                do {
                    guard try hooked.goOn(after: sandbox.cpu.run()) else { break }
                } catch is Refusal {}
            }
            let count = min(seen.count, expected.count)
            compared += count
            #expect(Array(seen.prefix(count)) == Array(expected.prefix(count)), "\(program)")
        }
        #expect(compared > 3000)
    }

    @Test(arguments: Guest.allCases)
    func systemCalls(guest: Guest) throws {
        let program: [UInt8] =
            guest == .arm64 ? A64.bytes([A64.svc(1), A64.svc(2), A64.svc(3)]) : [0xCD, 0x80, 0x0F, 0x05, 0xCD, 0x80]
        let sandbox = try Sandbox(guest, program)
        let log = Log()
        sandbox.machine.addSystemCallHook { cpu, immediate in
            log.places.append(Hook.Place(address: cpu.pc, size: Int(immediate)))
            if log.places.count == 2 { throw Refusal() }
            return log.places.count < 3
        }
        #expect(throws: Refusal.self) { try sandbox.cpu.run() }
        let exit = try sandbox.cpu.run()
        #expect(exit == .systemCall(immediate: guest == .arm64 ? 3 : 0x80))
        let size: UInt64 = guest == .arm64 ? 4 : 2
        #expect(log.places.map(\.address) == [1, 2, 3].map { Sandbox.code + $0 * size })
    }

    /// Random programs execute the same instructions with and without hooks, under every budget.
    @Test(arguments: Guest.allCases)
    func randomProgramsAreTheSame(guest: Guest) throws {
        var random = Random(state: 99)
        for _ in 0..<60 {
            let program = RandomProgram.make(guest, &random)
            let runs = try (0..<2).map { _ in
                try RandomProgram(guest, program, writable: false, .init(), seed: random.state)
            }
            let log = Log()
            runs[1].sandbox.machine.addHook(.instruction) { _, _ in log.count += 1 }
            runs[1].sandbox.machine.enableCoverage()
            let count = 300
            #expect(try runs[0].advance(by: count) == runs[1].advance(by: count))
            #expect(runs[0].sandbox.state == runs[1].sandbox.state, "\(program)")
            #expect(log.count >= Int(runs[1].sandbox.cpu.instructionsRetired))
            #expect(runs[0].sandbox.cpu.instructionsRetired == runs[1].sandbox.cpu.instructionsRetired)
        }
    }

    @Test(arguments: Guest.allCases)
    func coverageOfALoop(guest: Guest) throws {
        let sandbox = try Sandbox.loop(guest, 100)
        let coverage = sandbox.machine.enableCoverage(mapSize: 4096)
        #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
        let head = Sandbox.loopHead(guest)
        let (start, body) = guest == .arm64 ? (20, 12) : (10, 7)
        let expected = [
            Hook.Place(address: Sandbox.code, size: start), Hook.Place(address: head, size: body),
            Hook.Place(address: head + UInt64(body), size: guest == .arm64 ? 4 : 2),
        ]
        #expect(coverage.blocks == expected)
        // Into the first block, into the loop, round it 98 times, out of it.
        #expect(coverage.edges.filter { $0 != 0 }.sorted() == [1, 1, 1, 98])
        let file = coverage.drcov(modules: [.init(name: "loop", addresses: Sandbox.code..<Sandbox.code + 0x1000)])
        let text = String(decoding: file.prefix { $0 < 0x80 }, as: UTF8.self)
        #expect(text.hasPrefix("DRCOV VERSION: 2\nDRCOV FLAVOR: drcov\nModule Table: version 2, count 1\n"))
        #expect(text.contains("BB Table: 3 bbs\n"))
        #expect(file.suffix(24).prefix(8) == [0, 0, 0, 0, UInt8(start), 0, 0, 0])
        coverage.reset()
        #expect(coverage.blocks.isEmpty && coverage.edges.allSatisfy { $0 == 0 })
        sandbox.machine.disableCoverage()
        sandbox.cpu.pc = Sandbox.code
        sandbox.cpu[guest == .arm64 ? .x1 : .rcx] = 5
        #expect(try sandbox.cpu.run() == .systemCall(immediate: 0))
        #expect(coverage.blocks.isEmpty)
    }
}
