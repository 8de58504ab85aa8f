// A machine for a program without an operating system: memory, a serial port, a timer, and one interrupt, as on a PC.
//
//     BareMetalX86 IMAGE          (Examples/guests/bare-x86.S)
//
// The CPU of a machine is an unprivileged one in 64-bit mode, and what ring 0 is for is the embedder's: privileged instructions leave
// `run`, and it enters handlers of interrupts as the processor would.

import Glibc
import Lyrebird

@main struct Board {
    static let ram: UInt64 = 0x10_0000
    static let serial: UInt16 = 0x3F8
    static let timerPort: UInt16 = 0x40
    /// What the guest's handler of interrupts starts with.
    static let vector = ram + 0x400

    let machine: Machine
    let cpu: CPU
    let timer = Timer()
    /// Whether interrupts are let through, and whether one waits.
    var isEnabled = false
    var isPending = false

    init(image: [UInt8]) throws {
        machine = try Machine(.x86_64)
        try machine.memory.map(Self.ram, size: 1 << 20, access: .readWriteExecute)
        try machine.memory.write(image, at: Self.ram)
        cpu = try machine.makeCPU()
        cpu.pc = Self.ram
        // Ports can be answered by functions, which are called without leaving `run`; those of the serial line leave it.
        machine.mapPorts(Self.timerPort...Self.timerPort) { [timer] _ in
            UInt32(truncatingIfNeeded: timer.microseconds)
        } write: { [timer, stopHandle = cpu.stopHandle] access in
            timer.interrupt(stopHandle, after: UInt64(access.value))
        }
    }

    /// Runs until the guest halts with interrupts off.
    mutating func run() throws {
        while true {
            if isEnabled, isPending { try takeInterrupt() }
            let exit = try cpu.run()
            switch exit {
            case .portWrite(let access) where access.port == Self.serial:
                putchar(Int32(access.value & 0xFF))
            case .portRead(let access) where access.port == Self.serial + 5:
                cpu.answer(0x20)
            case .interrupt:
                isPending = true
            case .privilegedInstruction, .generalProtection:
                guard try executePrivileged() else { fail(exit) }
            case .halted:
                guard isEnabled else { return }
                timer.waitForInterrupt()
            default:
                fail(exit)
            }
        }
    }

    /// Enters the handler: the stack gets SS, RSP, RFLAGS, CS and RIP, the last one lowest. The selectors are those of ring 0. An IRETQ to user
    /// mode's own the CPU would execute by itself, and nobody would know that interrupts are enabled again.
    private mutating func takeInterrupt() throws {
        let frame = [cpu.pc, cpu[.cs] & ~3, cpu[.rflags], cpu[.rsp], cpu[.ss] & ~3]
        let stack = cpu[.rsp] & ~15 - 8 * UInt64(frame.count)
        for (index, word) in frame.enumerated() { try machine.memory.store(word, at: stack + 8 * UInt64(index)) }
        cpu[.rsp] = stack
        cpu.pc = Self.vector
        (isEnabled, isPending) = (false, false)
    }

    /// Executes what only ring 0 may.
    /// - Returns: whether there is such an instruction at the pc.
    private mutating func executePrivileged() throws -> Bool {
        switch try machine.memory.load(UInt16.self, at: cpu.pc) {
        case 0xCF48:  // iretq
            let stack = cpu[.rsp]
            cpu.pc = try machine.memory.load(UInt64.self, at: stack)
            cpu[.rflags] = try machine.memory.load(UInt64.self, at: stack + 16)
            cpu[.rsp] = try machine.memory.load(UInt64.self, at: stack + 24)
            // What was interrupted had interrupts enabled.
            isEnabled = true
        case let bytes where bytes & 0xFE == 0xFA:  // cli, sti
            isEnabled = bytes & 1 != 0
            cpu.pc += 1
        default:
            return false
        }
        return true
    }

    private func fail(_ exit: Exit) -> Never {
        print("unexpected at 0x\(String(cpu.pc, radix: 16)): \(exit)")
        Glibc.exit(1)
    }

    static func main() throws {
        guard CommandLine.arguments.count == 2, let image = readFile(CommandLine.arguments[1]) else {
            print("usage: BareMetalX86 IMAGE")
            exit(2)
        }
        var board = try Board(image: image)
        try board.run()
    }
}

func readFile(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    return Array(bytes[..<fread(&bytes, 1, bytes.count, file)])
}

/// Interrupts a CPU after a time, from a thread of its own.
final class Timer: Sendable {
    private let start = ContinuousClock.now
    /// Counts interrupts, so that somebody can wait for one.
    nonisolated(unsafe) private let raised = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(raised, 0, 0) }

    var microseconds: UInt64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return UInt64(seconds) * 1_000_000 + UInt64(attoseconds / 1_000_000_000_000)
    }

    func interrupt(_ cpu: StopHandle, after microseconds: UInt64) {
        Task.detached {
            try await Task.sleep(for: .microseconds(Int64(clamping: microseconds)))
            cpu.interrupt(1)
            sem_post(self.raised)
        }
    }

    func waitForInterrupt() { while sem_wait(raised) != 0 && errno == EINTR {} }
}
