// Generated from Spec/ir.ops by Scripts/generators/ir_ops.py; do not edit.

extension Unit {
    /// The value a. Passes leave it in place of an instruction that turned out to be another value.
    @inline(__always)
    public mutating func copy(_ a: Value) -> Value {
        append(.copy, type(of: a), 0, a.id, 0, 0)
    }

    /// a + b, modulo 2^width.
    @inline(__always)
    public mutating func add(_ a: Value, _ b: Value) -> Value {
        append(.add, type(of: a), 0, a.id, b.id, 0)
    }

    /// a - b, modulo 2^width.
    @inline(__always)
    public mutating func sub(_ a: Value, _ b: Value) -> Value {
        append(.sub, type(of: a), 0, a.id, b.id, 0)
    }

    /// a + b + C(f).
    @inline(__always)
    public mutating func adc(_ a: Value, _ b: Value, _ f: Value) -> Value {
        append(.adc, type(of: a), 0, a.id, b.id, f.id)
    }

    /// a - b - C(f): C is a borrow.
    @inline(__always)
    public mutating func sbc(_ a: Value, _ b: Value, _ f: Value) -> Value {
        append(.sbc, type(of: a), 0, a.id, b.id, f.id)
    }

    /// Bitwise and.
    @inline(__always)
    public mutating func and(_ a: Value, _ b: Value) -> Value {
        append(.and, type(of: a), 0, a.id, b.id, 0)
    }

    /// Bitwise or.
    @inline(__always)
    public mutating func or(_ a: Value, _ b: Value) -> Value {
        append(.or, type(of: a), 0, a.id, b.id, 0)
    }

    /// Bitwise exclusive or.
    @inline(__always)
    public mutating func xor(_ a: Value, _ b: Value) -> Value {
        append(.xor, type(of: a), 0, a.id, b.id, 0)
    }

    /// a and not b.
    @inline(__always)
    public mutating func andn(_ a: Value, _ b: Value) -> Value {
        append(.andn, type(of: a), 0, a.id, b.id, 0)
    }

    /// All bits of a inverted.
    @inline(__always)
    public mutating func not(_ a: Value) -> Value {
        append(.not, type(of: a), 0, a.id, 0, 0)
    }

    /// 0 - a.
    @inline(__always)
    public mutating func neg(_ a: Value) -> Value {
        append(.neg, type(of: a), 0, a.id, 0, 0)
    }

    /// Low half of the product.
    @inline(__always)
    public mutating func mul(_ a: Value, _ b: Value) -> Value {
        append(.mul, type(of: a), 0, a.id, b.id, 0)
    }

    /// High half of the unsigned product.
    @inline(__always)
    public mutating func mulhu(_ a: Value, _ b: Value) -> Value {
        append(.mulhu, type(of: a), 0, a.id, b.id, 0)
    }

    /// High half of the signed product.
    @inline(__always)
    public mutating func mulhs(_ a: Value, _ b: Value) -> Value {
        append(.mulhs, type(of: a), 0, a.id, b.id, 0)
    }

    /// Unsigned quotient; 0 where b is 0.
    @inline(__always)
    public mutating func udiv(_ a: Value, _ b: Value) -> Value {
        append(.udiv, type(of: a), 0, a.id, b.id, 0)
    }

    /// Signed quotient, rounded to zero; 0 where b is 0, a where b is -1 and a the least number.
    @inline(__always)
    public mutating func sdiv(_ a: Value, _ b: Value) -> Value {
        append(.sdiv, type(of: a), 0, a.id, b.id, 0)
    }

    /// The unsigned quotient of (high:low) and b, i32 or i64; 0 where b is 0 or the quotient does not fit, which is where high >= b.
    @inline(__always)
    public mutating func udivWide(_ high: Value, _ low: Value, _ b: Value) -> Value {
        append(.udivWide, type(of: high), 0, high.id, low.id, b.id)
    }

    /// a shifted left by n modulo width.
    @inline(__always)
    public mutating func shl(_ a: Value, _ n: Value) -> Value {
        append(.shl, type(of: a), 0, a.id, n.id, 0)
    }

    /// a shifted right by n modulo width, zeros in.
    @inline(__always)
    public mutating func shr(_ a: Value, _ n: Value) -> Value {
        append(.shr, type(of: a), 0, a.id, n.id, 0)
    }

    /// a shifted right by n modulo width, sign in.
    @inline(__always)
    public mutating func sar(_ a: Value, _ n: Value) -> Value {
        append(.sar, type(of: a), 0, a.id, n.id, 0)
    }

    /// a rotated right by n modulo width.
    @inline(__always)
    public mutating func ror(_ a: Value, _ n: Value) -> Value {
        append(.ror, type(of: a), 0, a.id, n.id, 0)
    }

    /// a with the low bits of part, as many as the source type has (i8 or i16, narrower than T), in place of its own from bit at on.
    @inline(__always)
    public mutating func insert(from source: Type, _ a: Value, _ part: Value, at: Int32) -> Value {
        append(.insert, type(of: a), source.rawValue, a.id, part.id, UInt32(bitPattern: at))
    }

    /// The low half of (high:low) shifted right by n, 0 < n < width.
    @inline(__always)
    public mutating func extract2(_ high: Value, _ low: Value, n: Int32) -> Value {
        append(.extract2, type(of: high), 0, high.id, low.id, UInt32(bitPattern: n))
    }

    /// The low bits of a, as many as the source type has, zero-extended. a is at least that wide.
    @inline(__always)
    public mutating func zext(_ type: Type, from source: Type, _ a: Value) -> Value {
        append(.zext, type, source.rawValue, a.id, 0, 0)
    }

    /// The low bits of a, as many as the source type has, sign-extended. a is at least that wide.
    @inline(__always)
    public mutating func sext(_ type: Type, from source: Type, _ a: Value) -> Value {
        append(.sext, type, source.rawValue, a.id, 0, 0)
    }

    /// The low bits of a, which is wider.
    @inline(__always)
    public mutating func trunc(_ type: Type, _ a: Value) -> Value {
        append(.trunc, type, 0, a.id, 0, 0)
    }

    /// Bytes in reverse order.
    @inline(__always)
    public mutating func bswap(_ a: Value) -> Value {
        append(.bswap, type(of: a), 0, a.id, 0, 0)
    }

    /// The low bits of a, in order, where mask has ones; zeros elsewhere.
    @inline(__always)
    public mutating func pdep(_ a: Value, _ mask: Value) -> Value {
        append(.pdep, type(of: a), 0, a.id, mask.id, 0)
    }

    /// The bits of a where mask has ones, side by side from bit 0 on.
    @inline(__always)
    public mutating func pext(_ a: Value, _ mask: Value) -> Value {
        append(.pext, type(of: a), 0, a.id, mask.id, 0)
    }

    /// Bits in reverse order.
    @inline(__always)
    public mutating func bitreverse(_ a: Value) -> Value {
        append(.bitreverse, type(of: a), 0, a.id, 0, 0)
    }

    /// Leading zeros; the width where a is 0.
    @inline(__always)
    public mutating func clz(_ a: Value) -> Value {
        append(.clz, type(of: a), 0, a.id, 0, 0)
    }

    /// Trailing zeros; the width where a is 0.
    @inline(__always)
    public mutating func ctz(_ a: Value) -> Value {
        append(.ctz, type(of: a), 0, a.id, 0, 0)
    }

    /// Bits that are set.
    @inline(__always)
    public mutating func popcnt(_ a: Value) -> Value {
        append(.popcnt, type(of: a), 0, a.id, 0, 0)
    }

    /// CRC-32 (0x04C11DB7, reflected, no inversion) of crc over the low 2^size bytes of data.
    @inline(__always)
    public mutating func crc32(size: UInt8, _ crc: Value, _ data: Value) -> Value {
        append(.crc32, .i32, size, crc.id, data.id, 0)
    }

    /// CRC-32C (0x1EDC6F41) likewise.
    @inline(__always)
    public mutating func crc32c(size: UInt8, _ crc: Value, _ data: Value) -> Value {
        append(.crc32c, .i32, size, crc.id, data.id, 0)
    }

    /// f with C inverted.
    @inline(__always)
    public mutating func cmc(_ f: Value) -> Value {
        append(.cmc, .flags, 0, f.id, 0, 0)
    }

    /// N bit 15, Z 14, A 12, P 10, C 8, V 0; bit 9 is one, the others are zero.
    @inline(__always)
    public mutating func flagsToBits(_ f: Value) -> Value {
        append(.flagsToBits, .i32, 0, f.id, 0, 0)
    }

    /// The inverse; bits that are no flag are ignored.
    @inline(__always)
    public mutating func bitsToFlags(_ a: Value) -> Value {
        append(.bitsToFlags, .flags, 0, a.id, 0, 0)
    }

    /// 1 where the condition holds for f, else 0.
    @inline(__always)
    public mutating func cset(_ type: Type, _ condition: Condition, _ f: Value) -> Value {
        append(.cset, type, condition.rawValue, f.id, 0, 0)
    }

    /// a where the condition holds for f, else b. With T = flags: whole flags.
    @inline(__always)
    public mutating func select(_ condition: Condition, _ f: Value, _ a: Value, _ b: Value) -> Value {
        append(.select, type(of: a), condition.rawValue, f.id, a.id, b.id)
    }

    /// a + 1. Its flags are those of that sum, with C of f.
    @inline(__always)
    public mutating func inc(_ a: Value, _ f: Value) -> Value {
        append(.inc, type(of: a), 0, a.id, f.id, 0)
    }

    /// a - 1. Its flags are those of that difference, with C of f.
    @inline(__always)
    public mutating func dec(_ a: Value, _ f: Value) -> Value {
        append(.dec, type(of: a), 0, a.id, f.id, 0)
    }

    /// a shifted left by n modulo 32, or 64 for an i64: out of what is narrower everything is shifted. Its flags are f for an amount of 0, else N, Z and P of the result and C the last bit out (undefined from the width on); V as x86 has it for 1, else undefined; A undefined.
    @inline(__always)
    public mutating func shlFlags(_ a: Value, _ n: Value, _ f: Value) -> Value {
        append(.shlFlags, type(of: a), 0, a.id, n.id, f.id)
    }

    /// The same to the right, zeros in.
    @inline(__always)
    public mutating func shrFlags(_ a: Value, _ n: Value, _ f: Value) -> Value {
        append(.shrFlags, type(of: a), 0, a.id, n.id, f.id)
    }

    /// The same to the right, sign in.
    @inline(__always)
    public mutating func sarFlags(_ a: Value, _ n: Value, _ f: Value) -> Value {
        append(.sarFlags, type(of: a), 0, a.id, n.id, f.id)
    }

    /// a rotated left by n modulo 32, or 64 for an i64. Its flags are f but for C, the last bit that went round, and V, as x86 has it for 1, else undefined; for an amount of 0 all are f's.
    @inline(__always)
    public mutating func rolFlags(_ a: Value, _ n: Value, _ f: Value) -> Value {
        append(.rolFlags, type(of: a), 0, a.id, n.id, f.id)
    }

    /// The same to the right.
    @inline(__always)
    public mutating func rorFlags(_ a: Value, _ n: Value, _ f: Value) -> Value {
        append(.rorFlags, type(of: a), 0, a.id, n.id, f.id)
    }

    /// The same to the left, of a with C of f above it.
    @inline(__always)
    public mutating func rcl(_ a: Value, _ n: Value, _ f: Value) -> Value {
        append(.rcl, type(of: a), 0, a.id, n.id, f.id)
    }

    /// The same to the right, of a with C of f above it.
    @inline(__always)
    public mutating func rcr(_ a: Value, _ n: Value, _ f: Value) -> Value {
        append(.rcr, type(of: a), 0, a.id, n.id, f.id)
    }

    /// Z of f, and C the bit n, modulo its width, of a, which is no i8; the others are undefined.
    @inline(__always)
    public mutating func bitToCarry(_ f: Value, _ a: Value, _ n: Value) -> Value {
        append(.bitToCarry, .flags, 0, f.id, a.id, n.id)
    }

    /// Memory at address + disp, zero- or sign-extended to T (a vector: zeros above). T is no flags. A vector's access may ask for alignment: where the address is no multiple of 16 it then faults, without an address.
    @inline(__always)
    public mutating func load(_ type: Type, _ access: MemoryAccess, _ address: Value, disp: Int32) -> Value {
        append(.load, type, access.rawValue, address.id, UInt32(bitPattern: disp), 0)
    }

    /// The low bytes of value to address + disp. Aligned as a load is.
    @inline(__always)
    public mutating func store(_ access: MemoryAccess, _ address: Value, _ value: Value, disp: Int32) {
        _ = append(.store, .none, access.rawValue, address.id, value.id, UInt32(bitPattern: disp))
    }

    /// Atomically adds value; the result is the old value, zero-extended. Sequentially consistent, as are all below.
    @discardableResult
    @inline(__always)
    public mutating func rmwAdd(_ access: MemoryAccess, _ address: Value, _ value: Value) -> Value {
        append(.rmwAdd, type(of: value), access.rawValue, address.id, value.id, 0)
    }

    /// Atomic and.
    @discardableResult
    @inline(__always)
    public mutating func rmwAnd(_ access: MemoryAccess, _ address: Value, _ value: Value) -> Value {
        append(.rmwAnd, type(of: value), access.rawValue, address.id, value.id, 0)
    }

    /// Atomic or.
    @discardableResult
    @inline(__always)
    public mutating func rmwOr(_ access: MemoryAccess, _ address: Value, _ value: Value) -> Value {
        append(.rmwOr, type(of: value), access.rawValue, address.id, value.id, 0)
    }

    /// Atomic exclusive or.
    @discardableResult
    @inline(__always)
    public mutating func rmwXor(_ access: MemoryAccess, _ address: Value, _ value: Value) -> Value {
        append(.rmwXor, type(of: value), access.rawValue, address.id, value.id, 0)
    }

    /// Atomic exchange.
    @discardableResult
    @inline(__always)
    public mutating func rmwExchange(_ access: MemoryAccess, _ address: Value, _ value: Value) -> Value {
        append(.rmwExchange, type(of: value), access.rawValue, address.id, value.id, 0)
    }

    /// Atomic signed maximum (of the memory's width).
    @discardableResult
    @inline(__always)
    public mutating func rmwMaxS(_ access: MemoryAccess, _ address: Value, _ value: Value) -> Value {
        append(.rmwMaxS, type(of: value), access.rawValue, address.id, value.id, 0)
    }

    /// Atomic signed minimum.
    @discardableResult
    @inline(__always)
    public mutating func rmwMinS(_ access: MemoryAccess, _ address: Value, _ value: Value) -> Value {
        append(.rmwMinS, type(of: value), access.rawValue, address.id, value.id, 0)
    }

    /// Atomic unsigned maximum.
    @discardableResult
    @inline(__always)
    public mutating func rmwMaxU(_ access: MemoryAccess, _ address: Value, _ value: Value) -> Value {
        append(.rmwMaxU, type(of: value), access.rawValue, address.id, value.id, 0)
    }

    /// Atomic unsigned minimum.
    @discardableResult
    @inline(__always)
    public mutating func rmwMinU(_ access: MemoryAccess, _ address: Value, _ value: Value) -> Value {
        append(.rmwMinU, type(of: value), access.rawValue, address.id, value.id, 0)
    }

    /// Stores new if memory holds expected (both cut to the memory's width); the result is the old value, zero-extended.
    @discardableResult
    @inline(__always)
    public mutating func cas(_ access: MemoryAccess, _ address: Value, _ expected: Value, _ new: Value) -> Value {
        append(.cas, type(of: expected), access.rawValue, address.id, expected.id, new.id)
    }

    /// The same over 16 bytes; address + 15 may not cross a 16-byte line.
    @discardableResult
    @inline(__always)
    public mutating func cas128(_ address: Value, _ expected: Value, _ new: Value) -> Value {
        append(.cas128, .v128, 0, address.id, expected.id, new.id)
    }

    /// The lanes of 16 bytes of memory whose lane of mask has its highest bit set; zeros elsewhere, and there memory is not touched. lane is s or d.
    @inline(__always)
    public mutating func loadMasked(_ lane: Lane, _ address: Value, _ mask: Value) -> Value {
        append(.loadMasked, .v128, lane.rawValue, address.id, mask.id, 0)
    }

    /// Lanes of value to memory likewise. lane is b, s or d.
    @inline(__always)
    public mutating func storeMasked(_ lane: Lane, _ address: Value, _ value: Value, _ mask: Value) {
        _ = append(.storeMasked, .none, lane.rawValue, address.id, value.id, mask.id)
    }

    /// Reads the port that the low 16 bits name, zero-extended. Generated code leaves it to the runtime, as it does the next one.
    @inline(__always)
    public mutating func portIn(_ type: Type, _ access: MemoryAccess, _ port: Value) -> Value {
        append(.portIn, type, access.rawValue, port.id, 0, 0)
    }

    /// Writes the low bytes of value to a port.
    @inline(__always)
    public mutating func portOut(_ access: MemoryAccess, _ port: Value, _ value: Value) {
        _ = append(.portOut, .none, access.rawValue, port.id, value.id, 0)
    }

    /// Orders all memory accesses before it with all behind it.
    @inline(__always)
    public mutating func fence() {
        _ = append(.fence, .none, 0, 0, 0, 0)
    }

    /// Executes an instruction on the unit's registers.
    @inline(__always)
    public mutating func x87(code: Int32) {
        _ = append(.x87, .none, 0, UInt32(bitPattern: code), 0, 0)
    }

    /// The same, for one that compares: its flags.
    @inline(__always)
    public mutating func x87Flags(code: Int32) -> Value {
        append(.x87Flags, .flags, 0, UInt32(bitPattern: code), 0, 0)
    }

    /// The same, for one that moves where a condition holds for f.
    @inline(__always)
    public mutating func x87Select(_ f: Value, code: Int32) {
        _ = append(.x87Select, .none, 0, f.id, UInt32(bitPattern: code), 0)
    }

    /// The same, for one that reads memory at address + disp.
    @inline(__always)
    public mutating func x87Load(_ address: Value, disp: Int32, code: Int32) {
        _ = append(.x87Load, .none, 0, address.id, UInt32(bitPattern: disp), UInt32(bitPattern: code))
    }

    /// The same, for one that writes it.
    @inline(__always)
    public mutating func x87Store(_ address: Value, disp: Int32, code: Int32) {
        _ = append(.x87Store, .none, 0, address.id, UInt32(bitPattern: disp), UInt32(bitPattern: code))
    }

    /// The status word.
    @inline(__always)
    public mutating func x87Status() -> Value {
        append(.x87Status, .i32, 0, 0, 0, 0)
    }

    /// Makes the low 16 bits the control word.
    @inline(__always)
    public mutating func x87Control(_ value: Value) {
        _ = append(.x87Control, .none, 0, value.id, 0, 0)
    }

    /// An MMX register, zeros above.
    @inline(__always)
    public mutating func mmxGet(register: Int32) -> Value {
        append(.mmxGet, .v128, 0, UInt32(bitPattern: register), 0, 0)
    }

    /// An MMX register becomes the low half.
    @inline(__always)
    public mutating func mmxSet(_ value: Value, register: Int32) {
        _ = append(.mmxSet, .none, 0, value.id, UInt32(bitPattern: register), 0)
    }

    /// What FNSAVE stores at an offset.
    @inline(__always)
    public mutating func x87Image(_ type: Type, offset: Int32) -> Value {
        append(.x87Image, type, 0, UInt32(bitPattern: offset), 0, 0)
    }

    /// Makes that another value, as FRSTOR does.
    @inline(__always)
    public mutating func x87SetImage(_ value: Value, offset: Int32) {
        _ = append(.x87SetImage, .none, 0, value.id, UInt32(bitPattern: offset), 0)
    }

    /// Bitwise and.
    @inline(__always)
    public mutating func vand(_ a: Value, _ b: Value) -> Value {
        append(.vand, .v128, 0, a.id, b.id, 0)
    }

    /// Bitwise or.
    @inline(__always)
    public mutating func vor(_ a: Value, _ b: Value) -> Value {
        append(.vor, .v128, 0, a.id, b.id, 0)
    }

    /// Bitwise exclusive or.
    @inline(__always)
    public mutating func vxor(_ a: Value, _ b: Value) -> Value {
        append(.vxor, .v128, 0, a.id, b.id, 0)
    }

    /// a and not b.
    @inline(__always)
    public mutating func vandn(_ a: Value, _ b: Value) -> Value {
        append(.vandn, .v128, 0, a.id, b.id, 0)
    }

    /// All bits inverted.
    @inline(__always)
    public mutating func vnot(_ a: Value) -> Value {
        append(.vnot, .v128, 0, a.id, 0, 0)
    }

    /// Sums of lanes.
    @inline(__always)
    public mutating func vadd(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vadd, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Differences of lanes.
    @inline(__always)
    public mutating func vsub(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vsub, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Low halves of the products of lanes.
    @inline(__always)
    public mutating func vmul(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vmul, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Lanes negated.
    @inline(__always)
    public mutating func vneg(_ lane: Lane, _ a: Value) -> Value {
        append(.vneg, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// Absolute values, modulo 2^width.
    @inline(__always)
    public mutating func vabs(_ lane: Lane, _ a: Value) -> Value {
        append(.vabs, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// Unsigned minima.
    @inline(__always)
    public mutating func vminU(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vminU, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Unsigned maxima.
    @inline(__always)
    public mutating func vmaxU(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vmaxU, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Signed minima.
    @inline(__always)
    public mutating func vminS(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vminS, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Signed maxima.
    @inline(__always)
    public mutating func vmaxS(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vmaxS, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// All ones where lanes are equal, else zero.
    @inline(__always)
    public mutating func vcmpEQ(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vcmpEQ, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// All ones where a > b, signed.
    @inline(__always)
    public mutating func vcmpGTS(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vcmpGTS, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// All ones where a > b, unsigned.
    @inline(__always)
    public mutating func vcmpGTU(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vcmpGTU, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Lanes shifted left by n, 0 <= n < width.
    @inline(__always)
    public mutating func vshl(_ lane: Lane, _ a: Value, n: Int32) -> Value {
        append(.vshl, .v128, lane.rawValue, a.id, UInt32(bitPattern: n), 0)
    }

    /// Lanes shifted right by n, zeros in, 0 <= n < width.
    @inline(__always)
    public mutating func vshr(_ lane: Lane, _ a: Value, n: Int32) -> Value {
        append(.vshr, .v128, lane.rawValue, a.id, UInt32(bitPattern: n), 0)
    }

    /// Lanes shifted right by n, sign in, 0 <= n < width.
    @inline(__always)
    public mutating func vsar(_ lane: Lane, _ a: Value, n: Int32) -> Value {
        append(.vsar, .v128, lane.rawValue, a.id, UInt32(bitPattern: n), 0)
    }

    /// The low bits of a in every lane.
    @inline(__always)
    public mutating func vsplat(_ lane: Lane, _ a: Value) -> Value {
        append(.vsplat, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// The integer in the lowest bits, zeros above.
    @inline(__always)
    public mutating func vfromInt(_ a: Value) -> Value {
        append(.vfromInt, .v128, 0, a.id, 0, 0)
    }

    /// One lane, zero-extended.
    @inline(__always)
    public mutating func vextract(_ type: Type, _ lane: Lane, _ a: Value, index: Int32) -> Value {
        append(.vextract, type, lane.rawValue, a.id, UInt32(bitPattern: index), 0)
    }

    /// a with one lane replaced by the low bits of value.
    @inline(__always)
    public mutating func vinsert(_ lane: Lane, _ a: Value, _ value: Value, index: Int32) -> Value {
        append(.vinsert, .v128, lane.rawValue, a.id, value.id, UInt32(bitPattern: index))
    }

    /// Lanes of the low halves in turn: a0 b0 a1 b1 ….
    @inline(__always)
    public mutating func vzipLow(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vzipLow, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Lanes of the high halves in turn.
    @inline(__always)
    public mutating func vzipHigh(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vzipHigh, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// The even lanes of a, then those of b.
    @inline(__always)
    public mutating func vunzipEven(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vunzipEven, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// The odd lanes of a, then those of b.
    @inline(__always)
    public mutating func vunzipOdd(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vunzipOdd, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// a with the word of b that bits 6 and 7 of how name where bits 4 and 5 name one, and zeros where bits 0 to 3 have ones.
    @inline(__always)
    public mutating func vinsertWord(_ a: Value, _ b: Value, how: Int32) -> Value {
        append(.vinsertWord, .v128, 0, a.id, b.id, UInt32(bitPattern: how))
    }

    /// Sixteen bytes of (b:a) from byte n of a on, 0 <= n < 16.
    @inline(__always)
    public mutating func vbytes(_ a: Value, _ b: Value, n: Int32) -> Value {
        append(.vbytes, .v128, 0, a.id, b.id, UInt32(bitPattern: n))
    }

    /// For each byte of index: that byte of table, or 0 where it is 16 or more.
    @inline(__always)
    public mutating func vlookup(_ table: Value, _ index: Value) -> Value {
        append(.vlookup, .v128, 0, table.id, index.id, 0)
    }

    /// The lowest lanes, each zero-extended to 2^to bytes, which is more than the lane's.
    @inline(__always)
    public mutating func vwidenU(_ lane: Lane, _ a: Value, to: Int32) -> Value {
        append(.vwidenU, .v128, lane.rawValue, a.id, UInt32(bitPattern: to), 0)
    }

    /// The lowest lanes, each sign-extended to 2^to bytes, which is more than the lane's.
    @inline(__always)
    public mutating func vwidenS(_ lane: Lane, _ a: Value, to: Int32) -> Value {
        append(.vwidenS, .v128, lane.rawValue, a.id, UInt32(bitPattern: to), 0)
    }

    /// Bits set in each byte.
    @inline(__always)
    public mutating func vpopcnt(_ a: Value) -> Value {
        append(.vpopcnt, .v128, 0, a.id, 0, 0)
    }

    /// Lanes in reverse order within groups of 2^group bytes, lane <= group <= 4.
    @inline(__always)
    public mutating func vreverse(_ lane: Lane, _ a: Value, group: Int32) -> Value {
        append(.vreverse, .v128, lane.rawValue, a.id, UInt32(bitPattern: group), 0)
    }

    /// Lane n is b's where bit n of mask is set, else a's. lane is h, s or d.
    @inline(__always)
    public mutating func vblend(_ lane: Lane, _ a: Value, _ b: Value, mask: Int32) -> Value {
        append(.vblend, .v128, lane.rawValue, a.id, b.id, UInt32(bitPattern: mask))
    }

    /// Lanes by their numbers in order, the lowest bits for the lowest lane: those of the low half are a's, those of the high half b's. A number has two bits (s) or one (d).
    @inline(__always)
    public mutating func vshuffle(_ lane: Lane, _ a: Value, _ b: Value, order: Int32) -> Value {
        append(.vshuffle, .v128, lane.rawValue, a.id, b.id, UInt32(bitPattern: order))
    }

    /// Lanes of a by the numbers in the lanes of n: bits 0 and 1 (s), or bit 1 (d).
    @inline(__always)
    public mutating func vpermute(_ lane: Lane, _ a: Value, _ n: Value) -> Value {
        append(.vpermute, .v128, lane.rawValue, a.id, n.id, 0)
    }

    /// The highest bits of the lanes, that of lane 0 lowest, zeros above. lane is b, s or d.
    @inline(__always)
    public mutating func vmask(_ lane: Lane, _ a: Value) -> Value {
        append(.vmask, .i32, lane.rawValue, a.id, 0, 0)
    }

    /// Sums, signed, saturated.
    @inline(__always)
    public mutating func vaddSatS(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vaddSatS, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Sums, unsigned, saturated.
    @inline(__always)
    public mutating func vaddSatU(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vaddSatU, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Differences, signed, saturated.
    @inline(__always)
    public mutating func vsubSatS(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vsubSatS, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Differences, unsigned, saturated.
    @inline(__always)
    public mutating func vsubSatU(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vsubSatU, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Lanes of twice the width of a, then of b, as signed numbers saturated to signed lanes. lane is the result's: b, h or s.
    @inline(__always)
    public mutating func vnarrowS(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vnarrowS, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// The same from signed numbers to unsigned lanes.
    @inline(__always)
    public mutating func vnarrowSU(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vnarrowSU, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// The same from unsigned numbers to unsigned lanes.
    @inline(__always)
    public mutating func vnarrowU(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vnarrowU, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// High halves of the doubled signed products, modulo 2^width: only of the least number and itself is that another. lane is h or s.
    @inline(__always)
    public mutating func vmulDoubleHigh(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vmulDoubleHigh, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// The same with half of the last place added before the low halves are cut off.
    @inline(__always)
    public mutating func vmulDoubleHighRound(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vmulDoubleHighRound, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Signed products of halfwords, those of neighbours added to a word, modulo 2^32.
    @inline(__always)
    public mutating func vmulAddPairs(_ a: Value, _ b: Value) -> Value {
        append(.vmulAddPairs, .v128, 0, a.id, b.id, 0)
    }

    /// Unsigned products of the even words, 64 bits each.
    @inline(__always)
    public mutating func vmulEvenU(_ a: Value, _ b: Value) -> Value {
        append(.vmulEvenU, .v128, 0, a.id, b.id, 0)
    }

    /// Signed products of the even words, 64 bits each.
    @inline(__always)
    public mutating func vmulEvenS(_ a: Value, _ b: Value) -> Value {
        append(.vmulEvenS, .v128, 0, a.id, b.id, 0)
    }

    /// The product of polynomials over {0, 1}, 64 bits by 64: of the low halves of a and b (half 0), the high ones (3), a's high one and b's low one (1), a's low one and b's high one (2).
    @inline(__always)
    public mutating func vmulCarryless(_ a: Value, _ b: Value, half: Int32) -> Value {
        append(.vmulCarryless, .v128, 0, a.id, b.id, UInt32(bitPattern: half))
    }

    /// The lowest lane in every lane.
    @inline(__always)
    public mutating func vbroadcast(_ lane: Lane, _ a: Value) -> Value {
        append(.vbroadcast, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// The halfwords of one half, the low (0) or the high one (1), in the order that pairs of bits name; the other half stays.
    @inline(__always)
    public mutating func vshuffleHalf(_ a: Value, order: Int32, half: Int32) -> Value {
        append(.vshuffleHalf, .v128, 0, a.id, UInt32(bitPattern: order), UInt32(bitPattern: half))
    }

    /// For each byte of index: 0 where its highest bit is set, else the byte of table that its low four bits name.
    @inline(__always)
    public mutating func vshuffleBytes(_ table: Value, _ index: Value) -> Value {
        append(.vshuffleBytes, .v128, 0, table.id, index.id, 0)
    }

    /// For each word of index: the word of (b:a) that its low three bits name.
    @inline(__always)
    public mutating func vpermute2(_ a: Value, _ b: Value, _ index: Value) -> Value {
        append(.vpermute2, .v128, 0, a.id, b.id, index.id)
    }

    /// The lanes of b where the highest bit of mask's is one, else those of a. lane is b, s or d.
    @inline(__always)
    public mutating func vblendSign(_ lane: Lane, _ a: Value, _ b: Value, _ mask: Value) -> Value {
        append(.vblendSign, .v128, lane.rawValue, a.id, b.id, mask.id)
    }

    /// Z where a and b have no ones in common, C where b has none that a has not; the others are clear.
    @inline(__always)
    public mutating func vtest(_ a: Value, _ b: Value) -> Value {
        append(.vtest, .flags, 0, a.id, b.id, 0)
    }

    /// Lanes shifted left by the low 64 bits of n; 0 where that is the width or more. lane is h, s or d.
    @inline(__always)
    public mutating func vshlAll(_ lane: Lane, _ a: Value, _ n: Value) -> Value {
        append(.vshlAll, .v128, lane.rawValue, a.id, n.id, 0)
    }

    /// Likewise to the right, zeros in.
    @inline(__always)
    public mutating func vshrAll(_ lane: Lane, _ a: Value, _ n: Value) -> Value {
        append(.vshrAll, .v128, lane.rawValue, a.id, n.id, 0)
    }

    /// Likewise to the right, sign in: nothing but signs where n is the width or more. lane is h or s.
    @inline(__always)
    public mutating func vsarAll(_ lane: Lane, _ a: Value, _ n: Value) -> Value {
        append(.vsarAll, .v128, lane.rawValue, a.id, n.id, 0)
    }

    /// Lanes shifted left by the lanes of n, unsigned; 0 where that is the width or more. lane is s or d.
    @inline(__always)
    public mutating func vshlEach(_ lane: Lane, _ a: Value, _ n: Value) -> Value {
        append(.vshlEach, .v128, lane.rawValue, a.id, n.id, 0)
    }

    /// Likewise to the right, zeros in.
    @inline(__always)
    public mutating func vshrEach(_ lane: Lane, _ a: Value, _ n: Value) -> Value {
        append(.vshrEach, .v128, lane.rawValue, a.id, n.id, 0)
    }

    /// Likewise to the right, sign in. lane is s.
    @inline(__always)
    public mutating func vsarEach(_ lane: Lane, _ a: Value, _ n: Value) -> Value {
        append(.vsarEach, .v128, lane.rawValue, a.id, n.id, 0)
    }

    /// Halves of the unsigned sums, rounded up. lane is b or h.
    @inline(__always)
    public mutating func vaverageU(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vaverageU, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// High halves of the signed products of halfwords.
    @inline(__always)
    public mutating func vmulHighS(_ a: Value, _ b: Value) -> Value {
        append(.vmulHighS, .v128, 0, a.id, b.id, 0)
    }

    /// High halves of the unsigned products of halfwords.
    @inline(__always)
    public mutating func vmulHighU(_ a: Value, _ b: Value) -> Value {
        append(.vmulHighU, .v128, 0, a.id, b.id, 0)
    }

    /// Products of the bytes of a, unsigned, and those of b, signed; those of neighbours added to a halfword, signed, saturated.
    @inline(__always)
    public mutating func vmulAddPairsSat(_ a: Value, _ b: Value) -> Value {
        append(.vmulAddPairsSat, .v128, 0, a.id, b.id, 0)
    }

    /// Sums of neighbours in a, then in b. lane is h or s.
    @inline(__always)
    public mutating func vaddPairs(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vaddPairs, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Differences likewise, of the even lane and the odd one.
    @inline(__always)
    public mutating func vsubPairs(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vsubPairs, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Sums of neighbouring halfwords in a, then in b, signed, saturated.
    @inline(__always)
    public mutating func vaddPairsSat(_ a: Value, _ b: Value) -> Value {
        append(.vaddPairsSat, .v128, 0, a.id, b.id, 0)
    }

    /// Differences likewise.
    @inline(__always)
    public mutating func vsubPairsSat(_ a: Value, _ b: Value) -> Value {
        append(.vsubPairsSat, .v128, 0, a.id, b.id, 0)
    }

    /// Lanes of a where b's are positive, negated where they are negative, 0 where they are 0. lane is b, h or s.
    @inline(__always)
    public mutating func vsign(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vsign, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// In each half the sum of the absolute differences of its unsigned bytes.
    @inline(__always)
    public mutating func vsumDifferences(_ a: Value, _ b: Value) -> Value {
        append(.vsumDifferences, .v128, 0, a.id, b.id, 0)
    }

    /// For each halfword n the sum of the absolute differences of four bytes of a, from byte n on, and four of b: from the word that bits 0-1 of `from` name; bit 2 starts in a at byte 4.
    @inline(__always)
    public mutating func vsumDifferences4(_ a: Value, _ b: Value, from: Int32) -> Value {
        append(.vsumDifferences4, .v128, 0, a.id, b.id, UInt32(bitPattern: from))
    }

    /// The least of the unsigned halfwords in the lowest one, the first place where it is in the next, zeros above.
    @inline(__always)
    public mutating func vminPosition(_ a: Value) -> Value {
        append(.vminPosition, .v128, 0, a.id, 0, 0)
    }

    /// x86's PCMPISTRI: ECX.
    @inline(__always)
    public mutating func vstringIndex(_ a: Value, _ b: Value, how: Int32) -> Value {
        append(.vstringIndex, .i32, 0, a.id, b.id, UInt32(bitPattern: how))
    }

    /// x86's PCMPISTRM: XMM0.
    @inline(__always)
    public mutating func vstringMask(_ a: Value, _ b: Value, how: Int32) -> Value {
        append(.vstringMask, .v128, 0, a.id, b.id, UInt32(bitPattern: how))
    }

    /// The flags of both.
    @inline(__always)
    public mutating func vstringFlags(_ a: Value, _ b: Value, how: Int32) -> Value {
        append(.vstringFlags, .flags, 0, a.id, b.id, UInt32(bitPattern: how))
    }

    /// Lanes shifted left by the low byte of the lane of n, signed: to the right, zeros in, where it is negative.
    @inline(__always)
    public mutating func vshiftU(_ lane: Lane, _ a: Value, _ n: Value) -> Value {
        append(.vshiftU, .v128, lane.rawValue, a.id, n.id, 0)
    }

    /// The same, but to the right the sign comes in.
    @inline(__always)
    public mutating func vshiftS(_ lane: Lane, _ a: Value, _ n: Value) -> Value {
        append(.vshiftS, .v128, lane.rawValue, a.id, n.id, 0)
    }

    /// For each word, as a fraction of 32 bits: the reciprocal's estimate of AArch64's URECPE.
    @inline(__always)
    public mutating func vrecipEstimateU(_ a: Value) -> Value {
        append(.vrecipEstimateU, .v128, 0, a.id, 0, 0)
    }

    /// For each word: the reciprocal square root's estimate of AArch64's URSQRTE.
    @inline(__always)
    public mutating func vrsqrtEstimateU(_ a: Value) -> Value {
        append(.vrsqrtEstimateU, .v128, 0, a.id, 0, 0)
    }

    /// For each word: c + (a0 * b0 + a1 * b1) of AArch64's BFDOT, where words of a and b are two BF16 and c is in single precision; to odd, flushed, with default NaNs, and without flags.
    @inline(__always)
    public mutating func vdotBrain(_ a: Value, _ b: Value, _ c: Value) -> Value {
        append(.vdotBrain, .v128, 0, a.id, b.id, c.id)
    }

    /// x86's PCMPESTRI and PCMPESTRM. Of `how`, word 0 is the length of a, word 1 that of b, and word 2 the immediate; bit 8 of that asks for the mask, else word 0 is the index and word 1 the flags as `flagsToBits` has them.
    @inline(__always)
    public mutating func vstringExplicit(_ a: Value, _ b: Value, _ how: Value) -> Value {
        append(.vstringExplicit, .v128, 0, a.id, b.id, how.id)
    }

    /// MixColumns(ShiftRows(SubBytes(a))) ^ key.
    @inline(__always)
    public mutating func vaesEncrypt(_ a: Value, _ key: Value) -> Value {
        append(.vaesEncrypt, .v128, 0, a.id, key.id, 0)
    }

    /// ShiftRows(SubBytes(a)) ^ key.
    @inline(__always)
    public mutating func vaesEncryptLast(_ a: Value, _ key: Value) -> Value {
        append(.vaesEncryptLast, .v128, 0, a.id, key.id, 0)
    }

    /// InvMixColumns(InvShiftRows(InvSubBytes(a))) ^ key.
    @inline(__always)
    public mutating func vaesDecrypt(_ a: Value, _ key: Value) -> Value {
        append(.vaesDecrypt, .v128, 0, a.id, key.id, 0)
    }

    /// InvShiftRows(InvSubBytes(a)) ^ key.
    @inline(__always)
    public mutating func vaesDecryptLast(_ a: Value, _ key: Value) -> Value {
        append(.vaesDecryptLast, .v128, 0, a.id, key.id, 0)
    }

    /// MixColumns(a).
    @inline(__always)
    public mutating func vaesMix(_ a: Value) -> Value {
        append(.vaesMix, .v128, 0, a.id, 0, 0)
    }

    /// InvMixColumns(a).
    @inline(__always)
    public mutating func vaesMixInverse(_ a: Value) -> Value {
        append(.vaesMixInverse, .v128, 0, a.id, 0, 0)
    }

    /// x86's AESKEYGENASSIST.
    @inline(__always)
    public mutating func vaesKeyAssist(_ a: Value, constant: Int32) -> Value {
        append(.vaesKeyAssist, .v128, 0, a.id, UInt32(bitPattern: constant), 0)
    }

    /// Four rounds of SHA-1 with its function for t < 20. w has the constants added; of e the lowest word counts.
    @inline(__always)
    public mutating func vsha1Choose(_ abcd: Value, _ e: Value, _ w: Value) -> Value {
        append(.vsha1Choose, .v128, 0, abcd.id, e.id, w.id)
    }

    /// The same with the parity function; it does not say which constant w has.
    @inline(__always)
    public mutating func vsha1Parity(_ abcd: Value, _ e: Value, _ w: Value) -> Value {
        append(.vsha1Parity, .v128, 0, abcd.id, e.id, w.id)
    }

    /// The same with the majority function.
    @inline(__always)
    public mutating func vsha1Majority(_ abcd: Value, _ e: Value, _ w: Value) -> Value {
        append(.vsha1Majority, .v128, 0, abcd.id, e.id, w.id)
    }

    /// A, B, C, D after four rounds of SHA-256. w has the constants added.
    @inline(__always)
    public mutating func vsha256Hash(_ abcd: Value, _ efgh: Value, _ w: Value) -> Value {
        append(.vsha256Hash, .v128, 0, abcd.id, efgh.id, w.id)
    }

    /// E, F, G, H after four rounds of SHA-256.
    @inline(__always)
    public mutating func vsha256Hash2(_ efgh: Value, _ abcd: Value, _ w: Value) -> Value {
        append(.vsha256Hash2, .v128, 0, efgh.id, abcd.id, w.id)
    }

    /// a + sigma0 of the words a1, a2, a3, b0.
    @inline(__always)
    public mutating func vsha256Schedule0(_ a: Value, _ b: Value) -> Value {
        append(.vsha256Schedule0, .v128, 0, a.id, b.id, 0)
    }

    /// Four words, each of which is a's and sigma1 of the word two before it; b2 and b3 stand before the first.
    @inline(__always)
    public mutating func vsha256Schedule1(_ a: Value, _ b: Value) -> Value {
        append(.vsha256Schedule1, .v128, 0, a.id, b.id, 0)
    }

    /// x86's SHA1RNDS4: A, which is the highest word, to D after four rounds; function says which ones.
    @inline(__always)
    public mutating func vsha1Rounds4(_ a: Value, _ b: Value, function: Int32) -> Value {
        append(.vsha1Rounds4, .v128, 0, a.id, b.id, UInt32(bitPattern: function))
    }

    /// x86's SHA1NEXTE.
    @inline(__always)
    public mutating func vsha1NextE(_ a: Value, _ b: Value) -> Value {
        append(.vsha1NextE, .v128, 0, a.id, b.id, 0)
    }

    /// x86's SHA1MSG1.
    @inline(__always)
    public mutating func vsha1Schedule0(_ a: Value, _ b: Value) -> Value {
        append(.vsha1Schedule0, .v128, 0, a.id, b.id, 0)
    }

    /// x86's SHA1MSG2.
    @inline(__always)
    public mutating func vsha1Schedule1(_ a: Value, _ b: Value) -> Value {
        append(.vsha1Schedule1, .v128, 0, a.id, b.id, 0)
    }

    /// x86's SHA256RNDS2: of C, D, G, H in a and A, B, E, F in b, the first the highest word, A, B, E, F after two rounds.
    @inline(__always)
    public mutating func vsha256Rounds2(_ a: Value, _ b: Value, _ w: Value) -> Value {
        append(.vsha256Rounds2, .v128, 0, a.id, b.id, w.id)
    }

    /// AArch64's SM3PARTW1 of a (Vd), b (Vn) and c (Vm).
    @inline(__always)
    public mutating func vsm3Part1(_ a: Value, _ b: Value, _ c: Value) -> Value {
        append(.vsm3Part1, .v128, 0, a.id, b.id, c.id)
    }

    /// SM3PARTW2 likewise.
    @inline(__always)
    public mutating func vsm3Part2(_ a: Value, _ b: Value, _ c: Value) -> Value {
        append(.vsm3Part2, .v128, 0, a.id, b.id, c.id)
    }

    /// SM3SS1 of a (Vn), b (Vm) and c (Va).
    @inline(__always)
    public mutating func vsm3Sum(_ a: Value, _ b: Value, _ c: Value) -> Value {
        append(.vsm3Sum, .v128, 0, a.id, b.id, c.id)
    }

    /// SM3TT1A of a (Vd), b (Vn) and the lowest word of c.
    @inline(__always)
    public mutating func vsm3Round1A(_ a: Value, _ b: Value, _ c: Value) -> Value {
        append(.vsm3Round1A, .v128, 0, a.id, b.id, c.id)
    }

    /// SM3TT1B likewise.
    @inline(__always)
    public mutating func vsm3Round1B(_ a: Value, _ b: Value, _ c: Value) -> Value {
        append(.vsm3Round1B, .v128, 0, a.id, b.id, c.id)
    }

    /// SM3TT2A likewise.
    @inline(__always)
    public mutating func vsm3Round2A(_ a: Value, _ b: Value, _ c: Value) -> Value {
        append(.vsm3Round2A, .v128, 0, a.id, b.id, c.id)
    }

    /// SM3TT2B likewise.
    @inline(__always)
    public mutating func vsm3Round2B(_ a: Value, _ b: Value, _ c: Value) -> Value {
        append(.vsm3Round2B, .v128, 0, a.id, b.id, c.id)
    }

    /// Four rounds of SM4 on a with the round keys b.
    @inline(__always)
    public mutating func vsm4Encrypt(_ a: Value, _ b: Value) -> Value {
        append(.vsm4Encrypt, .v128, 0, a.id, b.id, 0)
    }

    /// Four round keys of SM4 from the four before them, a, and constants, b.
    @inline(__always)
    public mutating func vsm4Key(_ a: Value, _ b: Value) -> Value {
        append(.vsm4Key, .v128, 0, a.id, b.id, 0)
    }

    /// Sum.
    @inline(__always)
    public mutating func fadd(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.fadd, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Difference.
    @inline(__always)
    public mutating func fsub(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.fsub, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Product.
    @inline(__always)
    public mutating func fmul(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.fmul, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Quotient.
    @inline(__always)
    public mutating func fdiv(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.fdiv, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Maximum; -0 is less than +0.
    @inline(__always)
    public mutating func fmax(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.fmax, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Minimum; likewise.
    @inline(__always)
    public mutating func fmin(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.fmin, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Maximum; a number goes before a quiet NaN.
    @inline(__always)
    public mutating func fmaxNumber(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.fmaxNumber, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Minimum; likewise.
    @inline(__always)
    public mutating func fminNumber(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.fminNumber, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Square root.
    @inline(__always)
    public mutating func fsqrt(_ lane: Lane, _ a: Value) -> Value {
        append(.fsqrt, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// Rounded to an integral value: to nearest even (0), down (1), up (2), to zero (3), ties away from zero (4), as the control word says (5); 8 more where that may be inexact.
    @inline(__always)
    public mutating func fround(_ lane: Lane, _ a: Value, mode: Int32) -> Value {
        append(.fround, .v128, lane.rawValue, a.id, UInt32(bitPattern: mode), 0)
    }

    /// a * b + c, rounded once. c comes first among NaNs; infinity times zero is invalid even if c is a quiet NaN.
    @inline(__always)
    public mutating func fmulAdd(_ lane: Lane, _ a: Value, _ b: Value, _ c: Value) -> Value {
        append(.fmulAdd, .v128, lane.rawValue, a.id, b.id, c.id)
    }

    /// N and C where a < b, Z where they are equal, V where one is a NaN, none where a > b. With 1 as `signals` a quiet NaN is invalid, too.
    @inline(__always)
    public mutating func fcompare(_ lane: Lane, _ a: Value, _ b: Value, signals: Int32) -> Value {
        append(.fcompare, .flags, lane.rawValue, a.id, b.id, UInt32(bitPattern: signals))
    }

    /// Rounded to a signed integer, i32 or i64; saturated; 0 of a NaN. The lane is the source's. The mode is that of fround and, from bit 8, how many bits of the integer are fraction.
    @inline(__always)
    public mutating func ftointS(_ type: Type, _ lane: Lane, _ a: Value, mode: Int32) -> Value {
        append(.ftointS, type, lane.rawValue, a.id, UInt32(bitPattern: mode), 0)
    }

    /// Rounded to an unsigned integer likewise.
    @inline(__always)
    public mutating func ftointU(_ type: Type, _ lane: Lane, _ a: Value, mode: Int32) -> Value {
        append(.ftointU, type, lane.rawValue, a.id, UInt32(bitPattern: mode), 0)
    }

    /// A signed i32 or i64, rounded to the lane. `fraction` bits of it are fraction, which is for the lane h only.
    @inline(__always)
    public mutating func fromIntS(_ lane: Lane, _ a: Value, fraction: Int32) -> Value {
        append(.fromIntS, .v128, lane.rawValue, a.id, UInt32(bitPattern: fraction), 0)
    }

    /// An unsigned i32 or i64, rounded likewise.
    @inline(__always)
    public mutating func fromIntU(_ lane: Lane, _ a: Value, fraction: Int32) -> Value {
        append(.fromIntU, .v128, lane.rawValue, a.id, UInt32(bitPattern: fraction), 0)
    }

    /// The format changed from the lane's to that of 2^to bytes: h (1), s (2) or d (3), another than the lane's. Here the lane may be h.
    @inline(__always)
    public mutating func fconvert(_ lane: Lane, _ a: Value, to: Int32) -> Value {
        append(.fconvert, .v128, lane.rawValue, a.id, UInt32(bitPattern: to), 0)
    }

    /// Product; of infinity and zero it is 2 with the product's sign.
    @inline(__always)
    public mutating func fmulExtended(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.fmulExtended, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// 2 - a * b, rounded once; -a comes first among NaNs; 2 of infinity and zero.
    @inline(__always)
    public mutating func frecipStep(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.frecipStep, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// (3 - a * b) / 2 likewise; 1.5 of infinity and zero.
    @inline(__always)
    public mutating func frsqrtStep(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.frsqrtStep, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// The reciprocal's estimate of AArch64's FRECPE, 8 bits.
    @inline(__always)
    public mutating func frecipEstimate(_ lane: Lane, _ a: Value) -> Value {
        append(.frecipEstimate, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// The reciprocal square root's estimate of AArch64's FRSQRTE.
    @inline(__always)
    public mutating func frsqrtEstimate(_ lane: Lane, _ a: Value) -> Value {
        append(.frsqrtEstimate, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// A power of two about the reciprocal of a: AArch64's FRECPX.
    @inline(__always)
    public mutating func frecipExponent(_ lane: Lane, _ a: Value) -> Value {
        append(.frecipExponent, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// Rounded to an integral value that fits 32 bits (kind bit 1 clear) or 64, to zero (bit 0 clear) or as the control word says; else the least integer.
    @inline(__always)
    public mutating func froundInteger(_ lane: Lane, _ a: Value, kind: Int32) -> Value {
        append(.froundInteger, .v128, lane.rawValue, a.id, UInt32(bitPattern: kind), 0)
    }

    /// From d, which the lane is, to s: what is not exact becomes the neighbour with an odd significand, also instead of infinity.
    @inline(__always)
    public mutating func fconvertOdd(_ lane: Lane, _ a: Value) -> Value {
        append(.fconvertOdd, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// From d, which the lane is, truncated: the low 32 bits of the integer, and bit 32 set if that is the same number with the same sign. 0 of NaNs and infinities.
    @inline(__always)
    public mutating func ftointModulo(_ lane: Lane, _ a: Value) -> Value {
        append(.ftointModulo, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// Sums.
    @inline(__always)
    public mutating func vfadd(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vfadd, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Differences.
    @inline(__always)
    public mutating func vfsub(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vfsub, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Products.
    @inline(__always)
    public mutating func vfmul(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vfmul, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Quotients.
    @inline(__always)
    public mutating func vfdiv(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vfdiv, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Maxima; -0 is less than +0.
    @inline(__always)
    public mutating func vfmax(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vfmax, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Minima; likewise.
    @inline(__always)
    public mutating func vfmin(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vfmin, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Maxima; a number goes before a quiet NaN.
    @inline(__always)
    public mutating func vfmaxNumber(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vfmaxNumber, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Minima; likewise.
    @inline(__always)
    public mutating func vfminNumber(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vfminNumber, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// Square roots.
    @inline(__always)
    public mutating func vfsqrt(_ lane: Lane, _ a: Value) -> Value {
        append(.vfsqrt, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// Rounded to integral values.
    @inline(__always)
    public mutating func vfround(_ lane: Lane, _ a: Value, mode: Int32) -> Value {
        append(.vfround, .v128, lane.rawValue, a.id, UInt32(bitPattern: mode), 0)
    }

    /// a * b + c as fmulAdd has it.
    @inline(__always)
    public mutating func vfmulAdd(_ lane: Lane, _ a: Value, _ b: Value, _ c: Value) -> Value {
        append(.vfmulAdd, .v128, lane.rawValue, a.id, b.id, c.id)
    }

    /// All ones where lanes are equal, else zero.
    @inline(__always)
    public mutating func vfcmpEQ(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vfcmpEQ, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// All ones where a >= b, else zero.
    @inline(__always)
    public mutating func vfcmpGE(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vfcmpGE, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// All ones where a > b, else zero.
    @inline(__always)
    public mutating func vfcmpGT(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vfcmpGT, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// To signed integers of the same width, as ftointS has it.
    @inline(__always)
    public mutating func vftointS(_ lane: Lane, _ a: Value, mode: Int32) -> Value {
        append(.vftointS, .v128, lane.rawValue, a.id, UInt32(bitPattern: mode), 0)
    }

    /// To unsigned integers of the same width.
    @inline(__always)
    public mutating func vftointU(_ lane: Lane, _ a: Value, mode: Int32) -> Value {
        append(.vftointU, .v128, lane.rawValue, a.id, UInt32(bitPattern: mode), 0)
    }

    /// From signed integers of the same width, as fromIntS has it.
    @inline(__always)
    public mutating func vfromIntS(_ lane: Lane, _ a: Value, fraction: Int32) -> Value {
        append(.vfromIntS, .v128, lane.rawValue, a.id, UInt32(bitPattern: fraction), 0)
    }

    /// From unsigned integers of the same width.
    @inline(__always)
    public mutating func vfromIntU(_ lane: Lane, _ a: Value, fraction: Int32) -> Value {
        append(.vfromIntU, .v128, lane.rawValue, a.id, UInt32(bitPattern: fraction), 0)
    }

    /// The format changed as fconvert has it, to twice the width (of the low half) or to half of it (with zeros above).
    @inline(__always)
    public mutating func vfconvert(_ lane: Lane, _ a: Value, to: Int32) -> Value {
        append(.vfconvert, .v128, lane.rawValue, a.id, UInt32(bitPattern: to), 0)
    }

    /// The products of the lanes of the low halves, which are h, added to lanes of c, which are s; rounded once, NaNs as fmulAdd has them.
    @inline(__always)
    public mutating func vfmulAddWide(_ lane: Lane, _ a: Value, _ b: Value, _ c: Value) -> Value {
        append(.vfmulAddWide, .v128, lane.rawValue, a.id, b.id, c.id)
    }

    /// Products as fmulExtended has them.
    @inline(__always)
    public mutating func vfmulExtended(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vfmulExtended, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// As frecipStep.
    @inline(__always)
    public mutating func vfrecipStep(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vfrecipStep, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// As frsqrtStep.
    @inline(__always)
    public mutating func vfrsqrtStep(_ lane: Lane, _ a: Value, _ b: Value) -> Value {
        append(.vfrsqrtStep, .v128, lane.rawValue, a.id, b.id, 0)
    }

    /// As frecipEstimate.
    @inline(__always)
    public mutating func vfrecipEstimate(_ lane: Lane, _ a: Value) -> Value {
        append(.vfrecipEstimate, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// As frsqrtEstimate.
    @inline(__always)
    public mutating func vfrsqrtEstimate(_ lane: Lane, _ a: Value) -> Value {
        append(.vfrsqrtEstimate, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// As froundInteger.
    @inline(__always)
    public mutating func vfroundInteger(_ lane: Lane, _ a: Value, kind: Int32) -> Value {
        append(.vfroundInteger, .v128, lane.rawValue, a.id, UInt32(bitPattern: kind), 0)
    }

    /// As fconvertOdd, to the low half, with zeros above.
    @inline(__always)
    public mutating func vfconvertOdd(_ lane: Lane, _ a: Value) -> Value {
        append(.vfconvertOdd, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// From s, which the lane is, to BF16, the upper half of s, in the low half, with zeros above.
    @inline(__always)
    public mutating func vfconvertBrain(_ lane: Lane, _ a: Value) -> Value {
        append(.vfconvertBrain, .v128, lane.rawValue, a.id, 0, 0)
    }

    /// The flags of all operations since they were cleared: invalid (1), divided by zero (2), overflow (4), underflow (8), inexact (16), subnormal operand (32; of SSE), or flushed (128).
    @inline(__always)
    public mutating func floatFlags() -> Value {
        append(.floatFlags, .i32, 0, 0, 0, 0)
    }

    /// Clears them. Ends its unit, so that nothing behind it is shared with what is before.
    @inline(__always)
    public mutating func clearFloatFlags() {
        _ = append(.clearFloatFlags, .none, 0, 0, 0, 0)
    }

    /// Sums.
    @inline(__always)
    public mutating func sseAdd(_ format: FloatFormat, _ a: Value, _ b: Value) -> Value {
        append(.sseAdd, .v128, format.rawValue, a.id, b.id, 0)
    }

    /// Differences.
    @inline(__always)
    public mutating func sseSub(_ format: FloatFormat, _ a: Value, _ b: Value) -> Value {
        append(.sseSub, .v128, format.rawValue, a.id, b.id, 0)
    }

    /// Products.
    @inline(__always)
    public mutating func sseMul(_ format: FloatFormat, _ a: Value, _ b: Value) -> Value {
        append(.sseMul, .v128, format.rawValue, a.id, b.id, 0)
    }

    /// Quotients.
    @inline(__always)
    public mutating func sseDiv(_ format: FloatFormat, _ a: Value, _ b: Value) -> Value {
        append(.sseDiv, .v128, format.rawValue, a.id, b.id, 0)
    }

    /// a where it is less than b, else b.
    @inline(__always)
    public mutating func sseMin(_ format: FloatFormat, _ a: Value, _ b: Value) -> Value {
        append(.sseMin, .v128, format.rawValue, a.id, b.id, 0)
    }

    /// a where it is greater than b, else b.
    @inline(__always)
    public mutating func sseMax(_ format: FloatFormat, _ a: Value, _ b: Value) -> Value {
        append(.sseMax, .v128, format.rawValue, a.id, b.id, 0)
    }

    /// Square roots of b.
    @inline(__always)
    public mutating func sseSqrt(_ format: FloatFormat, _ a: Value, _ b: Value) -> Value {
        append(.sseSqrt, .v128, format.rawValue, a.id, b.id, 0)
    }

    /// Reciprocals of b, as the host approximates them. The format is ss or ps.
    @inline(__always)
    public mutating func sseReciprocal(_ format: FloatFormat, _ a: Value, _ b: Value) -> Value {
        append(.sseReciprocal, .v128, format.rawValue, a.id, b.id, 0)
    }

    /// Reciprocals of the square roots of b likewise.
    @inline(__always)
    public mutating func sseReciprocalRoot(_ format: FloatFormat, _ a: Value, _ b: Value) -> Value {
        append(.sseReciprocalRoot, .v128, format.rawValue, a.id, b.id, 0)
    }

    /// Differences of even lanes, sums of odd ones. Packed.
    @inline(__always)
    public mutating func sseAddSub(_ format: FloatFormat, _ a: Value, _ b: Value) -> Value {
        append(.sseAddSub, .v128, format.rawValue, a.id, b.id, 0)
    }

    /// Sums of neighbours in a, then in b. Packed.
    @inline(__always)
    public mutating func sseAddPairs(_ format: FloatFormat, _ a: Value, _ b: Value) -> Value {
        append(.sseAddPairs, .v128, format.rawValue, a.id, b.id, 0)
    }

    /// Differences likewise.
    @inline(__always)
    public mutating func sseSubPairs(_ format: FloatFormat, _ a: Value, _ b: Value) -> Value {
        append(.sseSubPairs, .v128, format.rawValue, a.id, b.id, 0)
    }

    /// b rounded to integral values: to nearest even (0), down (1), up (2), to zero (3), as the control word says (4); 8 more where it is not inexact.
    @inline(__always)
    public mutating func sseRound(_ format: FloatFormat, _ a: Value, _ b: Value, mode: Int32) -> Value {
        append(.sseRound, .v128, format.rawValue, a.id, b.id, UInt32(bitPattern: mode))
    }

    /// All ones where the predicate holds, else zero: one of VCMPPS's 32.
    @inline(__always)
    public mutating func sseCompare(_ format: FloatFormat, _ a: Value, _ b: Value, predicate: Int32) -> Value {
        append(.sseCompare, .v128, format.rawValue, a.id, b.id, UInt32(bitPattern: predicate))
    }

    /// Of scalars: Z where they are equal, C where a is less, all three of Z, P and C where one is a NaN. With 1 as `signals` a quiet NaN is invalid, too.
    @inline(__always)
    public mutating func sseOrder(_ format: FloatFormat, _ a: Value, _ b: Value, signals: Int32) -> Value {
        append(.sseOrder, .flags, format.rawValue, a.id, b.id, UInt32(bitPattern: signals))
    }

    /// A scalar as a signed integer, i32 or i64, rounded as the control word says or (1) truncated; the least integer where it does not fit.
    @inline(__always)
    public mutating func sseToInt(_ type: Type, _ format: FloatFormat, _ a: Value, truncates: Int32) -> Value {
        append(.sseToInt, type, format.rawValue, a.id, UInt32(bitPattern: truncates), 0)
    }

    /// A signed integer, i32 or i64, as a scalar.
    @inline(__always)
    public mutating func sseFromInt(_ format: FloatFormat, _ a: Value, _ b: Value) -> Value {
        append(.sseFromInt, .v128, format.rawValue, a.id, b.id, 0)
    }

    /// Packed numbers as signed words, as sseToInt has them; of doubles in the low half, with zeros above.
    @inline(__always)
    public mutating func sseToWords(_ format: FloatFormat, _ a: Value, truncates: Int32) -> Value {
        append(.sseToWords, .v128, format.rawValue, a.id, UInt32(bitPattern: truncates), 0)
    }

    /// Signed words, or the two low ones, as packed numbers of the format.
    @inline(__always)
    public mutating func sseFromWords(_ format: FloatFormat, _ a: Value) -> Value {
        append(.sseFromWords, .v128, format.rawValue, a.id, 0, 0)
    }

    /// A scalar of the format, b, in the other precision.
    @inline(__always)
    public mutating func sseConvert(_ format: FloatFormat, _ a: Value, _ b: Value) -> Value {
        append(.sseConvert, .v128, format.rawValue, a.id, b.id, 0)
    }

    /// Packed numbers of the format in the other precision: the low two, or to the low half, with zeros above.
    @inline(__always)
    public mutating func sseConvertLanes(_ format: FloatFormat, _ a: Value) -> Value {
        append(.sseConvertLanes, .v128, format.rawValue, a.id, 0, 0)
    }

    /// The four low numbers in half precision in single precision (ps).
    @inline(__always)
    public mutating func sseFromHalf(_ format: FloatFormat, _ a: Value) -> Value {
        append(.sseFromHalf, .v128, format.rawValue, a.id, 0, 0)
    }

    /// Numbers in single precision (ps) in half precision in the low half, with zeros above, rounded as sseRound has it for modes 0 to 4.
    @inline(__always)
    public mutating func sseToHalf(_ format: FloatFormat, _ a: Value, mode: Int32) -> Value {
        append(.sseToHalf, .v128, format.rawValue, a.id, UInt32(bitPattern: mode), 0)
    }

    /// FMA's instruction of the operands a, b and c: VFMADD132SS is madd132ss. A factor comes before the addend among NaNs.
    @inline(__always)
    public mutating func sseFused(_ operation: FusedOperation, _ a: Value, _ b: Value, _ c: Value) -> Value {
        append(.sseFused, .v128, operation.rawValue, a.id, b.id, c.id)
    }
}
