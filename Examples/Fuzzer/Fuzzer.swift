// Looks for inputs that crash a parser, by changing inputs at random and keeping those that make it do something new: coverage says which,
// and a snapshot takes the machine back to the start for each.
//
//     Fuzzer IMAGE [EXECUTIONS]           (Examples/guests/parser.c, linked by Examples/guests/image.ld)

import Glibc
import Lyrebird

@main struct Fuzzer {
    static let code: UInt64 = 0x1_0000
    static let input: UInt64 = 0x10_0000
    static let stackTop: UInt64 = 0x20_0000
    /// Where the parser returns to: a system call.
    static let end: UInt64 = 0x30_0000
    static let maximumSize = 64

    let machine: Machine
    let cpu: CPU
    let coverage: Coverage
    let memory: Snapshot
    let registers: CPUState
    var random = Random(state: 1)
    var corpus: [[UInt8]] = [[UInt8](repeating: 0, count: 8)]
    /// What each edge has been taken: a bit for once, twice, three or four times, and so on.
    var seen: [UInt8]

    init(image: [UInt8]) throws {
        machine = try Machine(.arm64)
        try machine.memory.map(Self.code, size: 1 << 16, access: .readWriteExecute)
        try machine.memory.write(image, at: Self.code)
        try machine.memory.map(Self.input, size: Memory.pageSize, access: .readWrite)
        try machine.memory.map(Self.stackTop - 1 << 16, size: 1 << 16, access: .readWrite)
        try machine.memory.map(Self.end, size: Memory.pageSize, access: .readWriteExecute)
        try machine.memory.store(UInt32(0xD400_0001), at: Self.end)
        cpu = try machine.makeCPU()
        cpu.pc = Self.code
        (cpu[.sp], cpu[.x30]) = (Self.stackTop, Self.end)
        coverage = machine.enableCoverage(mapSize: 4096)
        seen = [UInt8](repeating: 0, count: 4096)
        (memory, registers) = (try machine.snapshot(), cpu.state)
    }

    /// Runs the parser once, from the start.
    func execute(_ bytes: [UInt8]) throws -> Exit {
        try machine.restore(memory)
        cpu.state = registers
        try machine.memory.write(bytes, at: Self.input)
        (cpu[.x0], cpu[.x1]) = (Self.input, UInt64(bytes.count))
        coverage.reset()
        return try cpu.run(budget: .instructions(100_000))
    }

    /// Whether the last execution took an edge that none took before, or took one more often.
    mutating func hasNews() -> Bool {
        var found = false
        coverage.edges.withMemoryRebound(to: UInt64.self) { words in
            for (index, word) in words.enumerated() where word != 0 {
                for place in 8 * index..<8 * index + 8 {
                    let count = coverage.edges[place]
                    guard count != 0 else { continue }
                    let bit: UInt8 = 1 << UInt8(7 - count.leadingZeroBitCount)
                    if seen[place] & bit == 0 { found = true }
                    seen[place] |= bit
                }
            }
        }
        return found
    }

    /// An input that is much like one that is known; half of the time, like the one that was found last.
    mutating func mutate() -> [UInt8] {
        var bytes = corpus[random.below(2) == 0 ? corpus.count - 1 : random.below(corpus.count)]
        for _ in 0...random.below(3) {
            let place = random.below(bytes.count)
            switch random.below(5) {
            case 0: bytes[place] = UInt8(random.below(256))
            case 1: bytes[place] ^= 1 << UInt8(random.below(8))
            case 2: bytes[place] = UInt8(random.below(4))
            case 3 where bytes.count < Self.maximumSize: bytes.insert(UInt8(random.below(256)), at: place)
            default: if bytes.count > 1 { bytes.remove(at: place) }
            }
        }
        return bytes
    }

    /// Looks until there is a crash, or for so many executions.
    mutating func run(executions: Int) throws -> Bool {
        let start = ContinuousClock.now
        defer { print("blocks: \(coverage.blocks.count) in the last execution; inputs kept: \(corpus.count)") }
        for execution in 1...executions {
            let bytes = mutate()
            let exit = try execute(bytes)
            if exit != .systemCall(immediate: 0) {
                let seconds = (ContinuousClock.now - start) / .seconds(1)
                print("executions: \(execution), a second: \(Int(Double(execution) / seconds))")
                print("input: \(bytes.map { $0 < 33 || $0 > 126 ? "\\\($0)" : String(UnicodeScalar($0)) }.joined())")
                guard case .fault(let fault) = exit else {
                    print("crash: \(exit) at 0x\(String(cpu.pc, radix: 16))")
                    return true
                }
                let (address, pc) = (String(fault.address, radix: 16), String(fault.pc, radix: 16))
                print("crash: \(fault.access) of 0x\(address) at 0x\(pc), \(fault.cause)")
                return true
            }
            if hasNews() { corpus.append(bytes) }
        }
        return false
    }

    static func main() throws {
        let words = CommandLine.arguments
        guard words.count >= 2, let image = readFile(words[1]), let limit = Int(words.count > 2 ? words[2] : "5000000"),
            limit > 0
        else {
            print("usage: Fuzzer IMAGE [EXECUTIONS]")
            exit(2)
        }
        var fuzzer = try Fuzzer(image: image)
        if try !fuzzer.run(executions: limit) { print("no crash in \(limit) executions") }
    }
}

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

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}

func readFile(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "rb") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    return Array(bytes[..<fread(&bytes, 1, bytes.count, file)])
}
