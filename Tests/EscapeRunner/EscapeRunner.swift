// Has guest code try to leave checked memory, by every kind of access (arm64.S, x86_64.S) and to everywhere that could be worth it:
// `EscapeRunner GUEST IMAGE LOG2-OF-WINDOW [watched]`, where "watched" is with hooks of accesses. Addresses are those by which code without checks would reach the host's own memory: each
// mapping of this process, the CPU's state, translated code and the stack among them.
//
// Each instruction is first tried where it may access, which says that it does what it stands for. Anywhere else it has to end as a
// fault that names the address and leaves every register alone, and the host's memory has to stay as it was.

import Glibc
import Lyrebird

/// One instruction of an image: records of 128 bytes, the instruction and the end behind the first 64.
struct Attempt {
    struct Flags: OptionSet {
        let rawValue: UInt8
        static let reads = Flags(rawValue: 1)
        static let writes = Flags(rawValue: 2)
        static let fetches = Flags(rawValue: 4)
        /// It may lie across a border.
        static let straddles = Flags(rawValue: 8)
        /// It is a hint: nothing happens, wherever it is aimed at.
        static let hints = Flags(rawValue: 16)
        /// An area of state, which may be begun anywhere: a size of 255 stands for 512.
        static let area = Flags(rawValue: 32)
    }

    /// How the address is put together.
    enum Form: UInt8 {
        /// In a register, but for what is added to it.
        case plain
        /// A small base, and an index that is scaled by two to the power of what is "added".
        case indexed
        /// A negative index of 32 bits.
        case signed
        /// A valid base, and the number of a bit.
        case bit
        /// Indices in a vector.
        case gather, gather32
    }

    let flags: Flags
    let size: UInt64
    let form: Form
    let register: Int
    let added: Int64
    let name: String
    let pc: UInt64

    init(_ record: ArraySlice<UInt8>, pc: UInt64) {
        let bytes = Array(record)
        flags = Flags(rawValue: bytes[0])
        size = bytes[1] == 255 ? 512 : UInt64(bytes[1])
        form = Form(rawValue: bytes[2])!
        register = Int(bytes[3])
        added = Int64(bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4, as: Int32.self) })
        name = String(decoding: bytes[8..<64].prefix { $0 != 0 }, as: UTF8.self)
        self.pc = pc + 64
    }
}

/// Memory of the host that nobody but this program has any business with.
struct Canary {
    let bytes: UnsafeMutableRawBufferPointer
    private let reference: [UInt8]

    init(_ bytes: UnsafeMutableRawBufferPointer) {
        self.bytes = bytes
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* 31 &+ 7) }
        reference = Array(bytes)
    }

    var isIntact: Bool { memcmp(bytes.baseAddress!, reference, reference.count) == 0 }
}

struct Runner {
    static let landing: UInt64 = 0x8000
    static let codeBase: UInt64 = 0x1_0000
    static let dataBase: UInt64 = 0x4_0000
    static let dataSize: UInt64 = 0x4000
    /// Where the attempts may access; and what registers hold that are not aimed.
    static let allowed = dataBase + 0x1000
    static let elsewhere: UInt64 = 0x6_0000

    let guest: Guest
    let window: UInt64
    let machine: Machine
    let cpu: CPU
    let attempts: [Attempt]
    let registers: [Register]
    let vectors: [VectorRegister]
    var canaries: [Canary] = []
    var wrong = 0
    var count = 0

    init(_ guest: Guest, _ image: [UInt8], window: UInt64) throws {
        self.guest = guest
        self.window = window
        machine = try Machine(guest, addressSpace: .checked(window: window))
        attempts = stride(from: 0, to: image.count - 127, by: 128).map {
            Attempt(image[$0..<$0 + 128], pc: Self.codeBase + UInt64($0))
        }
        let memory = machine.memory
        try memory.map(Self.codeBase, size: 0x1_0000, access: .readWriteExecute)
        try memory.write(image, at: Self.codeBase)
        try memory.map(Self.dataBase, size: Self.dataSize, access: .readWriteExecute)
        try memory.map(Self.elsewhere, size: 0x2000, access: .readWrite)
        try memory.map(window - Memory.pageSize, size: Memory.pageSize, access: .readWriteExecute)
        try memory.map(Self.landing, size: Memory.pageSize, access: .readWriteExecute)
        try memory.write(guest == .arm64 ? [0x01, 0, 0, 0xD4] : [0x0F, 0x05], at: Self.landing)
        cpu = try machine.makeCPU()
        registers = guest.registers.map(\.register)
        vectors = guest.vectorRegisters.map(\.register)
    }

    /// Has hooks called for what may be accessed, so that generated code goes on behind accesses that are made for it.
    func watch() throws {
        try machine.addMemoryHook(.readAndWrite, in: Self.allowed...Self.allowed + 7) { _, _ in }
        try machine.addMemoryHook(.read, in: Self.elsewhere...Self.elsewhere + 0xFFF) { _, _ in }
    }

    /// Sets all registers for an attempt at an address.
    /// - Returns: false if it cannot be aimed there.
    func aim(_ attempt: Attempt, at target: UInt64) -> Bool {
        let isARM = guest == .arm64
        for number in 0...(isARM ? 30 : 15) {
            cpu[isARM ? .x(number) : .x86(number)] = Self.elsewhere + 512 + 64 * UInt64(number)
        }
        for number in 0...(isARM ? 31 : 15) { cpu[isARM ? .v(number) : .xmm(number)] = .max }
        if isARM {
            cpu[.sp] = Self.elsewhere + 2048
        } else {
            for number in 0...7 {
                cpu[.x87Significand(number)] = .max
                cpu[.x87Exponent(number)] = 0xFFFF
            }
            for number in 0...15 { cpu[.upper(number)] = .max }
            (cpu[.rax], cpu[.rcx], cpu[.rdx]) = (7, 4, Self.landing)
            (cpu[.rsp], cpu[.rflags], cpu[.mxcsr]) = (Self.elsewhere + 2048, 2, 0x1F80)
            (cpu[.x87Control], cpu[.x87Status], cpu[.x87Tags]) = (0x37F, 0, 0xFFFF)
        }
        let base: Register = isARM ? (attempt.register == 31 ? .sp : .x(attempt.register)) : .x86(attempt.register)
        let index: Register = isARM ? .x2 : .rcx
        let added = UInt64(bitPattern: attempt.added)
        switch attempt.form {
        case .plain:
            cpu[base] = target &+ added
        case .indexed:
            cpu[base] = 64 + target & (1 << added - 1)
            cpu[index] = (target &- cpu[base]) >> added
        case .signed:
            cpu[base] = target &+ 16 << added
            cpu[index] = 0xFFFF_FFF0
        case .bit:
            let distance = Int64(bitPattern: target &- Self.allowed)
            guard abs(distance >> 1) < 1 << 58, distance % 8 == 0 else { return false }
            cpu[base] = Self.allowed
            cpu[index] = UInt64(bitPattern: distance * 8)
        case .gather:
            cpu[base] = 64
            cpu[.xmm3] = UInt128(Self.elsewhere) << 64 | UInt128(target &- 64)
            cpu[.upper(3)] = UInt128(Self.elsewhere) << 64 | UInt128(Self.elsewhere)
        case .gather32:
            cpu[base] = target &+ 64
            cpu[.xmm3] = 0xFFFFFFCC_FFFFFFC8_FFFFFFC4_FFFFFFC0
            cpu[.upper(3)] = cpu[.xmm3]
        }
        cpu.pc = attempt.pc
        return true
    }

    mutating func complain(_ attempt: Attempt, _ target: UInt64, _ what: String) {
        wrong += 1
        if wrong <= 40 { print("\(attempt.name), 0x\(String(target, radix: 16)): \(what)") }
    }

    /// Where it may access, it does and goes on.
    mutating func tryAllowed(_ attempt: Attempt) throws {
        var data = [UInt8](repeating: 0, count: Int(Self.dataSize))
        data.replaceSubrange(0x1000..<0x1002, with: [UInt8(Self.landing & 0xFF), UInt8(Self.landing >> 8)])
        if attempt.flags.contains(.fetches) {
            data.replaceSubrange(0x1000..<0x1004, with: guest == .arm64 ? [1, 0, 0, 0xD4] : [0x0F, 0x05, 0, 0])
        }
        try machine.memory.write(data, at: Self.dataBase)
        guard aim(attempt, at: Self.allowed) else { return complain(attempt, Self.allowed, "cannot be aimed") }
        let exit = try cpu.run()
        if exit != .systemCall(immediate: 0) { complain(attempt, Self.allowed, "does not go on: \(exit)") }
    }

    /// Where it may not, it faults.
    /// - Parameter first: the first byte that it may not access.
    mutating func tryForbidden(_ attempt: Attempt, at target: UInt64, first: UInt64) throws {
        guard aim(attempt, at: target) else { return }
        count += 1
        let before = values()
        let exit = try cpu.run()
        if attempt.flags.contains(.hints) {
            if exit != .systemCall(immediate: 0) { complain(attempt, target, "\(exit)") }
            return
        }
        if guest == .x86_64, !isCanonical(target), !attempt.flags.contains(.fetches) {
            if exit != .generalProtection { complain(attempt, target, "\(exit)") }
            checkState(attempt, target, before)
            return
        }
        let places = attempt.flags.contains(.area) ? attempt.size - (first &- target) : 1
        guard case .fault(let fault) = exit, fault.cause == .unmapped, fault.address &- first < places else {
            return complain(attempt, target, "\(exit)")
        }
        if attempt.flags.contains(.fetches) {
            if fault != Fault(pc: first, address: first, access: .execute, cause: .unmapped) {
                complain(attempt, target, "\(fault)")
            }
            return
        }
        var allowed: Set<Fault.Access> = []
        if attempt.flags.contains(.reads) { allowed.insert(.read) }
        if attempt.flags.contains(.writes) { allowed.insert(.write) }
        if !allowed.contains(fault.access) || fault.pc != attempt.pc { complain(attempt, target, "\(fault)") }
        checkState(attempt, target, before)
    }

    mutating func checkState(_ attempt: Attempt, _ target: UInt64, _ before: [UInt128]) {
        if values() != before { complain(attempt, target, "registers have changed") }
    }

    /// The pc and all registers.
    func values() -> [UInt128] {
        [UInt128(cpu.pc)] + registers.map { UInt128(cpu[$0]) } + vectors.map { cpu[$0] }
    }

    /// An address that x86 has: bits 47 to 63 are the same.
    func isCanonical(_ address: UInt64) -> Bool { (-1...0).contains(Int64(bitPattern: address) >> 47) }

    mutating func run() throws {
        for attempt in attempts { try tryAllowed(attempt) }
        let bases = try findWindow()
        for base in bases {
            for address in [base - 0x1_0000, base + window] {
                if let canary = mapCanary(near: address) { canaries.append(canary) }
            }
        }
        if let canary = mapCanary(near: 0) { canaries.append(canary) }
        canaries.append(Canary(.allocate(byteCount: 4096, alignment: 64)))

        var targets: Set<UInt64> = [
            0, window, window &+ 4096, window &* 2, window - 0x2000, 0 &- window, 1 << 32, 1 << 47, 0 &- 1 << 47,
            1 << 63,
            1 << 63 - 64, 0 &- 64, 0 &- 4096, Self.allowed + 1 << 32, Self.allowed + 1 << 48, Self.allowed + 1 << 63,
            Self.dataBase - 64, Self.dataBase + Self.dataSize,
        ]
        for base in bases {
            for mapping in try mappings() where mapping.upperBound <= base || mapping.lowerBound >= base + window {
                let middle = mapping.lowerBound + (mapping.upperBound - mapping.lowerBound) / 2
                for address in [mapping.lowerBound, middle & ~63, mapping.upperBound - 64] {
                    targets.insert(address &- base)
                }
            }
        }
        for target in targets.sorted() {
            for attempt in attempts { try tryForbidden(attempt, at: target, first: target) }
            checkCanaries("0x\(String(target, radix: 16))")
        }
        for border in [window, Self.dataBase + Self.dataSize] {
            for attempt in attempts where attempt.flags.contains(.straddles) {
                for inside in Set([1, attempt.size / 2, attempt.size - 1]) {
                    try tryForbidden(attempt, at: border - inside, first: border)
                }
            }
            checkCanaries("the border 0x\(String(border, radix: 16))")
        }
        for attempt in attempts where attempt.flags.contains(.straddles) {
            for target in [0 &- attempt.size / 2, 0 &- 1] { try tryForbidden(attempt, at: target, first: target) }
        }
        checkCanaries("the end of all addresses")
        print(
            "\(attempts.count) instructions, \(targets.count) targets, \(canaries.count) canaries, \(count) attempts, \(wrong) wrong"
        )
    }

    mutating func checkCanaries(_ place: String) {
        for canary in canaries where !canary.isIntact {
            wrong += 1
            print("memory of the host's has changed: \(place)")
        }
    }

    func mapCanary(near address: UInt64) -> Canary? {
        let fixedNoReplace: Int32 = address == 0 ? 0 : 0x10_0000
        let hint = UnsafeMutableRawPointer(bitPattern: UInt(address))
        let at = mmap(hint, 0x1_0000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | fixedNoReplace, -1, 0)
        return at == MAP_FAILED ? nil : Canary(UnsafeMutableRawBufferPointer(start: at, count: 0x1_0000))
    }

    /// Where the guest's memory is on the host: at the pages that have what has just been written to it.
    func findWindow() throws -> Set<UInt64> {
        let pattern = (0..<64).map { _ in UInt8.random(in: 0...255) }
        try machine.memory.write(pattern, at: Self.dataBase)
        var found: Set<UInt64> = []
        for mapping in try mappings(readable: true) {
            for page in stride(from: mapping.lowerBound, to: mapping.upperBound, by: 4096) {
                guard memcmp(UnsafeRawPointer(bitPattern: UInt(page))!, pattern, pattern.count) == 0 else { continue }
                found.insert(page &- Self.dataBase)
            }
        }
        guard !found.isEmpty else { throw NotFound() }
        return found
    }

    struct NotFound: Error {}

    /// The mappings of this process.
    func mappings(readable: Bool = false) throws -> [Range<UInt64>] {
        guard let file = fopen("/proc/self/maps", "r") else { throw NotFound() }
        defer { fclose(file) }
        var result: [Range<UInt64>] = []
        var line = [CChar](repeating: 0, count: 4096)
        while fgets(&line, Int32(line.count), file) != nil {
            let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
                separator: " ")
            let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard ends.count == 2, ends[1] < 1 << 47 else { continue }
            // Of the kernel's own pages not all can be read.
            if readable, !words[1].hasPrefix("rw") || words.last?.hasPrefix("[v") == true { continue }
            result.append(ends[0]..<ends[1])
        }
        return result
    }
}

@main struct EscapeRunner {
    static func main() throws {
        let words = CommandLine.arguments
        guard (4...5).contains(words.count), let guest = Guest(rawValue: words[1]), let file = fopen(words[2], "rb"),
            let bits = UInt64(words[3])
        else {
            print("usage: EscapeRunner arm64|x86_64 IMAGE LOG2-OF-WINDOW [watched]")
            exit(2)
        }
        var image = [UInt8](repeating: 0, count: 1 << 16)
        image.removeLast(image.count - fread(&image, 1, image.count, file))
        var runner = try Runner(guest, image, window: 1 << bits)
        if words.count == 5 { try runner.watch() }
        try runner.run()
        exit(runner.wrong == 0 ? 0 : 1)
    }
}
