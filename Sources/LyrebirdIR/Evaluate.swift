// What the pure integer and flags operations compute. The interpreter and constant folding call the same functions, so that
// a folded constant is what the interpreter, and thus the table Spec/ir.ops, says.
//
// An integer is held zero-extended in 64 bits. Flags are held as the bits that `flagsToBits` gives.

/// The meaning of pure operations.
public enum Evaluate {
    /// The low bits of `value`, as many as the type has.
    @inline(__always) public static func cut(_ value: UInt64, _ type: Type) -> UInt64 {
        type.bits >= 64 ? value : value & ((1 &<< UInt64(type.bits)) &- 1)
    }

    /// The low bits of `value` as a signed number.
    @inline(__always) public static func signed(_ value: UInt64, _ type: Type) -> Int64 {
        let shift = Int64(64 &- min(type.bits, 64))
        return (Int64(bitPattern: value) &<< shift) &>> shift
    }

    // MARK: Integers

    /// The result of a pure operation whose result is an integer and whose operands are integers or flags.
    /// - Returns: nil if the opcode is none of these.
    public static func integer(_ i: Instruction, _ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64? {
        switch i.opcode {
        case .add, .sub, .adc, .sbc, .and, .or, .xor, .andn, .not, .neg, .inc, .dec:
            cut(arithmetic(i.opcode, a, b, c), i.type)
        case .shlFlags, .shrFlags, .sarFlags, .rolFlags, .rorFlags, .rcl, .rcr: keeping(i.opcode, i.type, a, by: b, c).0
        case .insert: insert(a, b, Type(rawValue: i.aux) ?? .none, at: UInt64(i.c))
        case .pdep, .pext: gather(a, b, deposit: i.opcode == .pdep)
        case .mul, .mulhu, .mulhs, .udiv, .sdiv: cut(multiplication(i.opcode, i.type, a, b), i.type)
        case .udivWide: wideQuotient(i.type, high: a, low: b, c)
        case .shl, .shr, .sar, .ror: cut(shift(i.opcode, i.type, a, b), i.type)
        case .extract2: cut(extract(i.type, high: a, low: b, by: UInt64(i.c)), i.type)
        case .zext: cut(a, Type(rawValue: i.aux) ?? .none)
        case .sext: cut(UInt64(bitPattern: signed(a, Type(rawValue: i.aux) ?? .none)), i.type)
        case .trunc, .copy: cut(a, i.type)
        case .bswap, .bitreverse, .clz, .ctz, .popcnt: bits(i.opcode, i.type, a)
        case .crc32: crc(UInt32(truncatingIfNeeded: a), b, size: i.aux, polynomial: 0xEDB8_8320)
        case .crc32c: crc(UInt32(truncatingIfNeeded: a), b, size: i.aux, polynomial: 0x82F6_3B78)
        case .flagsToBits: a & Flags.mask | Flags.one
        case .cset: holds(i.condition, a) ? 1 : 0
        default: nil
        }
    }

    private static func arithmetic(_ opcode: Opcode, _ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 {
        let carry: UInt64 = c & Flags.c != 0 ? 1 : 0
        return switch opcode {
        case .add: a &+ b
        case .sub: a &- b
        case .adc: a &+ b &+ carry
        case .sbc: a &- b &- carry
        case .and: a & b
        case .or: a | b
        case .xor: a ^ b
        case .andn: a & ~b
        case .not: ~a
        case .inc: a &+ 1
        case .dec: a &- 1
        default: 0 &- a
        }
    }

    private static func multiplication(_ opcode: Opcode, _ type: Type, _ a: UInt64, _ b: UInt64) -> UInt64 {
        let sa = signed(a, type)
        let sb = signed(b, type)
        switch opcode {
        case .mul: return a &* b
        case .mulhu:
            if type == .i64 { return a.multipliedFullWidth(by: b).high }
            return (a &* b) &>> UInt64(type.bits)
        case .mulhs:
            if type == .i64 { return UInt64(bitPattern: sa.multipliedFullWidth(by: sb).high) }
            return UInt64(bitPattern: (sa &* sb) &>> Int64(type.bits))
        case .udiv: return b == 0 ? 0 : a / b
        default:
            if sb == 0 { return 0 }
            return sb == -1 ? 0 &- a : UInt64(bitPattern: sa / sb)
        }
    }

    private static func wideQuotient(_ type: Type, high: UInt64, low: UInt64, _ b: UInt64) -> UInt64 {
        if high >= b { return 0 }
        return type == .i64 ? b.dividingFullWidth((high, low)).quotient : (high &<< 32 | low) / b
    }

    private static func shift(_ opcode: Opcode, _ type: Type, _ a: UInt64, _ b: UInt64) -> UInt64 {
        let width = UInt64(type.bits)
        let n = b & (width &- 1)
        switch opcode {
        case .shl: return a &<< n
        case .shr: return a &>> n
        case .sar: return UInt64(bitPattern: signed(a, type) &>> Int64(n))
        default: return n == 0 ? a : a &>> n | a &<< (width &- n)
        }
    }

    private static func extract(_ type: Type, high: UInt64, low: UInt64, by n: UInt64) -> UInt64 {
        let width = UInt64(type.bits)
        return n == 0 || n >= width ? low : low &>> n | high &<< (width &- n)
    }

    private static func bits(_ opcode: Opcode, _ type: Type, _ a: UInt64) -> UInt64 {
        let unused = 64 &- type.bits
        switch opcode {
        case .bswap: return a.byteSwapped &>> UInt64(unused)
        case .bitreverse:
            var result = a.byteSwapped
            result = (result & 0x0F0F_0F0F_0F0F_0F0F) &<< 4 | (result &>> 4) & 0x0F0F_0F0F_0F0F_0F0F
            result = (result & 0x3333_3333_3333_3333) &<< 2 | (result &>> 2) & 0x3333_3333_3333_3333
            result = (result & 0x5555_5555_5555_5555) &<< 1 | (result &>> 1) & 0x5555_5555_5555_5555
            return result &>> UInt64(unused)
        case .clz: return UInt64(a.leadingZeroBitCount &- unused)
        case .ctz: return UInt64(min(a.trailingZeroBitCount, type.bits))
        default: return UInt64(a.nonzeroBitCount)
        }
    }

    private static func crc(_ crc: UInt32, _ data: UInt64, size: UInt8, polynomial: UInt64) -> UInt64 {
        let count = 8 &<< Int(size & 3)
        var register = UInt64(crc) ^ (count == 64 ? data : data & ((1 &<< UInt64(count)) &- 1))
        for _ in 0..<count { register = register &>> 1 ^ (register & 1 != 0 ? polynomial : 0) }
        return register & 0xFFFF_FFFF
    }

    // MARK: Flags

    /// The bits of a flags value.
    public enum Flags {
        public static let n: UInt64 = 1 << 15
        public static let z: UInt64 = 1 << 14
        public static let a: UInt64 = 1 << 12
        public static let p: UInt64 = 1 << 10
        public static let c: UInt64 = 1 << 8
        public static let v: UInt64 = 1
        /// The bit that is always one.
        public static let one: UInt64 = 1 << 9
        /// All that are flags.
        public static let mask: UInt64 = n | z | a | p | c | v
    }

    /// A flags value of bits of which some are no flags.
    @inline(__always) public static func flags(fromBits bits: UInt64) -> UInt64 { bits & Flags.mask | Flags.one }

    /// Whether the opcode is one whose flags can be asked for.
    @inline(__always) public static func hasFlags(_ opcode: Opcode) -> Bool {
        switch opcode {
        case .add, .sub, .adc, .sbc, .and, .or, .xor, .andn, .neg, .mul: true
        default: keepsFlags(opcode)
        }
    }

    /// Whether the last operand is flags of which some are kept.
    @inline(__always) public static func keepsFlags(_ opcode: Opcode) -> Bool {
        switch opcode {
        case .inc, .dec, .shlFlags, .shrFlags, .sarFlags, .rolFlags, .rorFlags, .rcl, .rcr: true
        default: false
        }
    }

    /// The flags of an instruction with these operands. Where the host leaves A undefined it is 0.
    public static func flags(of i: Instruction, _ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 {
        switch i.opcode {
        case .mul: return productFlags(i.type, a, b)
        case .inc, .dec:
            let sum = flags(of: Instruction(i.opcode == .inc ? .add : .sub, i.type), a, 1, 0)
            return sum & ~Flags.c | b & Flags.c
        case _ where keepsFlags(i.opcode): return keeping(i.opcode, i.type, a, by: b, c).1
        default: break
        }
        let result = cut(arithmetic(i.opcode, a, b, c), i.type)
        let sign: UInt64 = 1 &<< UInt64(i.type.bits &- 1)
        let carryIn: UInt64 = c & Flags.c != 0 ? 1 : 0
        var bits = resultFlags(result, i.type)
        switch i.opcode {
        case .add, .adc:
            let carry = i.opcode == .adc ? carryIn : 0
            if result < a || (carry == 1 && result == a) { bits |= Flags.c }
            if ~(a ^ b) & (a ^ result) & sign != 0 { bits |= Flags.v }
            if (a ^ b ^ result) & 16 != 0 { bits |= Flags.a }
        case .sub, .sbc, .neg:
            let (left, right) = i.opcode == .neg ? (0, a) : (a, b)
            let borrow = i.opcode == .sbc ? carryIn : 0
            if left < right || (borrow == 1 && left == right) { bits |= Flags.c }
            if (left ^ right) & (left ^ result) & sign != 0 { bits |= Flags.v }
            if (left ^ right ^ result) & 16 != 0 { bits |= Flags.a }
        default: break
        }
        return bits
    }

    private static func productFlags(_ type: Type, _ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = Int128(signed(a, type)) * Int128(signed(b, type))
        let low = UInt64(truncatingIfNeeded: product)
        let fits = Int128(signed(low, type)) == product
        return resultFlags(cut(low, type), type) | (fits ? 0 : Flags.c | Flags.v)
    }

    /// Whether the condition holds for the flags.
    public static func holds(_ condition: Condition, _ flags: UInt64) -> Bool {
        let n = flags & Flags.n != 0
        let z = flags & Flags.z != 0
        let c = flags & Flags.c != 0
        let v = flags & Flags.v != 0
        return switch condition {
        case .vs: v
        case .vc: !v
        case .cs: c
        case .cc: !c
        case .eq: z
        case .ne: !z
        case .ls: c || z
        case .hi: !c && !z
        case .mi: n
        case .pl: !n
        case .pe: flags & Flags.p != 0
        case .po: flags & Flags.p == 0
        case .lt: n != v
        case .ge: n == v
        case .le: z || n != v
        case .gt: !z && n == v
        }
    }
}
