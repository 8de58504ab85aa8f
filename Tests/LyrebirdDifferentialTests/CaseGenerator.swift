// Random cases: of one encoding, or sequences. Words come from the decoder's own patterns, so an encoding that gets a lifter
// is tested from then on; operands are numbers at which something happens, and addresses in, at the edge of and outside
// memory.

import LyrebirdIR
import TestSupport

@testable import LyrebirdARM64

/// Encodings that are not compared.
enum Skips {
    static let encodings: [Encoding: String] = [
        .svc: "a system call would be made by the oracle's kernel; the Linux tests have them",
        .mrsIdentification: "properties of the CPU model",
        .mrsCNTVCT: "two clocks do not show the same time",
        .mrsCNTFRQ: "a property of the CPU model",
        .mrsCTR: "a property of the CPU model: this one asks for IC IVAU, whatever QEMU's does",
        .dcCVAP: "QEMU has it for whole systems only",
        .dcCVADP: "QEMU has it for whole systems only",
    ]

    /// Words that mean different things to different CPUs.
    static func word(_ word: UInt32, _ encoding: Encoding) -> String? {
        if encoding == .hlt, word >> 5 & 0xFFFF == 0xF000 { return "QEMU's semihosting" }
        if [.sb, .cfinv, .axflag, .xaflag].contains(encoding), word >> 8 & 15 != 0 {
            return "a field that should be zero, which QEMU checks"
        }
        if encoding == .ldapr, word >> 16 & 31 != 31 { return "a field that should be ones, which QEMU checks" }
        guard let form = MemoryForm(word) else { return nil }
        return form.unpredictable
    }
}

/// How a load or store makes its address (Arm ARM C4.1.94), as far as tests need it.
struct MemoryForm {
    enum Offset {
        case none, literal
        case immediate(Int)
        case register(shift: Int)
    }

    let word: UInt32
    var offset = Offset.none
    var writesBack = false
    var isPair = false
    var isVector = false
    var isExclusive = false
    var isLoad = false
    /// log2 of the bytes of an access that must be aligned.
    var alignment = 0

    var rt: Int { Int(word & 31) }
    var rn: Int { Int(word >> 5 & 31) }
    var rt2: Int { Int(word >> 10 & 31) }
    var rm: Int { Int(word >> 16 & 31) }

    init?(_ word: UInt32) {
        guard word >> 27 & 1 == 1, word >> 25 & 1 == 0 else { return nil }
        self.word = word
        isVector = word >> 26 & 1 == 1
        isLoad = word >> 22 & 1 == 1
        let size = Int(word >> 30)
        let imm9 = Int(Int32(bitPattern: word << 11) >> 23)
        switch word >> 27 & 7 {
        case 0b001 where isVector: writesBack = word >> 23 & 1 == 1
        case 0b001:
            isExclusive = word >> 23 & 1 == 0
            isPair = isExclusive && word >> 21 & 1 == 1
            // CASP has the place of the exclusive pairs of bytes and halfwords.
            if isPair, size < 2 {
                isExclusive = false
                isPair = false
                alignment = 3 + size
            } else {
                alignment = size + (isPair ? 1 : 0)
            }
        case 0b011:
            if word >> 24 & 1 == 0 {
                offset = .literal
            } else {
                offset = .immediate(imm9)
                alignment = size
            }
        case 0b101:
            isPair = true
            let scale = isVector ? 2 + size : size & 2 == 0 || word >> 22 & 1 == 1 && size == 1 ? 2 : 3
            let imm7 = Int(Int32(bitPattern: word << 10) >> 25) << (size & 2 == 2 && !isVector ? 3 : scale)
            writesBack = word >> 23 & 1 == 1
            offset = word >> 23 & 3 == 1 ? .none : .immediate(imm7)
        default:
            let scale = isVector ? size | Int(word >> 23 & 1) << 2 : size
            if word >> 24 & 1 == 1 {
                offset = .immediate(Int(word >> 10 & 0xFFF) << scale)
            } else if word >> 21 & 1 == 0 {
                writesBack = word >> 10 & 1 == 1
                offset = word >> 10 & 3 == 1 ? .none : .immediate(imm9)
            } else if word >> 10 & 3 == 2 {
                offset = .register(shift: word >> 12 & 1 == 1 ? scale : 0)
            } else {
                alignment = size
            }
        }
    }

    /// CONSTRAINED UNPREDICTABLE register combinations (Arm ARM K1.1), which implementations decide differently.
    var unpredictable: String? {
        if writesBack, !isVector, rn != 31, rt == rn || (isPair && rt2 == rn) {
            return "write-back of a register that is transferred, too"
        }
        if isPair, isLoad, rt == rt2 { return "a load of two values into one register" }
        if isExclusive, !isLoad, rm == rt || (isPair && rm == rt2) || (rm == rn && rn != 31) {
            return "the status register of a store-exclusive is one of its operands"
        }
        return nil
    }

    /// Whether it is a store of more than the host stores at once.
    var storesPieces: Bool { !isLoad && alignment == 0 && (isPair || isVector) }

    /// The vector registers of a load that QEMU writes one after the other.
    var vectorsLoadedInTurn: [Int] {
        guard isLoad, isVector else { return [] }
        let count = word >> 27 & 7 == 0b001 ? 4 : isPair ? 1 : 0
        return (0..<count).map { (rt + $0) % 32 }
    }
}

/// What QEMU is asked to be.
enum OracleModel: String, CaseIterable {
    /// Armv8.2, without pointer authentication, and with 64 bytes to a DC ZVA.
    case plain = "neoverse-n1"
    /// Has what the other has not, without what nobody here has. The pointer-authentication hints would be instructions.
    case rich = "max,pauth=off,sve=off,sme=off"
    /// The same with pointer authentication, of which only XPAC is the same without keys.
    case authenticating = "max,sve=off,sme=off"

    func has(_ encoding: Encoding) -> Bool {
        let later: Set<Feature> = [
            .LRCPC2, .FlagM, .FlagM2, .SB, .DPB2, .BTI, .DIT, .FRINTTS, .SHA512, .SHA3, .SM3, .SM4, .I8MM, .FCMA,
            .JSCVT, .FHM, .BF16, .SSBS,
        ]
        let strips = [.xpaci, .xpacd, .xpaclri].contains(encoding)
        if encoding.feature == .PAuth {
            let isHint = CaseGenerator.pattern(encoding) >> 12 == 0xD5032
            return strips ? self == .authenticating : isHint && self != .authenticating
        }
        // The richer one's DC ZVA clears 512 bytes.
        return self == .plain ? !later.contains(encoding.feature) : encoding != .dcZVA && encoding != .mrsDCZID
    }
}

struct CaseGenerator {
    var random: SplitMix64
    /// The CPU that QEMU plays.
    let model: OracleModel

    init(seed: UInt64, model: OracleModel) {
        random = SplitMix64(seed: seed)
        self.model = model
    }

    /// The encodings that have lifters and can be compared.
    static let encodings: [Encoding] = Encoding.allCases.filter { $0.isBuilt && Skips.encodings[$0] == nil }

    private static let integer = encodings.filter { group($0) & 0b1110 == 0b1000 || group($0) & 0b0111 == 0b0101 }
    private static let vector = encodings.filter { group($0) & 0b0111 == 0b0111 }
    private static let memory = encodings.filter { group($0) & 0b0101 == 0b0100 }
    private static let system = encodings.filter {
        // Sequences go on, and what they write is not chosen; nor what exceptions leave, which we do not have.
        group($0) & 0b1110 == 0b1010
            && ![.br, .blr, .ret, .brk, .hlt, .b, .bl, .msrFPCR, .msrFPSR, .mrsFPSR, .mrsDIT, .mrsSSBS].contains($0)
    }
    private static let flagUsers: [Encoding] = [
        .csel, .csinc, .csinv, .csneg, .ccmpRegister, .ccmnRegister, .ccmpImmediate, .ccmnImmediate, .adc, .adcs, .sbc,
        .sbcs, .bCond, .mrsNZCV,
    ].filter { encodings.contains($0) }
    private static let branches: [Encoding] = [.bCond, .cbz, .cbnz, .tbz, .tbnz, .b]

    /// The fixed bits of an encoding.
    static func pattern(_ encoding: Encoding) -> UInt32 { decoderPatterns[3 * Int(encoding.rawValue) + 1] }

    /// Bits 28 to 25, by which C4.1 divides A64.
    private static func group(_ encoding: Encoding) -> UInt32 { pattern(encoding) >> 25 & 15 }

    private static func pick<T>(_ from: [T], _ random: inout SplitMix64) -> T {
        from[Int(random.next() % UInt64(from.count))]
    }
    private mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

    // MARK: Words

    /// A word of an encoding that can be compared; nil where luck does not find one.
    mutating func word(_ encoding: Encoding) -> UInt32? {
        for _ in 0..<400 {
            var free = UInt32(truncatingIfNeeded: random.next())
            // Registers that meet, and immediates that are few, come by chance too rarely.
            if random.chance(15) { free = free & ~(31 << 5) | (free & 31) << 5 }
            if random.chance(15) { free = free & ~(31 << 16) | (free & 31) << 16 }
            if random.chance(8) { free &= ~(0x3F << 10) }
            let word = Self.pattern(encoding) | free & ~decoderPatterns[3 * Int(encoding.rawValue)]
            if LyrebirdARM64.decode(word) == encoding, Skips.word(word, encoding) == nil { return word }
        }
        return nil
    }

    // MARK: State

    mutating func number() -> UInt64 {
        switch random.next() % 10 {
        case 0: Self.pick([0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF], &random)
        case 1:
            Self.pick(
                [0x8080_8080_8080_8080, 0x8000_7FFF_0001_FFFF, 0x00FF_00FF_0100_FF00, .max >> 1, 1 << 63], &random)
        case 2: UInt64(bitPattern: Int64(bitPattern: random.next()) >> Int64(random.next() & 63))
        case 3: random.next() & random.next() & random.next()
        default: random.interestingNumber()
        }
    }

    mutating func state() -> CPUState {
        var state = CPUState()
        for index in 0...CPUState.sp { state[index] = number() }
        state[CPUState.nzcv] = (random.next() & 15) << 28
        state[CPUState.tpidr] = random.next()
        // To nearest with nothing special, or any rounding, flushing, default NaN and alternative half precision.
        if random.chance(50) {
            state[CPUState.fpcr] = random.next() & random.next() & SystemRegisterValue.fpcrMask
        }
        if random.chance(30) { state[CPUState.fpsr] = random.next() & SystemRegisterValue.fpsrMask }
        for index in CPUState.v..<CPUState.count {
            let earlier = CPUState.v + below(index - CPUState.v + 1)
            state[index] =
                index > CPUState.v && random.chance(30)
                ? state[min(earlier, index - 1)] : random.chance(60) ? random.interestingFloats() : number()
        }
        if random.chance(30) { state[1 + below(30)] = state[below(31)] }
        return state
    }

    mutating func image() -> [UInt64] { (0..<Arena.memorySize / 8).map { _ in number() } }

    // MARK: Addresses

    /// Where a load or store shall go.
    mutating func target(aligned: Bool) -> UInt64 {
        let reach = UInt64(random.next() % 72)
        let page: UInt64 = 4096
        var address: UInt64
        switch random.next() % 32 {
        case 0: address = Arena.memory &- reach
        case 1, 2, 3: address = Arena.memory + page - reach
        case 4, 5, 6: address = Arena.memory + 2 * page - reach
        case 7: address = Arena.memoryEnd - reach
        case 8: address = Arena.memory + 2 * page + random.next() % page
        case 9:
            address = Self.pick(
                [0, 8, 0x7FFF_FFFF_F000, Arena.memoryEnd + page, Arena.code + 64, 0xFFFF_FFF8], &random)
        default: address = Arena.memory + random.next() % (2 * page - 64)
        }
        if aligned || random.chance(50) { address &= ~15 }
        return address
    }

    /// Sets registers so that the instruction accesses `target`.
    mutating func aim(_ form: MemoryForm, at target: UInt64, _ state: inout CPUState) {
        switch form.offset {
        case .literal: return
        case .none: state[form.rn] = target
        case .immediate(let offset): state[form.rn] = target &- UInt64(bitPattern: Int64(offset))
        case .register(let shift):
            if form.rm != 31, form.rm != form.rn { state[form.rm] = index(option: Int(form.word >> 13 & 7)) }
            let offset =
                form.rm == 31 ? 0 : Self.extend(state[form.rm], option: Int(form.word >> 13 & 7)) << UInt64(shift)
            state[form.rn] = target &- offset
        }
    }

    /// A small index that reads as itself under an extension, with anything above the bits that count.
    private mutating func index(option: Int) -> UInt64 {
        let small = UInt64(bitPattern: Int64(below(129)) - (option & 4 != 0 ? 64 : 0))
        return option & 1 == 0 && random.chance(50) ? small & 0xFFFF_FFFF | random.next() << 32 : small
    }

    private static func extend(_ value: UInt64, option: Int) -> UInt64 {
        switch option {
        case 2: value & 0xFFFF_FFFF
        case 6: UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
        default: value
        }
    }

    // MARK: Branches

    /// Makes a branch go `distance` words on; nil for what is none.
    private static func redirected(_ word: UInt32, _ encoding: Encoding, _ distance: Int) -> UInt32? {
        let offset = UInt32(truncatingIfNeeded: distance)
        switch encoding {
        case .b, .bl: return word & ~0x03FF_FFFF | offset & 0x03FF_FFFF
        case .bCond, .cbz, .cbnz: return word & ~(0x7FFFF << 5) | (offset & 0x7FFFF) << 5
        case .tbz, .tbnz: return word & ~(0x3FFF << 5) | (offset & 0x3FFF) << 5
        default: return nil
        }
    }

    // MARK: Cases

    /// A case about one encoding; nil where none can be made.
    mutating func single(_ encoding: Encoding, slot: Int) -> GuestCase? {
        guard var word = word(encoding) else { return nil }
        var state = state()
        let start = Arena.pc(ofSlot: slot)
        if let form = MemoryForm(word) {
            let isStoreExclusive = form.isExclusive && !form.isLoad
            let aligned = form.alignment > 0 && (isStoreExclusive || random.chance(80))
            aim(form, at: target(aligned: aligned), &state)
            if case .literal = form.offset { word = literal(word) }
            if isStoreExclusive, random.chance(80) { return exclusive(word, form, state, encoding) }
            if !form.isLoad || form.alignment > 0 { likely(form, &state) }
        } else if [.dcZVA, .dcCVAC, .dcCVAU, .dcCVAP, .dcCVADP, .dcCIVAC, .icIVAU].contains(encoding) {
            // Whether the others fail where nothing is mapped is not compared: they are no accesses here.
            let rt = Int(word & 31)
            if rt == 31 { word &= ~1 }
            state[Int(word & 31)] = encoding == .dcZVA ? target(aligned: false) : Arena.memory + random.next() % 4096
        } else if encoding == .mrsDIT || encoding == .mrsSSBS {
            // Before the case another one may have written it.
            return GuestCase(
                words: [word & ~(1 << 21 | 31) | UInt32(below(32)), word], state: state, encoding: encoding)
        } else if encoding == .msrFPCR || encoding == .msrFPSR {
            // QEMU keeps what only AArch32 uses: lengths, strides and its flags.
            let mask = encoding == .msrFPCR ? SystemRegisterValue.fpcrMask : SystemRegisterValue.fpsrMask
            if word & 31 != 31 { state[Int(word & 31)] &= mask }
        } else if [.br, .blr, .ret].contains(encoding) {
            let rn = Int(word >> 5 & 31)
            if rn != 31 {
                state[rn] = random.chance(70) ? start + 4 + 4 * UInt64(below(8)) : target(aligned: true) & ~3
            }
        } else if let forward = Self.redirected(word, encoding, 1 + below(8)) {
            // Far enough to be out of the code, with an offset of either sign.
            let far = (random.chance(50) ? -1 : 1) * (Arena.codeSize / 4 + below(1 << 16))
            let narrow = encoding == .tbz || encoding == .tbnz
            word = narrow || random.chance(60) ? forward : Self.redirected(word, encoding, far)!
            if random.chance(40) { state[Int(word & 31)] = 0 }
        }
        return GuestCase(words: [word], state: state, encoding: encoding)
    }

    /// A literal that is near, in the slot, or anywhere.
    private mutating func literal(_ word: UInt32) -> UInt32 {
        if random.chance(10) { return word }
        return word & ~(0x7FFFF << 5) | UInt32(below(32)) << 5
    }

    /// Makes a compare-and-swap meet what memory holds, sometimes: both are often 0.
    private mutating func likely(_ form: MemoryForm, _ state: inout CPUState) {
        guard random.chance(30), form.rm != form.rn, form.rm != 31 else { return }
        state[form.rm] = 0
    }

    /// A store-exclusive after the load that it belongs to.
    private mutating func exclusive(
        _ word: UInt32, _ form: MemoryForm, _ state: CPUState, _ encoding: Encoding
    ) -> GuestCase? {
        guard let load = loadExclusive(for: word, form) else { return nil }
        var words = [load]
        if random.chance(20) {
            let between = Self.pick(Self.integer, &random)
            let other = model.has(between) ? self.word(between) ?? 0xD503_201F : 0xD503_201F
            // The address must stay.
            if Int(other & 31) != form.rn { words.append(other) }
        }
        words.append(word)
        return GuestCase(words: words, state: state, encoding: encoding)
    }

    /// The load-exclusive of the same size and address; nil where its registers would be unpredictable.
    mutating func loadExclusive(for word: UInt32, _ form: MemoryForm) -> UInt32? {
        for _ in 0..<20 {
            let first = UInt32(below(32))
            let second = UInt32(below(32))
            let pair = form.isPair ? second << 10 : 31 << 10
            let load = word & ~(31 << 16 | 31 << 10 | 31) | 1 << 22 | 31 << 16 | pair | first
            let other = MemoryForm(load)!
            let clash = Int(first) == form.rn || (form.isPair && Int(second) == form.rn)
            if other.unpredictable == nil, !clash || form.rn == 31 { return load }
        }
        return nil
    }

    /// A sequence that mixes chapters. Some registers are pointers to memory and some are small, and mostly left alone.
    mutating func sequence(length: Int, faults: Bool = true) -> GuestCase {
        var state = state()
        let pointers = [1, 4, 19, 20, 22, 28, 29, CPUState.sp]
        let indices = [3, 21]
        for register in pointers {
            state[register] = faults ? target(aligned: true) : Arena.memory + 1024 + (random.next() % 6144) & ~15
        }
        for register in indices { state[register] = UInt64(random.next() % 64) }
        var words: [UInt32] = []
        while words.count < length {
            let encoding: Encoding
            switch random.next() % 20 {
            case 0..<5: encoding = Self.pick(Self.integer, &random)
            case 5..<8: encoding = Self.pick(Self.flagUsers, &random)
            case 8..<14: encoding = Self.pick(Self.memory, &random)
            case 14..<18: encoding = Self.vector.isEmpty ? .nop : Self.pick(Self.vector, &random)
            case 18: encoding = Self.pick(Self.branches, &random)
            default: encoding = Self.pick(Self.system, &random)
            }
            guard model.has(encoding), var word = word(encoding) else { continue }
            if let form = MemoryForm(word) {
                guard let shaped = shape(form, encoding, pointers, indices, faults: faults) else { continue }
                word = shaped
                let shapedForm = MemoryForm(word)!
                if shapedForm.isExclusive {
                    guard !shapedForm.isLoad, words.count + 1 < length,
                        let load = loadExclusive(for: word, shapedForm)
                    else { continue }
                    words.append(load)
                }
            } else {
                let rest = length - words.count
                if let branch = Self.redirected(word, encoding, 1 + below(max(1, rest))) { word = branch }
                // Some vector instructions write a general register, too.
                let rd = Int(word & 31)
                if (pointers + indices).contains(rd), random.chance(90) { continue }
                if [.icIVAU, .dcCVAC, .dcCVAU, .dcCVAP, .dcCVADP, .dcCIVAC, .dcZVA].contains(encoding) {
                    word = word & ~31 | UInt32(Self.pick([1, 4, 19], &random))
                }
            }
            words.append(word)
        }
        return GuestCase(words: words, state: state, encoding: nil)
    }

    /// A sequence that is run a few times over: translations that lead to each other, and a loop as a whole.
    mutating func loop(length: Int) -> GuestCase {
        let counter = 27
        let limit = 26
        var result = sequence(length: length, faults: random.chance(20))
        result.words.removeAll { word in
            [0, 5, 10, 16].contains { [counter, limit].contains(Int(word >> $0 & 31)) }
        }
        result.state[counter] = 1 + random.next() % 12
        if random.chance(40) { addBranches(to: &result.words) }
        switch random.next() % 8 {
        case 0: result.words += [0xD100_077B]  // sub x27, x27, #1
        case 1: result.words += [0xF100_077B]  // subs x27, x27, #1
        case 2: result.words += [0x7100_077B]  // subs w27, w27, #1
        case 3: result.words += [0xD100_077B, 0xF100_037F]  // sub x27, x27, #1; cmp x27, #0
        case 4: result.words += [0xD100_077B, 0xEA1B_037F]  // sub x27, x27, #1; tst x27, x27
        case 5: result.words += [0xD100_077B, 0x3100_077F]  // sub x27, x27, #1; cmn w27, #1
        default:
            // add x27, x27, #1; cmp x27, x26, or the same of w27 and w26
            result.words += [0x9100_077B, random.chance(50) ? 0xEB1A_037F : 0x6B1A_037F]
            result.state[limit] = result.state[counter]
            result.state[counter] = 0
        }
        let back = (UInt32(bitPattern: -Int32(result.words.count)) & 0x7FFFF) << 5
        // Below, for the way up; not equal, or higher, for the way down.
        let condition: UInt32 = result.words.last! >> 16 == 0xEB1A || result.words.last! >> 16 == 0x6B1A ? 3 : 1
        result.words.append(random.chance(30) && condition == 1 ? 0xB500_001B | back : 0x5400_0000 | back | condition)
        return result
    }

    /// Branches over some of the words, by what a comparison some words before them finds, of scalars mostly.
    private mutating func addBranches(to words: inout [UInt32]) {
        for _ in 0..<1 + random.next() % 3 where words.count >= 6 {
            let compare = Int(random.next() % UInt64(words.count - 4))
            let branch = compare + 1 + Int(random.next() % 3)
            let registers = UInt32(truncatingIfNeeded: random.next() % 8) << 5
            let other = UInt32(truncatingIfNeeded: random.next() % 8) << 16
            // FCMP or FCMPE of two registers or of one and zero, single or double; or CMP of X registers.
            let lane: UInt32 = random.chance(70) ? 0x0040_0000 : 0
            let signals: UInt32 = random.chance(50) ? 0x10 : 0
            switch random.next() % 4 {
            case 0: words[compare] = 0xEB00_001F | other | registers
            case 1: words[compare] = 0x1E20_2008 | lane | signals | registers
            default: words[compare] = 0x1E20_2000 | lane | signals | registers | other
            }
            let distance = UInt32(truncatingIfNeeded: 2 + random.next() % UInt64(min(words.count - branch, 5) - 1))
            words[branch] = 0x5400_0000 | distance << 5 | UInt32(truncatingIfNeeded: random.next() % 14)
        }
    }

    /// Gives a load or store of a sequence a pointer and offsets that are not far; nil where it does not fit.
    private mutating func shape(
        _ form: MemoryForm, _ encoding: Encoding, _ pointers: [Int], _ indices: [Int], faults: Bool
    ) -> UInt32? {
        var word = form.word
        if case .literal = form.offset { return literal(word) }
        word = word & ~(31 << 5) | UInt32(Self.pick(pointers, &random)) << 5
        switch form.offset {
        case .register: word = word & ~(31 << 16) | UInt32(Self.pick(indices, &random)) << 16
        case .immediate where word >> 24 & 0x3B == 0x39: word &= ~(0xFE0 << 10)
        case .immediate where form.alignment > 0: word &= ~(0x1F7 << 12)
        default: break
        }
        guard Skips.word(word, encoding) == nil, LyrebirdARM64.decode(word) == encoding else { return nil }
        let loads = form.isLoad || form.alignment > 0
        let protected = pointers + indices
        if loads, !form.isVector, protected.contains(form.rt) || (form.isPair && protected.contains(form.rt2)),
            random.chance(90)
        {
            return nil
        }
        return word
    }
}
