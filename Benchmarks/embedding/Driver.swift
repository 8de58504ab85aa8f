// What the embedding API costs: kernels in checked memory, and single operations. The same as unicorn.c does by Unicorn, and called alike:
// `EmbeddingBenchmark GUEST kernel FILE N ROUNDS` and `EmbeddingBenchmark GUEST operations`.

import Glibc
import Lyrebird

let code: UInt64 = 0x1_0000
let imageSize: UInt64 = 0x40_0000
let data: UInt64 = 0x80_0000
let device: UInt64 = 0x90_0000
let stack: UInt64 = 0xA0_0000

/// A machine with code, data and a stack.
struct Bench {
    let machine: Machine
    let cpu: CPU
    let counter: Register, address: Register

    init(_ guest: Guest, _ bytes: [UInt8]) throws {
        machine = try Machine(guest)
        let memory = machine.memory
        try memory.map(code, size: imageSize, access: .readWriteExecute)
        try memory.map(data, size: 64 * Memory.pageSize, access: .readWrite)
        try memory.map(stack, size: 16 * Memory.pageSize, access: .readWrite)
        try memory.write(bytes, at: code)
        cpu = try machine.makeCPU()
        counter = guest == .arm64 ? .x0 : .rax
        address = guest == .arm64 ? .x2 : .rdx
        cpu[guest == .arm64 ? .sp : .rsp] = stack + 16 * Memory.pageSize - 64
    }

    /// Runs to the system call at the end.
    func run() throws {
        let exit = try cpu.run()
        guard exit == .systemCall(immediate: 0) else { throw Unexpected(exit: exit) }
    }

    /// The nanoseconds of one time round the loop.
    func loop(times: UInt64, at place: UInt64) throws -> Double {
        var time = 0.0
        for _ in 0..<2 {
            cpu.pc = code
            cpu[counter] = times
            cpu[address] = place
            let from = now()
            try run()
            time = (now() - from) / Double(times)
        }
        return time
    }
}

struct Unexpected: Error { var exit: Exit }

func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

func kernel(_ guest: Guest, _ path: String, _ n: UInt64, rounds: Int) throws {
    let bench = try Bench(guest, readFile(path))
    for _ in 0..<rounds {
        bench.cpu.pc = code
        bench.cpu[guest == .arm64 ? .x0 : .rdi] = n
        let from = now()
        try bench.run()
        print(Int(now() - from), terminator: " ")
    }
    print(bench.cpu[guest == .arm64 ? .x0 : .rax])
}

func readFile(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw MachineError.host(call: "fopen", errno: errno) }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: Int(imageSize))
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    return bytes
}

/// The loops: a store, a load or neither; decrement, branch back, system call.
func loop(_ guest: Guest, _ kind: Kind) -> [UInt8] {
    switch guest {
    case .arm64:
        let first: UInt32 =
            switch kind {
            case .none: 0xD503_201F
            case .store: 0xF900_0041
            case .load: 0xF940_0041
            }
        return [first, 0xF100_0400, 0x54FF_FFC1, 0xD400_0001].flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
        }
    case .x86_64:
        let first: [UInt8] =
            switch kind {
            case .none: [0x0F, 0x1F, 0]
            case .store: [0x48, 0x89, 0x0A]
            case .load: [0x48, 0x8B, 0x0A]
            }
        return first + [0x48, 0xFF, 0xC8, 0x75, 0xF8, 0x0F, 0x05]
    }
}

enum Kind { case none, store, load }

final class Sink: @unchecked Sendable { var value: UInt64 = 0 }

func report(_ name: String, _ nanoseconds: Double) {
    let hundredths = Int((nanoseconds * 100).rounded())
    print("\(name) \(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10)")
}

func operations(_ guest: Guest) throws {
    do {
        // The last instruction: the system call.
        let all = loop(guest, .none)
        let bench = try Bench(guest, all)
        let start = code + UInt64(all.count) - (guest == .arm64 ? 4 : 2)
        let times = 1_000_000
        var time = 0.0
        for _ in 0..<2 {
            let from = now()
            for _ in 0..<times {
                bench.cpu.pc = start
                try bench.run()
            }
            time = (now() - from) / Double(times)
        }
        report("run", time)

        let register: Register = guest == .arm64 ? .x3 : .rbx
        var sum: UInt64 = 0
        var from = now()
        for i in 0..<times {
            bench.cpu[register] = UInt64(i)
            sum &+= bench.cpu[register]
        }
        report("register", (now() - from) / Double(times))
        from = now()
        for i in 0..<UInt64(times) {
            try bench.machine.memory.store(sum, at: data + 8 * (i & 255))
            sum = try bench.machine.memory.load(UInt64.self, at: data + 8 * (i & 255))
        }
        report("memory", (now() - from) / Double(times))
    }

    var bench = try Bench(guest, loop(guest, .none))
    report("plain", try bench.loop(times: 1_000_000, at: data))
    bench.machine.addHook(.block) { _, _ in }
    report("block-hook", try bench.loop(times: 1_000_000, at: data))
    bench = try Bench(guest, loop(guest, .none))
    bench.machine.addHook(.instruction) { _, _ in }
    report("instruction-hook", try bench.loop(times: 1_000_000, at: data))
    bench = try Bench(guest, loop(guest, .none))
    bench.cpu.countsInstructions = true
    report("counted", try bench.loop(times: 1_000_000, at: data))
    bench = try Bench(guest, loop(guest, .store))
    try bench.machine.addMemoryHook(.write, in: data...data + 7) { _, _ in }
    report("memory-hook", try bench.loop(times: 1_000_000, at: data))

    let sink = Sink()
    for (name, kind) in [("device-write", Kind.store), ("device-read", .load)] {
        bench = try Bench(guest, loop(guest, kind))
        try bench.machine.memory.mapDevice(device, size: Memory.pageSize) { _ in
            sink.value
        } write: { access in
            sink.value = access.value
        }
        report(name, try bench.loop(times: 1_000_000, at: device))
    }

    // An access to a device that ends the run, and the run after it.
    bench = try Bench(guest, loop(guest, .store))
    try bench.machine.memory.mapDevice(device, size: Memory.pageSize)
    bench.cpu[bench.address] = device
    var time = 0.0
    let times = 200_000
    for _ in 0..<2 {
        bench.cpu.pc = code
        bench.cpu[bench.counter] = UInt64(times)
        let from = now()
        for _ in 0..<times {
            guard case .deviceWrite(let access) = try bench.cpu.run() else { throw Unexpected(exit: .halted) }
            sink.value = access.value
        }
        time = (now() - from) / Double(times)
        try bench.run()
    }
    report("device-exit", time)

    for count in [UInt64(1), 16] {
        bench = try Bench(guest, loop(guest, .none))
        let (snapshot, state) = (try bench.machine.snapshot(), bench.cpu.state)
        let times = 20_000
        let from = now()
        for i in 0..<times {
            for page in 0..<count { try bench.machine.memory.store(UInt32(i), at: data + page * Memory.pageSize) }
            try bench.machine.restore(snapshot)
            bench.cpu.state = state
        }
        report("restore-\(count)", (now() - from) / Double(times))
    }
}

@main struct EmbeddingBenchmark {
    static func main() throws {
        let words = CommandLine.arguments
        guard words.count >= 3, let guest = Guest(rawValue: words[1]) else {
            print("EmbeddingBenchmark arm64|x86_64 kernel FILE N ROUNDS | operations")
            exit(2)
        }
        if words[2] == "kernel", words.count == 6, let n = UInt64(words[4]), let rounds = Int(words[5]) {
            try kernel(guest, words[3], n, rounds: rounds)
        } else {
            try operations(guest)
        }
    }
}
