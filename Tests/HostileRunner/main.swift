// Runs random bytes as guest code, on the public API alone: `HostileRunner SEED WORDS [x86-64]`, from each word of four bytes on.
// Whatever they do, it ends with one line of counts.

import Glibc
import Lyrebird

let seed = UInt64(CommandLine.arguments.dropFirst().first ?? "1") ?? 1
let wanted = Int(CommandLine.arguments.dropFirst(2).first ?? "10000") ?? 10000
let guest: Guest = CommandLine.arguments.dropFirst(3).first == "x86-64" ? .x86_64 : .arm64

/// SplitMix64.
struct Random {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

/// What the thread that stops endless loops looks at: odd while guest code runs.
nonisolated(unsafe) let runs = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
runs.initialize(to: 0)

/// The numbers of exits, by what they are.
struct Counts {
    var systemCalls = 0, faults = 0, breakpoints = 0, undefined = 0, stops = 0
}

/// Every third register is anything, the others are addresses.
func setRegisters(of cpu: CPU, _ data: UInt64, _ random: inout Random) {
    func value(_ register: Int) -> UInt64 {
        register % 3 == 0 ? random.next() : data + 32768 + random.next() % 4096
    }
    switch guest {
    case .arm64:
        for register in 0...30 { cpu[.x(register)] = value(register) }
        cpu[.sp] = data + 32768
        cpu[.nzcv] = random.next()
    case .x86_64:
        let general: [Register] = [
            .rax, .rcx, .rdx, .rbx, .rbp, .rsi, .rdi, .r8, .r9, .r10, .r11, .r12, .r13, .r14, .r15,
        ]
        for (number, register) in general.enumerated() { cpu[register] = value(number) }
        cpu[.rsp] = data + 32768
        cpu[.rflags] = random.next() & 0x8D5
    }
}

func run() throws -> Counts {
    let machine = try Machine(guest)
    let code: UInt64 = 0x4_0000_0000
    let data: UInt64 = 0x4_1000_0000
    try machine.memory.map(code, size: 8192, access: .readWriteExecute)
    try machine.memory.map(data, size: 65536, access: .readWrite)
    let cpu = try machine.makeCPU()
    let stop = cpu.stopHandle
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(stop))
    pthread_create(
        &thread, nil,
        { raw in
            let handle = Unmanaged<Box>.fromOpaque(raw!).takeUnretainedValue().handle
            var seen: UInt64 = 0
            while true {
                usleep(5000)
                let now = runs.pointee
                if now == seen, now & 1 == 1 { handle.stop() }
                seen = now
            }
        }, box.toOpaque())

    var random = Random(state: seed)
    var counts = Counts()
    var done = 0
    while done < wanted {
        var bytes: [UInt8] = []
        for _ in 0..<1024 { withUnsafeBytes(of: UInt32(truncatingIfNeeded: random.next())) { bytes += $0 } }
        try machine.memory.write(bytes, at: code)
        for index in 0..<1024 {
            if index % 8 == 0 {
                setRegisters(of: cpu, data, &random)
            }
            cpu.pc = code + UInt64(4 * index)
            exits: for _ in 0..<4 {
                runs.pointee &+= 1
                let exit = try cpu.run()
                runs.pointee &+= 1
                switch exit {
                case .systemCall: counts.systemCalls += 1
                case .breakpointInstruction:
                    counts.breakpoints += 1
                    cpu.pc += guest == .arm64 ? 4 : 1
                case .fault:
                    counts.faults += 1
                    break exits
                case .undefinedInstruction, .privilegedInstruction, .divideError, .generalProtection,
                    .softwareInterrupt, .debugException,
                    .floatingPointError, .hostFunctionFailed:
                    counts.undefined += 1
                    break exits
                case .deviceRead, .deviceWrite, .portRead, .portWrite, .halted, .interrupt: counts.undefined += 1
                case .stopped, .paused, .breakpoint, .budget, .timeLimit:
                    counts.stops += 1
                    break exits
                }
            }
        }
        done += 1024
    }
    print(
        "\(done) words: \(counts.undefined) undefined, \(counts.faults) faults, \(counts.systemCalls) system calls,",
        "\(counts.breakpoints) breakpoints, \(counts.stops) stopped; \(machine.statistics.translations) translations")
    return counts
}

final class Box {
    let handle: StopHandle
    init(_ handle: StopHandle) { self.handle = handle }
}

_ = try run()
