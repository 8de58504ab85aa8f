// Breakpoints, hooks and coverage: where they are met, what they may do, and that all of it counts at once.

import Glibc
import Lyrebird
import Testing

/// Counted by hooks, which may be called by any thread.
final class Log: @unchecked Sendable {
    var places: [Hook.Place] = []
    var count = 0
    var body: (() throws -> Void)?
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

    /// Hooks come and go on another thread while the guest runs.
    @Test(arguments: Guest.allCases)
    func hooksOfOtherThreads(guest: Guest) throws {
        let sandbox = try Sandbox.loop(guest, .max)
        let machine = sandbox.machine
        let stop = sandbox.cpu.stopHandle
        let log = Log()
        let thread = Thread {
            for _ in 0..<200 {
                let hook = machine.addHook(.block) { _, _ in log.count += 1 }
                usleep(50)
                if machine.statistics.translations % 3 == 0 { machine.flushTranslations() }
                hook.remove()
            }
            stop.stop()
        }
        #expect(try sandbox.cpu.run() == .stopped)
        thread.join()
        #expect(log.count > 0)
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
