// One instruction with registers, for the comparison of lifters with the host CPU. Code comes from the spec's rows; registers are
// chosen so that memory operands lie in the cases' memory, at its edges often enough, and hold the numbers where arithmetic goes
// wrong.

import LyrebirdX86

/// Where things are, as Tests/HostExecutor has them.
enum Arena {
    static let data: UInt64 = 0x1000_0000
    static let code: UInt64 = 0x2000_0000
    static let page: UInt64 = 4096
    /// Code begins in the middle of its page.
    static let start: UInt64 = 2048
    static let fsBase: UInt64 = 0x3000
    static let gsBase: UInt64 = 0x7008

    static func pc(_ slot: Int) -> UInt64 { code + page * UInt64(slot) + start }
    static func isCanonical(_ address: UInt64) -> Bool {
        (Int64(bitPattern: address) << 16) >> 16 == Int64(bitPattern: address)
    }
}

struct ExecutionCase {
    var instruction: DecodedInstruction
    /// The instruction, and breakpoints.
    var code: [UInt8]
    var registers: [UInt64]
    /// EFLAGS: the status flags and DF.
    var flags: UInt64
    var vectors: VectorState
    var x87 = X87State()
    /// How many instructions: the first one, and others behind it that name no memory.
    var length = 1
    /// Where the memory operand is, if it is where there is memory, or at its edge.
    var target: UInt64?
    /// Of a loop: what it has, and the flags that are undefined somewhere in it.
    var others: [DecodedInstruction] = []
    var undefined: UInt64 = 0

    /// Bytes of code that a case may have.
    static let room = 160

    /// The case is a breakpoint.
    private(set) var isNothing = false

    mutating func replaceByNothing() {
        isNothing = true
        code = [UInt8](repeating: 0xCC, count: 16)
    }

    /// It goes on for several rounds. A gather does where it is traced: a trap comes before a fault (SDM volume 2, VGATHERDPS).
    var isRepeated: Bool {
        if Self.gathers.contains(instruction.mnemonic) { return true }
        let strings: Set<Mnemonic> = [.movs, .stos, .lods, .cmps, .scas]
        return strings.contains(instruction.mnemonic) && !instruction.prefixes.isDisjoint(with: [.rep, .repne])
    }

    static let gathers: Set<Mnemonic> = [
        .vpgatherdd, .vpgatherdq, .vpgatherqd, .vpgatherqq, .vgatherdps, .vgatherdpd, .vgatherqps, .vgatherqpd,
    ]

    /// The addresses of the last x87 instruction and its operand go to memory.
    var storesPointers: Bool { !unknownBytes.isEmpty }

    /// Memory is read in many steps.
    var loadsAreas: Bool { [.fldenv, .frstor, .fxrstor, .xrstor].contains(instruction.mnemonic) }

    /// Where they are, and MXCSR_MASK, what of it CPUs ignore, and which components are in their initial state.
    var unknownBytes: [Int] {
        switch instruction.mnemonic {
        case .fnstenv, .fnsave: instruction.operandSize == 2 ? Array(6..<14) : Array(12..<28)
        case .fxsave: Array(6..<24) + Array(28..<32) + Array(416..<512)
        case .xsave, .xsaveopt, .xsavec: Array(6..<24) + Array(28..<32) + Array(416..<520)
        default: []
        }
    }

    var usesX87: Bool {
        let features: Set<Feature> = [.fpu, .mmx, .fxsr, .xsave, .xsaveopt, .xsavec]
        let operands = (0..<instruction.operandCount).map { instruction.operand($0).kind }
        return features.contains(instruction.row.feature) || operands.contains(.mmx)
    }

    /// 32 bytes are in memory, which may be touched 16 by 16.
    var hasWideMemory: Bool {
        ([instruction] + others).contains { i in
            (0..<i.operandCount).contains { i.operand($0) == Operand(.memory, size: 32) }
        }
    }

    /// Memory is touched by lanes, and CPUs say the address of one of them or of the first.
    var isMasked: Bool {
        let moves: Set<Mnemonic> = [
            .maskmovq, .maskmovdqu, .vmaskmovdqu, .vmaskmovps, .vmaskmovpd, .vpmaskmovd, .vpmaskmovq,
        ]
        return moves.contains(instruction.mnemonic)
    }

    var description: String {
        let length = others.isEmpty ? Int(instruction.length) : (code.lastIndex { $0 != 0xCC } ?? 0) + 1
        let bytes = code.prefix(length).map { hex(UInt64($0), 2) }.joined(separator: " ")
        let state = registers.enumerated().map { "\($0.offset):\(hex($0.element))" }.joined(separator: " ")
        var read: [String] = []
        for operand in (0..<instruction.operandCount).map({ instruction.operand($0) }) where operand.kind == .vector {
            let number = Int(operand.number)
            read.append("vector \(number):\(hex(vectors.upper[number]))'\(hex(vectors.xmm[number]))")
        }
        if !read.isEmpty { read.append("mxcsr \(hex(UInt64(vectors.mxcsr)))") }
        if usesX87 { read.append(x87.description) }
        let place = target.map { " at \(hex($0))" } ?? ""
        let text = others.isEmpty ? instruction.text(at: 0) : listing(length)
        return
            "\(bytes)  \(text)\n  \(state) flags \(hex(flags))\(place)\n  \(read.joined(separator: " "))"
    }
}

extension ExecutionCase {
    /// A line for each instruction of a loop.
    private func listing(_ length: Int) -> String {
        var result = ""
        var at = 0
        while at < length,
            case .instruction(let i) = code[at...].withUnsafeBytes({ decode($0, Mode(.bits64)) })
        {
            result += "\n    \(hex(UInt64(at)))  \(i.text(at: UInt64(at)))"
            at += Int(i.length)
        }
        return result
    }
}

/// The vector registers, and what SSE and AVX are controlled by.
struct VectorState: Equatable {
    var mxcsr: UInt32
    var xmm: [UInt128]
    /// Bits 128 to 255.
    var upper: [UInt128]

    static let size = 2 * 16 * 16

    init(mxcsr: UInt32, xmm: [UInt128], upper: [UInt128]) {
        self.mxcsr = mxcsr
        self.xmm = xmm
        self.upper = upper
    }

    /// As they are in memory, one set behind the other.
    init(mxcsr: UInt32, _ at: UnsafeMutableRawPointer) {
        let all = (0..<32).map { at.loadUnaligned(fromByteOffset: 16 * $0, as: UInt128.self) }
        self.init(mxcsr: mxcsr, xmm: Array(all[..<16]), upper: Array(all[16...]))
    }

    func store(_ at: UnsafeMutableRawPointer) {
        for (index, value) in (xmm + upper).enumerated() {
            withUnsafeBytes(of: value) { (at + 16 * index).copyMemory(from: $0.baseAddress!, byteCount: 16) }
        }
    }
}

func hex<Number: BinaryInteger>(_ value: Number, _ width: Int = 0) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// Makes cases of the rows that have a lifter.
struct ExecutionGenerator {
    private var codes: CodeGenerator
    private var random: SplitMix
    private let rows: [SpecRow]
    /// Places in `rows`.
    private let x87Rows: [Int]
    private var count = 0
    private let image: [UInt8]

    init(seed: UInt64, rows: [SpecRow], image: [UInt8]) {
        codes = CodeGenerator(seed: seed, mode: Mode(.bits64), rows: rows)
        random = SplitMix(state: ~seed)
        let built = zip(rows, Row.all).filter { $1.isBuilt }.map(\.0)
        self.rows = built
        x87Rows = built.indices.filter { ["FPU", "MMX"].contains(built[$0].tags.first) }
        self.image = image
    }

    /// Lines of memory that have what is in an XSAVE area's header, of the standard and of the compacted form.
    private static let headers: [UInt64] = [20, 40]

    /// Memory: random words and, where alignment would have them, small numbers and addresses of code.
    static func image(seed: UInt64) -> [UInt8] {
        var random = SplitMix(state: seed)
        var words: [UInt64] = []
        for index in 0..<1024 {
            if let form = headers.firstIndex(of: UInt64(index / 8)) {
                let header: [UInt64] = [random.next() & 7, form == 0 ? 0 : 1 << 63 | 7]
                words.append(index % 8 < 2 ? header[index % 8] : 0)
                continue
            }
            switch index % 8 {
            // Where MXCSR is in areas of FXSAVE.
            case 3: words.append(random.next() & 0xFFFF_0000_FFFF)
            // EFLAGS without AC, NT and TF, for POPF.
            case 0: words.append(random.next() & ~0x4_4100)
            case 1, 5: words.append(Arena.code + random.next() % (16 * Arena.page) & ~Arena.start)
            case 2: words.append(UInt64(bitPattern: Int64(truncatingIfNeeded: random.next() % 9) - 4))
            default: words.append(random.next())
            }
        }
        return words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
    }

    mutating func next(slot: Int) -> ExecutionCase {
        while true {
            count += 1
            let string = codes.string(of: rows[count % rows.count])
            guard case .instruction(let instruction) = string.decoded(), instruction.row.isBuilt,
                Self.canBeExecuted(instruction)
            else { continue }
            guard var made = make(string.bytes, instruction, slot) else { continue }
            if made.usesX87, chance(1, of: 3) { extend(&made) }
            return made
        }
    }

    /// More instructions of x87 and MMX behind one of them, as many as there is room for.
    private mutating func extend(_ made: inout ExecutionCase) {
        guard Self.canBeFollowed(made.instruction) else { return }
        var bytes = Array(made.code.prefix(Int(made.instruction.length)))
        for _ in 0..<12 {
            let row = x87Rows[Int(random.next() % UInt64(x87Rows.count))]
            let string = codes.string(of: rows[row])
            guard case .instruction(let next) = string.decoded(), next.row.isBuilt, Self.canBeFollowed(next),
                bytes.count + Int(next.length) < 16
            else { continue }
            bytes += string.bytes.prefix(Int(next.length))
            made.length += 1
        }
        made.code = bytes + [UInt8](repeating: 0xCC, count: 16 - bytes.count)
    }

    /// Touches registers only, and does not change what is masked.
    private static func canBeFollowed(_ i: DecodedInstruction) -> Bool {
        let memory: Set<Operand.Kind> = [.memory, .source, .destination]
        let operands = Set((0..<i.operandCount).map { i.operand($0).kind })
        return operands.isDisjoint(with: memory) && i.mnemonic != .fninit && i.mnemonic != .maskmovq
            && (i.row.feature == .fpu || i.row.feature == .mmx)
    }

    /// What a user's program can do, in one step, with what is compared.
    private static func canBeExecuted(_ i: DecodedInstruction) -> Bool {
        switch i.mnemonic {
        // They reach the kernel, or the trap flag has its own opinion of them.
        case .syscall, .int, .int1, .int3: false
        // Linux has its own opinion of these, where UMIP forbids them.
        case .sgdt, .sidt, .sldt, .smsw, .str: false
        // AMD's CPUs know no far pointer with an offset of 64 bits.
        case .callFar, .jmpFar, .lss, .lfs, .lgs: !HostOracle.isAMD || i.operandSize != 8
        // These are what they are.
        case .cpuid, .rdtsc, .rdtscp, .rdpid, .xgetbv: false
        // A count beyond the operand's size leaves all of the result undefined.
        case .shld, .shrd: i.operandSize != 2
        // AMD's CPUs shorten them, which this mode does not.
        case .jcc, .jmp, .call, .ret, .loop, .jcxz: !i.prefixes.contains(.operandSize)
        // And they take the condition from F2 and F3, of which the manuals say nothing.
        case .loope, .loopne: i.prefixes.isDisjoint(with: [.operandSize, .rep, .repne])
        default: true
        }
    }

    private mutating func make(_ bytes: [UInt8], _ decoded: DecodedInstruction, _ slot: Int) -> ExecutionCase? {
        var instruction = decoded
        var code = Array(bytes.prefix(Int(instruction.length)))
        var registers = (0..<16).map { _ in value() }
        for number in [4, 5, 6, 7] where chance(4, of: 5) { registers[number] = place(instruction) }
        prepare(instruction, &registers)
        var target: UInt64?
        if !aim(&instruction, &code, &registers, slot, &target) { return nil }
        // The host may have more components than the guest.
        let components: Set<Mnemonic> = [.xsave, .xsaveopt, .xsavec, .xrstor]
        if components.contains(instruction.mnemonic), registers[0] > 7 { return nil }
        code += [UInt8](repeating: 0xCC, count: 16 - code.count)
        var vectors = vectors(instruction)
        prepare(instruction, &vectors, target)
        return ExecutionCase(
            instruction: instruction, code: code, registers: registers,
            flags: random.next() & 0x8D5 | (chance(1, of: 3) ? 0x400 : 0), vectors: vectors,
            x87: X87State(random: &random), target: target)
    }

    /// What single instructions want of registers to be more than an exception.
    private mutating func prepare(_ i: DecodedInstruction, _ registers: inout [UInt64]) {
        switch i.mnemonic {
        case .movs, .stos, .lods, .cmps, .scas:
            registers[1] = random.next() % 12
            if chance(1, of: 2) { registers[0] = UInt64(bitPattern: Int64(chance(1, of: 2) ? -1 : 0)) }
            if i.addressSize == 4 {
                for number in [1, 6, 7] where chance(1, of: 2) { registers[number] |= random.next() << 32 }
            }
        case .loop, .loope, .loopne, .jcxz:
            if chance(1, of: 2) { registers[1] = random.next() % 3 | (chance(1, of: 2) ? 0 : 1 << 32) }
        case .div, .idiv:
            switch random.next() % 4 {
            case 0: registers[2] = 0
            case 1: registers[2] = UInt64(bitPattern: Int64(bitPattern: registers[0]) >> 63)
            case 2: registers[2] = random.next() >> (random.next() % 64)
            default: break
            }
        case .xsave, .xsaveopt, .xsavec, .xrstor: registers[0] &= 7
        case .pcmpestri, .pcmpestrm, .vpcmpestri, .vpcmpestrm:
            // Lengths.
            for number in [0, 2] where chance(3, of: 4) {
                registers[number] = UInt64(bitPattern: Int64(random.next() % 37) - 18)
                if chance(1, of: 3) { registers[number] ^= random.next() << 32 }
            }
        case .lar, .lsl, .verr, .verw:
            // Of segments that are there, but for the one whose limit is the processor's number, and of some that are not.
            let selectors: [UInt64] = [
                0, 3, 0x10, 0x18, 0x20, 0x23, 0x28, 0x2B, 0x30, 0x33, 0x40, 0x53, 0x63, 0x27, 0xFFFF,
            ]
            if chance(7, of: 8) {
                registers[Int(i.rm)] = registers[Int(i.rm)] & ~0xFFFF | selectors[Int(random.next() % 15)]
            }
        case .popf: registers[4] = Arena.data + 64 * (random.next() % 63)
        case .bt, .bts, .btr, .btc:
            if chance(3, of: 4) { registers[Int(i.reg)] = UInt64(bitPattern: Int64(random.next() % 4096) - 2048) }
        default: break
        }
    }

    /// Makes a memory operand lie somewhere. An address that is in the code is changed there.
    private mutating func aim(
        _ i: inout DecodedInstruction, _ code: inout [UInt8], _ registers: inout [UInt64], _ slot: Int,
        _ aimedAt: inout UInt64?
    ) -> Bool {
        let operands = (0..<i.operandCount).map { i.operand($0) }
        let segment: UInt64 = i.segmentOverride == .fs ? Arena.fsBase : i.segmentOverride == .gs ? Arena.gsBase : 0
        var target = place(i) &- segment
        if operands.contains(where: { $0.kind == .offset }) {
            let size = Int(i.addressSize)
            replace(&code, at: code.count - size, target, size)
            return redecode(&i, code)
        }
        if operands.contains(where: { $0.kind == .relative }) {
            // Within the page, so that there is code.
            let size = operands[0].kind == .relative ? Int(i.row.mnemonic == .jcc && code.count > 4 ? 4 : 1) : 1
            if i.immediate != Int64(Int8(truncatingIfNeeded: i.immediate)) {
                let bytes = max(size, 4)
                replace(&code, at: code.count - bytes, UInt64(bitPattern: Int64(random.next() % 2000) - 1000), bytes)
                guard redecode(&i, code) else { return false }
            }
            // What is executed next is a breakpoint, and not the rest of this.
            return i.immediate < -Int64(i.length) || i.immediate >= 0
        }
        guard operands.contains(where: { $0.kind == .memory }) else { return true }
        if chance(1, of: 40) { return true }
        if i.base == DecodedInstruction.noRegister || i.index != i.base { aimedAt = target &+ segment }
        let wide = i.addressSize == 8
        let displacement = UInt64(bitPattern: Int64(i.displacement))
        if ExecutionCase.gathers.contains(i.mnemonic) {
            if i.base == DecodedInstruction.noRegister { return replaceDisplacement(&i, &code, target) }
            registers[Int(i.base)] = target &- displacement
            return true
        }
        if i.base == DecodedInstruction.instructionPointer {
            target = target &- (Arena.pc(slot) &+ UInt64(i.length))
            return replaceDisplacement(&i, &code, target)
        }
        if i.index != DecodedInstruction.noRegister && i.index != i.base {
            registers[Int(i.index)] = wide ? value() : value() & 0xFFFF
            if i.base == DecodedInstruction.noRegister { registers[Int(i.index)] = random.next() % 100 }
        }
        let scaled = i.index == DecodedInstruction.noRegister ? 0 : registers[Int(i.index)] << UInt64(i.scale)
        if i.base == DecodedInstruction.noRegister { return replaceDisplacement(&i, &code, target &- scaled) }
        var base = target &- displacement &- scaled
        if i.index == i.base { base = (target &- displacement) / (1 + (1 << UInt64(i.scale))) }
        if !wide { base = base & 0xFFFF_FFFF | (chance(1, of: 2) ? random.next() << 32 : 0) }
        registers[Int(i.base)] = base
        return true
    }

    /// Puts a number in the place of the displacement, which is found by what it was.
    private func replaceDisplacement(_ i: inout DecodedInstruction, _ code: inout [UInt8], _ value: UInt64) -> Bool {
        let old = (0..<4).map { UInt8(truncatingIfNeeded: i.displacement >> Int32(8 * $0)) }
        guard let at = (1...max(1, code.count - 4)).first(where: { Array(code[$0...].prefix(4)) == old }) else {
            return false
        }
        replace(&code, at: at, value, 4)
        return redecode(&i, code)
    }

    private func replace(_ code: inout [UInt8], at place: Int, _ value: UInt64, _ size: Int) {
        for n in 0..<size { code[place + n] = UInt8(truncatingIfNeeded: value >> UInt64(8 * n)) }
    }

    private func redecode(_ i: inout DecodedInstruction, _ code: [UInt8]) -> Bool {
        guard case .instruction(let again) = code.withUnsafeBytes({ decode($0, Mode(.bits64)) }),
            again.row == i.row, again.length == i.length
        else { return false }
        i = again
        return true
    }

    // MARK: Numbers

    /// An address in memory, its edges included. What is atomic stays within a line, for which hosts have traps.
    private mutating func place(_ i: DecodedInstruction) -> UInt64 {
        let isAtomic = i.prefixes.contains(.lock) || i.mnemonic == .xchg || i.mnemonic == .cmpxchg8b
        var address: UInt64
        switch random.next() % 8 {
        case 0: address = Arena.data &- 20 &+ random.next() % 24
        case 1: address = Arena.data + Arena.page &- 20 &+ random.next() % 24
        case 2: address = Arena.data + 2 * Arena.page &- 20 &+ random.next() % 24
        case 3: address = Arena.data + 64 + random.next() % 3900
        default: address = Arena.data + 64 + random.next() % 3900 & ~7
        }
        let size = (0..<i.operandCount).map { i.operand($0) }.first { $0.kind == .memory }?.size ?? 0
        if size >= 16, chance(3, of: 4) { address &= ~UInt64(chance(1, of: 2) ? 15 : 31) }
        switch i.mnemonic {
        case .fxsave, .fxrstor: if chance(7, of: 8) { address &= ~15 }
        case .xsave, .xsaveopt, .xsavec: if chance(7, of: 8) { address &= ~63 }
        // Where there is something like a header.
        case .xrstor: if chance(7, of: 8) { address = Arena.data + 64 * Self.headers[Int(random.next() & 1)] - 512 }
        default: break
        }
        if isAtomic, !(i.mnemonic == .cmpxchg8b && chance(1, of: 8)) { address &= ~15 }
        return address
    }

    mutating func value() -> UInt64 {
        switch random.next() % 8 {
        case 0: random.next() % 70
        case 1: UInt64(bitPattern: -Int64(random.next() % 70))
        case 2: (1 << (random.next() % 64)) &- (random.next() & 1)
        case 3:
            [0x7F, 0x80, 0x7FFF, 0x8000, 0x7FFF_FFFF, 0x8000_0000, 1 << 63, UInt64.max >> 1][Int(random.next() % 8)]
        case 4: random.next() >> (random.next() % 64)
        case 5: random.next() & 0xFFFF_FFFF
        default: random.next()
        }
    }

    // MARK: Vectors

    private mutating func vectors(_ i: DecodedInstruction) -> VectorState {
        var mxcsr: UInt32 = 0x1F80
        let isDotProduct = [Mnemonic.dpps, .vdpps, .dppd, .vdppd].contains(i.mnemonic)
        // Rounding, flushing, flags that are set, and masks that are not: but for underflow, which without its mask is for exact
        // numbers as well, and of what is several operations and has exceptions between them.
        if chance(1, of: 2) { mxcsr |= UInt32(random.next() % 4) << 13 }
        if chance(1, of: 4) { mxcsr |= UInt32(truncatingIfNeeded: random.next()) & 0x8040 }
        if chance(1, of: 4) { mxcsr |= UInt32(truncatingIfNeeded: random.next()) & 0x3F }
        if chance(1, of: 16), !isDotProduct { mxcsr &= ~(UInt32(truncatingIfNeeded: random.next()) & 0x1780) }
        return VectorState(mxcsr: mxcsr, xmm: (0..<16).map { _ in vector() }, upper: (0..<16).map { _ in vector() })
    }

    /// What instructions want of vectors to do more than the same again and again.
    private mutating func prepare(_ i: DecodedInstruction, _ vectors: inout VectorState, _ target: UInt64?) {
        let registers = (0..<i.operandCount).map { i.operand($0) }.filter { $0.kind == .vector }.map { Int($0.number) }
        guard let last = registers.last else { return }
        let small: UInt128 = 0x3F_0000_0000_0000_007F
        switch i.mnemonic {
        case _ where ExecutionCase.gathers.contains(i.mnemonic):
            // Some hundred bytes around the base.
            vectors.xmm[Int(i.index)] = nearIndices(i)
            vectors.upper[Int(i.index)] = nearIndices(i)
        case .psllw, .pslld, .psllq, .psrlw, .psrld, .psrlq, .psraw, .psrad, .vpsllw, .vpslld, .vpsllq, .vpsrlw,
            .vpsrld, .vpsrlq, .vpsraw, .vpsrad:
            if chance(3, of: 4) { vectors.xmm[last] = (vectors.xmm[last] >> 64) << 64 | UInt128(random.next() % 70) }
        case .vpsllvd, .vpsllvq, .vpsrlvd, .vpsrlvq, .vpsravd:
            if chance(3, of: 4) { vectors.xmm[last] &= small | small << 32 }
            if chance(3, of: 4) { vectors.upper[last] &= small }
        case .pcmpistri, .pcmpistrm, .pcmpestri, .pcmpestrm, .vpcmpistri, .vpcmpistrm, .vpcmpestri, .vpcmpestrm:
            // Of few letters, or of those in memory.
            for number in registers where chance(7, of: 8) {
                let letters: UInt128 = chance(1, of: 2) ? 0x0103_8003_0103_0103 : 0x0303_0303_0303_0303
                vectors.xmm[number] = (vectors.xmm[number] | 1 << 32) & (letters | letters << 64)
            }
            if let target, target >= Arena.data, target < Arena.data + 4000, chance(1, of: 2) {
                let from = Int(target - Arena.data) + Int(random.next() % 4)
                vectors.xmm[registers[0]] = (0..<16).reversed().reduce(0) { $0 << 8 | UInt128(image[from + $1]) }
                if chance(1, of: 2) { vectors.xmm[registers[0]] &= (1 << UInt128(16 * (random.next() % 8))) - 1 }
            }
        default:
            // What is equal, but for some bytes.
            guard chance(1, of: 3), let first = registers.first else { return }
            let mask = UInt128(random.next()) << 64 | UInt128(random.next() & random.next())
            vectors.xmm[last] = vectors.xmm[first] & mask | vectors.xmm[last] & ~mask
            vectors.upper[last] = vectors.upper[first] & mask | vectors.upper[last] & ~mask
            if chance(1, of: 4) {
                (vectors.xmm[last], vectors.upper[last]) = (~vectors.xmm[first], ~vectors.upper[first])
            }
        }
    }

    /// Words or doublewords, as the indices of a gather are.
    private mutating func nearIndices(_ i: DecodedInstruction) -> UInt128 {
        let isWide: Set<Mnemonic> = [.vpgatherqd, .vpgatherqq, .vgatherqps, .vgatherqpd]
        let width: UInt128 = isWide.contains(i.mnemonic) ? 64 : 32
        var result: UInt128 = 0
        for place in 0..<128 / width {
            var index = Int64(random.next() % 64) - 16
            if chance(1, of: 12) { index = Int64(truncatingIfNeeded: random.next() >> 40) }
            let cut = UInt128(truncatingIfNeeded: index) & ((1 << width) - 1)
            result |= cut << (place * width)
        }
        return result
    }

    mutating func vector() -> UInt128 {
        let low = lanes()
        return UInt128(low) | UInt128(chance(1, of: 4) ? low : lanes()) << 64
    }

    /// One of 64 bits or two of 32, integers or floating-point numbers.
    private mutating func lanes() -> UInt64 {
        switch random.next() % 4 {
        case 0: value()
        case 1: float(fraction: 52, width: 64)
        case 2: float(fraction: 23, width: 32) | float(fraction: 23, width: 32) << 32
        default: random.next()
        }
    }

    /// Numbers near one, small integers, the least and the greatest ones, zeros, infinities, and NaNs.
    private mutating func float(fraction: UInt64, width: UInt64) -> UInt64 {
        let sign = (random.next() & 1) << (width - 1)
        let exponents = width - 1 - fraction
        let bias: UInt64 = 1 << (exponents - 1) - 1
        let bits = random.next() & (1 << fraction - 1)
        let exponent: UInt64
        switch random.next() % 8 {
        case 0: exponent = 0
        case 1: return sign | [0, 1, 1 << fraction, 1 << fraction - 1][Int(random.next() % 4)]
        case 2: exponent = 1 << exponents - 1
        case 3: return sign | (1 << exponents - 1) << fraction
        case 4: exponent = 1 << exponents - 2 - random.next() % 3
        case 5: return sign | (bias + random.next() % 4) << fraction
        case 6: exponent = bias + random.next() % (fraction + 12)
        default: exponent = bias + 2 - random.next() % 5
        }
        return sign | exponent << fraction | bits
    }

    private mutating func chance(_ n: UInt64, of all: UInt64) -> Bool { random.next() % all < n }
}
