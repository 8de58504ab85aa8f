// Machines that an embedder builds, as a debugger sees them: packet by packet.

import Glibc
import Lyrebird
import LyrebirdDebug
import Testing

@Suite(.serialized) struct MachineTests {
    static let code: UInt64 = 0x1_0000
    static let data: UInt64 = 0x2_0000

    /// Runs a CPU under a server on a thread of its own, and keeps what `run` returns.
    final class Runner: @unchecked Sendable {
        let machine: Machine
        let server: DebugServer
        let cpus: [CPU]
        private(set) var exits: [[Result<Exit, any Error>]]
        private var threads: [pthread_t] = []

        /// - Parameter handle: whether to go on behind an exit.
        init(
            _ guest: Guest, _ program: [UInt8], cpus count: Int = 1, waits: Bool = true,
            addressSpace: Machine.AddressSpace = .checked(window: 1 << 32)
        ) throws {
            let machine = try Machine(guest, addressSpace: addressSpace)
            try machine.memory.map(code, size: 0x1000, access: .readWriteExecute)
            try machine.memory.map(data, size: 0x1000, access: .readWrite)
            try machine.memory.write(program, at: code)
            server = try DebugServer(machine, listeningAt: "0", waits: waits)
            cpus = try (0..<count).map { _ in try machine.makeCPU() }
            self.machine = machine
            exits = cpus.map { _ in [] }
            for cpu in cpus {
                cpu.pc = code
                try server.add(cpu, name: "processor")
            }
        }

        private final class Start {
            let body: () -> Void
            init(_ body: @escaping () -> Void) { self.body = body }
        }

        /// Begins to run, until a system call with another number than 1, a fault, or an error.
        func start(budget: Budget = .unlimited) {
            for (n, cpu) in cpus.enumerated() {
                let start = Start { [self] in
                    while true {
                        let result = Result { try server.run(cpu, budget: budget) }
                        exits[n].append(result)
                        guard case .success(.systemCall(1)) = result else { return }
                        cpu[cpu.machine.guest == .arm64 ? .x5 : .rdi] += 100
                    }
                }
                var thread = pthread_t()
                pthread_create(
                    &thread, nil,
                    {
                        Unmanaged<Start>.fromOpaque($0!).takeRetainedValue().body(); return nil
                    },
                    Unmanaged.passRetained(start).toOpaque())
                threads.append(thread)
            }
        }

        /// Waits for the end of all CPUs' runs.
        func finish() {
            for thread in threads { pthread_join(thread, nil) }
        }
    }

    /// AArch64 code, word by word.
    private func words(_ words: UInt32...) -> [UInt8] {
        words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    }

    /// x1 = data; x0 counts to 10, each time it is stored and loaded; then system call 0.
    private var counting: [UInt8] {
        words(
            0xD2A0_0041,  // mov x1, #0x20000
            0xD280_0000,  // mov x0, #0
            0x9100_0400,  // 10008: add x0, x0, #1
            0xF900_0020,  // 1000c: str x0, [x1]
            0xF940_0022,  // 10010: ldr x2, [x1]
            0xF100_281F,  // 10014: cmp x0, #10
            0x54FF_FF81,  // 10018: b.ne 10008
            0xD400_0001)  // 1001c: svc #0
    }

    private func register(_ number: Int, _ client: RemoteClient) -> UInt64? {
        guard let text = client.ask("p\(String(number, radix: 16))") else { return nil }
        return UInt64(text, radix: 16).map(\.byteSwapped)
    }

    private static let pc = 32

    @Test func breakpointsAndSteps() throws {
        let runner = try Runner(.arm64, counting)
        runner.start()
        let client = try RemoteClient(runner.server.address)
        #expect(client.ask("qSupported:swbreak+;hwbreak+")?.contains("PacketSize=") == true)
        #expect(client.ask("?")?.hasPrefix("T05thread:1;") == true)
        #expect(register(Self.pc, client) == Self.code)
        #expect(client.ask("vCont;s:1")?.hasPrefix("T05thread:1;") == true)
        #expect(register(Self.pc, client) == Self.code + 4 && register(1, client) == Self.data)
        #expect(client.ask("Z0,1000c,4") == "OK")
        for round in 1...2 {
            #expect(client.ask("vCont;c")?.hasPrefix("T05thread:1;swbreak:;") == true)
            #expect(register(Self.pc, client) == Self.code + 12 && register(0, client) == UInt64(round))
            #expect(client.ask("m20000,8") == "0\(round - 1)00000000000000")
        }
        #expect(client.ask("Z1,10018,4") == "OK" && client.ask("z0,1000c,4") == "OK")
        #expect(client.ask("c")?.hasPrefix("T05thread:1;hwbreak:;") == true)
        #expect(client.ask("z1,10018,4") == "OK")
        // Steps as long as the pc is in a range, and stops behind it.
        #expect(client.ask("vCont;r10008,10014:1")?.hasPrefix("T05") == true)
        #expect(register(Self.pc, client) == Self.code + 0x14 && register(0, client) == 3)
        // What is written counts: the loop is over at once.
        #expect(client.ask("P0=0a00000000000000") == "OK")
        #expect(client.ask("M20000,2:ffff") == "OK" && client.ask("m20000,2") == "ffff")
        client.send(Array("D".utf8))
        #expect(client.receive() == "OK")
        runner.finish()
        #expect(try runner.exits[0].map { try $0.get() } == [.systemCall(immediate: 0)])
        #expect(runner.cpus[0][.x0] == 10)
    }

    /// Writes stop AArch64 before the instruction, as its hardware does, and x86 behind it.
    @Test func watchpointsOfAArch64() throws {
        let runner = try Runner(.arm64, counting)
        runner.start()
        let client = try RemoteClient(runner.server.address)
        #expect(client.ask("Z2,20004,4") == "OK")
        #expect(client.ask("c")?.contains("watch:20004;") == true)
        #expect(register(Self.pc, client) == Self.code + 12 && client.ask("m20000,1") == "00")
        #expect(client.ask("z2,20004,4") == "OK" && client.ask("z2,20004,4") == "E16")
        #expect(client.ask("Z3,20000,8") == "OK")
        #expect(client.ask("c")?.contains("rwatch:20000;") == true)
        #expect(register(Self.pc, client) == Self.code + 16)
        #expect(client.ask("z3,20000,8") == "OK" && client.ask("s")?.hasPrefix("T05") == true)
        #expect(client.ask("Z4,20001,1") == "OK")
        #expect(client.ask("c")?.contains("awatch:20001;") == true)
        #expect(register(Self.pc, client) == Self.code + 12 && register(0, client) == 2)
        for refused in ["Z2,20000,0", "Z2,ffffffffffffffff,8", "Z2,20000,ffffffffffffffff", "Z2,20000", "Z,", "Z2,,"] {
            #expect(client.ask(refused) == "E16", "\(refused)")
        }
        #expect(client.ask("Z9,20000,8") == "")
        client.send(Array("D".utf8))
        runner.finish()
    }

    /// mov rsi, 0x20000; mov [rsi], rsi; mov rax, [rsi]; int3; syscall
    private let x86: [UInt8] = [
        0x48, 0xC7, 0xC6, 0x00, 0x00, 0x02, 0x00, 0x48, 0x89, 0x36, 0x48, 0x8B, 0x06, 0xCC, 0x0F, 0x05,
    ]

    @Test(arguments: [true, false]) func watchpointsOfX86(isChecked: Bool) throws {
        let runner = try Runner(
            .x86_64, x86, addressSpace: isChecked ? .checked(window: 1 << 32) : .window(size: 1 << 32))
        runner.start()
        let client = try RemoteClient(runner.server.address)
        #expect(client.ask("Z2,20002,1") == "OK")
        #expect(client.ask("c")?.contains("watch:20002;") == true)
        #expect(register(16, client) == Self.code + 10 && client.ask("m20000,4") == "00000200")
        // Where accesses are not checked, reads are not seen.
        #expect(client.ask("Z3,20000,8") == (isChecked ? "OK" : ""))
        if isChecked {
            #expect(client.ask("c")?.contains("rwatch:20000;") == true)
            #expect(register(16, client) == Self.code + 13 && register(0, client) == Self.data)
        }
        // A breakpoint instruction of the guest's is the embedder's afterwards.
        #expect(client.ask("c")?.hasPrefix("T05thread:1;10:") != nil)
        client.send(Array("c".utf8))
        runner.finish()
        #expect(try runner.exits[0].map { try $0.get() } == [.breakpointInstruction(immediate: 0)])
    }

    /// Faults are signals: passed on, they are exits; kept, they are tried again.
    @Test func faults() throws {
        // ldr x0, [x1]; svc #0
        let runner = try Runner(.arm64, words(0xF940_0020, 0xD400_0001))
        runner.cpus[0][.x1] = 0x5000_0000
        runner.start()
        let client = try RemoteClient(runner.server.address)
        #expect(client.ask("c")?.hasPrefix("T0bthread:1;") == true)
        #expect(client.ask("vCont;c")?.hasPrefix("T0bthread:1;") == true)
        #expect(client.ask("P1=0000020000000000") == "OK")
        client.send(Array("vCont;C0b".utf8))
        runner.finish()
        let fault = Fault(pc: Self.code, address: 0x5000_0000, access: .read, cause: .unmapped)
        #expect(try runner.exits[0].map { try $0.get() } == [.fault(fault)])
    }

    /// The embedder's exits and budgets are his own under a debugger, too, and a step is one instruction of whatever kind.
    @Test func exitsOfTheEmbedders() throws {
        // svc #1; add x5, x5, #1; svc #1; svc #0
        let runner = try Runner(.arm64, words(0xD400_0021, 0x9100_04A5, 0xD400_0021, 0xD400_0001))
        runner.start()
        let client = try RemoteClient(runner.server.address)
        #expect(client.ask("s")?.hasPrefix("T05") == true)
        #expect(register(Self.pc, client) == Self.code + 4 && register(5, client) == 100)
        #expect(client.ask("s")?.hasPrefix("T05") == true)
        #expect(register(Self.pc, client) == Self.code + 8 && register(5, client) == 101)
        client.send(Array("c".utf8))
        runner.finish()
        #expect(
            try runner.exits[0].map { try $0.get() }
                == [.systemCall(immediate: 1), .systemCall(immediate: 1), .systemCall(immediate: 0)])

        let counted = try Runner(.arm64, counting)
        counted.start(budget: .instructions(5))
        let other = try RemoteClient(counted.server.address)
        #expect(other.ask("Z0,1000c,4") == "OK")
        #expect(other.ask("c")?.hasPrefix("T05") == true)
        #expect(other.ask("s")?.hasPrefix("T05") == true && register(Self.pc, other) == Self.code + 16)
        other.send(Array("c".utf8))
        counted.finish()
        #expect(try counted.exits[0].map { try $0.get() } == [.budget])
        #expect(counted.cpus[0].pc == Self.code + 20)
    }

    /// Two CPUs: both stop, each can be stepped by itself, and Ctrl-C stops them.
    @Test func processors() throws {
        // add x0, x0, #1; b .-4
        let runner = try Runner(.arm64, words(0x9100_0400, 0x17FF_FFFF), cpus: 2)
        runner.start()
        let client = try RemoteClient(runner.server.address)
        #expect(client.ask("qfThreadInfo") == "m1,2" && client.ask("qsThreadInfo") == "l")
        #expect(client.ask("qThreadExtraInfo,2") == "70726f636573736f72")
        #expect(client.ask("T2") == "OK" && client.ask("T3") == "E16" && client.ask("Hg3") == "E16")
        client.send(Array("vCont;c".utf8))
        client.sendRaw([3])
        #expect(client.receive()?.hasPrefix("T02thread:") == true)
        for number in [1, 2] {
            #expect(client.ask("Hg\(number)") == "OK")
            let before = try #require(register(0, client)), place = try #require(register(Self.pc, client))
            // Only that one: no action names the other.
            #expect(client.ask("vCont;s:\(number)")?.hasPrefix("T05thread:\(number);") == true)
            #expect(client.ask("vCont;s:\(number)")?.hasPrefix("T05thread:\(number);") == true)
            #expect(register(0, client) == before + 1 && register(Self.pc, client) == place)
        }
        #expect(client.ask("Hg1") == "OK")
        let still = register(0, client)
        // The second one steps, the first one goes on, and is somewhere else afterwards, at some time.
        var rounds = 0
        repeat {
            #expect(client.ask("vCont;s:2;c")?.hasPrefix("T05thread:2;") == true)
            #expect(client.ask("Hg1") == "OK")
            rounds += 1
        } while register(0, client) == still && rounds < 1000
        #expect(rounds < 1000)
        client.send(Array("k".utf8))
        runner.finish()
        for exits in runner.exits {
            #expect(throws: DebugError.killed) { try exits[0].get() }
        }
    }

    /// A debugger may come late, go and come again; one that is lost has gone.
    @Test func comingAndGoing() throws {
        // 0: cbz x1, 0; svc #0
        let runner = try Runner(.arm64, words(0xB400_0001, 0xD400_0001), waits: false)
        runner.start()
        for _ in 0..<3 {
            let client = try RemoteClient(runner.server.address)
            #expect(client.ask("?")?.hasPrefix("T05thread:1;") == true)
            #expect(register(Self.pc, client) == Self.code && client.ask("Z0,10004,4") == "OK")
        }
        let client = try RemoteClient(runner.server.address)
        #expect(client.ask("?")?.hasPrefix("T05") == true)
        #expect(client.ask("P1=0100000000000000") == "OK")
        // Nothing has stayed of the breakpoints of those that were lost.
        client.send(Array("c".utf8))
        runner.finish()
        #expect(try runner.exits[0].map { try $0.get() } == [.systemCall(immediate: 0)])
        runner.server.end(.exited(7))
        #expect(client.receive() == "W07" && client.receive() == nil)
    }

    @Test func addresses() throws {
        let machine = try Machine(.arm64)
        for bad in ["", ":", "x", "99999", "localhost:", ":-1", "[::1", "no such host:1"] {
            #expect(throws: DebugError.badAddress(bad), "\(bad)") { try DebugServer(machine, listeningAt: bad) }
        }
        let server = try DebugServer(machine, listeningAt: ":0")
        #expect(server.address.hasPrefix("127.0.0.1:") && server.address != "127.0.0.1:0")
        #expect(throws: DebugError.host(call: "listening at \(server.address)", errno: EADDRINUSE)) {
            try DebugServer(machine, listeningAt: server.address)
        }
        #expect(server.descriptors.count == 3)
    }
}
