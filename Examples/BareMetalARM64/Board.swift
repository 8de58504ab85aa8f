// A machine for a program without an operating system: memory, a serial port, a timer, and one interrupt.
//
//     BareMetalARM64 IMAGE        (Examples/guests/bare-arm64.S)
//
// The CPU of a machine is an unprivileged one, and what an operating system's level is for is the embedder's: it takes interrupts, and
// the instruction with which a handler ends comes back as an exit.

import Glibc
import Lyrebird

@main struct Board {
    static let ram: UInt64 = 0x4000_0000
    static let uart: UInt64 = 0x900_0000
    static let timerBase: UInt64 = 0x901_0000
    /// What the guest's handler of interrupts starts with.
    static let vector = ram + 0x400
    static let eret: UInt32 = 0xD69F_03E0

    let machine: Machine
    let cpu: CPU
    let timer = Timer()
    /// The state that an interrupt interrupted, while its handler runs; and whether another one came meanwhile.
    var interrupted: CPUState?
    var isPending = false

    init(image: [UInt8]) throws {
        machine = try Machine(.arm64)
        try machine.memory.map(Self.ram, size: 1 << 20, access: .readWriteExecute)
        try machine.memory.write(image, at: Self.ram)
        cpu = try machine.makeCPU()
        cpu.pc = Self.ram
        // A device can be functions, which are called without leaving `run` …
        try machine.memory.mapDevice(Self.timerBase, size: Memory.pageSize) { [timer] access in
            access.address == Self.timerBase ? timer.microseconds : 0
        } write: { [timer, stopHandle = cpu.stopHandle] access in
            if access.address == Self.timerBase + 8 { timer.interrupt(stopHandle, after: access.value) }
        }
        // … or accesses to it leave `run`.
        try machine.memory.mapDevice(Self.uart, size: Memory.pageSize)
    }

    /// Runs until the guest switches the machine off.
    mutating func run() throws {
        while true {
            let exit = try cpu.run()
            switch exit {
            case .deviceWrite(let access) where access.address == Self.uart:
                putchar(Int32(access.value & 0xFF))
            case .interrupt:
                isPending = true
            case .privilegedInstruction:
                guard let state = interrupted, try machine.memory.load(UInt32.self, at: cpu.pc) == Self.eret else {
                    fail(exit)
                }
                cpu.state = state
                interrupted = nil
            case .halted:
                timer.waitForInterrupt()
            case .systemCall(immediate: 1):
                return
            default:
                fail(exit)
            }
            if isPending, interrupted == nil {
                isPending = false
                interrupted = cpu.state
                cpu.pc = Self.vector
            }
        }
    }

    private func fail(_ exit: Exit) -> Never {
        print("unexpected at 0x\(String(cpu.pc, radix: 16)): \(exit)")
        Glibc.exit(1)
    }

    static func main() throws {
        guard CommandLine.arguments.count == 2, let image = readFile(CommandLine.arguments[1]) else {
            print("usage: BareMetalARM64 IMAGE")
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
