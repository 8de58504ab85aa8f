// Generated from Spec/ir.ops by Scripts/generators/ir_ops.py; do not edit.

/// What an instruction does. Each case's meaning is that of its row in Spec/ir.ops.
public enum Opcode: UInt16, Sendable {
    // Structure
    /// Nothing; what a pass leaves where it removed an instruction.
    case nop
    /// Start of the guest instruction at pc. What follows, to the next mark, belongs to it.
    case instruction
    /// The value a. Passes leave it in place of an instruction that turned out to be another value.
    case copy
    /// The next parameter of the block; all parameters stand at its start.
    case param
    /// The low bits of value. Of flags: the bits as `flagsToBits` gives them. No vector: that is vconst.
    case const
    /// The 128 bits of four pool words, the lowest first.
    case vconst
    // Guest state
    /// The value of slot s.
    case get
    /// Binds slot s to value. A binding, not a store: it reaches memory only if somebody can look (an exit, or eviction); until then faults find the value where it is.
    case set
    /// At the start of a block: every edge into the block guarantees that slot s has this value, so the slot need not be at home.
    case bind
    // Integers
    /// a + b, modulo 2^width.
    case add
    /// a - b, modulo 2^width.
    case sub
    /// a + b + C(f).
    case adc
    /// a - b - C(f): C is a borrow.
    case sbc
    /// Bitwise and.
    case and
    /// Bitwise or.
    case or
    /// Bitwise exclusive or.
    case xor
    /// a and not b.
    case andn
    /// All bits of a inverted.
    case not
    /// 0 - a.
    case neg
    /// Low half of the product.
    case mul
    /// High half of the unsigned product.
    case mulhu
    /// High half of the signed product.
    case mulhs
    /// Unsigned quotient; 0 where b is 0.
    case udiv
    /// Signed quotient, rounded to zero; 0 where b is 0, a where b is -1 and a the least number.
    case sdiv
    /// The unsigned quotient of (high:low) and b, i32 or i64; 0 where b is 0 or the quotient does not fit, which is where high >= b.
    case udivWide
    /// a shifted left by n modulo width.
    case shl
    /// a shifted right by n modulo width, zeros in.
    case shr
    /// a shifted right by n modulo width, sign in.
    case sar
    /// a rotated right by n modulo width.
    case ror
    /// a with the low bits of part, as many as the source type has (i8 or i16, narrower than T), in place of its own from bit at on.
    case insert
    /// The low half of (high:low) shifted right by n, 0 < n < width.
    case extract2
    /// The low bits of a, as many as the source type has, zero-extended. a is at least that wide.
    case zext
    /// The low bits of a, as many as the source type has, sign-extended. a is at least that wide.
    case sext
    /// The low bits of a, which is wider.
    case trunc
    /// Bytes in reverse order.
    case bswap
    /// The low bits of a, in order, where mask has ones; zeros elsewhere.
    case pdep
    /// The bits of a where mask has ones, side by side from bit 0 on.
    case pext
    /// Bits in reverse order.
    case bitreverse
    /// Leading zeros; the width where a is 0.
    case clz
    /// Trailing zeros; the width where a is 0.
    case ctz
    /// Bits that are set.
    case popcnt
    /// CRC-32 (0x04C11DB7, reflected, no inversion) of crc over the low 2^size bytes of data.
    case crc32
    /// CRC-32C (0x1EDC6F41) likewise.
    case crc32c
    // Flags
    /// The flags of the instruction a, which stands earlier in the same block and is one of add sub adc sbc and or xor andn neg mul, or of those that keep flags: N, Z, C (carry; borrow of a subtraction), V, P, A as x86 sets them. Logic: C = V = A = 0; of andn P and A are undefined. mul, which is no i8: C and V where the signed product does not fit, the others are undefined.
    case flags
    /// f with C inverted.
    case cmc
    /// N bit 15, Z 14, A 12, P 10, C 8, V 0; bit 9 is one, the others are zero.
    case flagsToBits
    /// The inverse; bits that are no flag are ignored.
    case bitsToFlags
    /// 1 where the condition holds for f, else 0.
    case cset
    /// a where the condition holds for f, else b. With T = flags: whole flags.
    case select
    // Kept flags
    /// a + 1. Its flags are those of that sum, with C of f.
    case inc
    /// a - 1. Its flags are those of that difference, with C of f.
    case dec
    /// a shifted left by n modulo 32, or 64 for an i64: out of what is narrower everything is shifted. Its flags are f for an amount of 0, else N, Z and P of the result and C the last bit out (undefined from the width on); V as x86 has it for 1, else undefined; A undefined.
    case shlFlags
    /// The same to the right, zeros in.
    case shrFlags
    /// The same to the right, sign in.
    case sarFlags
    /// a rotated left by n modulo 32, or 64 for an i64. Its flags are f but for C, the last bit that went round, and V, as x86 has it for 1, else undefined; for an amount of 0 all are f's.
    case rolFlags
    /// The same to the right.
    case rorFlags
    /// The same to the left, of a with C of f above it.
    case rcl
    /// The same to the right, of a with C of f above it.
    case rcr
    /// Z of f, and C the bit n, modulo its width, of a, which is no i8; the others are undefined.
    case bitToCarry
    // Memory
    /// Memory at address + disp, zero- or sign-extended to T (a vector: zeros above). T is no flags. A vector's access may ask for alignment: where the address is no multiple of 16 it then faults, without an address.
    case load
    /// The low bytes of value to address + disp. Aligned as a load is.
    case store
    /// Atomically adds value; the result is the old value, zero-extended. Sequentially consistent, as are all below.
    case rmwAdd
    /// Atomic and.
    case rmwAnd
    /// Atomic or.
    case rmwOr
    /// Atomic exclusive or.
    case rmwXor
    /// Atomic exchange.
    case rmwExchange
    /// Atomic signed maximum (of the memory's width).
    case rmwMaxS
    /// Atomic signed minimum.
    case rmwMinS
    /// Atomic unsigned maximum.
    case rmwMaxU
    /// Atomic unsigned minimum.
    case rmwMinU
    /// Stores new if memory holds expected (both cut to the memory's width); the result is the old value, zero-extended.
    case cas
    /// The same over 16 bytes; address + 15 may not cross a 16-byte line.
    case cas128
    /// The lanes of 16 bytes of memory whose lane of mask has its highest bit set; zeros elsewhere, and there memory is not touched. lane is s or d.
    case loadMasked
    /// Lanes of value to memory likewise. lane is b, s or d.
    case storeMasked
    /// Reads the port that the low 16 bits name, zero-extended. Generated code leaves it to the runtime, as it does the next one.
    case portIn
    /// Writes the low bytes of value to a port.
    case portOut
    /// Orders all memory accesses before it with all behind it.
    case fence
    // Control
    /// Goes to a block of this unit.
    case jump
    /// Goes to then where the condition holds for f, to else otherwise.
    case branch
    /// Leaves the unit for the guest address pc. Hint call: the pool holds the guest's return address.
    case exitJump
    /// Leaves the unit for the guest address in a value.
    case exitIndirect
    /// Leaves generated code for the runtime, which gives the embedder the reason; the guest's pc is then pc.
    case exitTrap
    // Helpers
    /// Calls the named host function, which sees no guest state.
    case call
    // x87 and MMX
    /// Executes an instruction on the unit's registers.
    case x87
    /// The same, for one that compares: its flags.
    case x87Flags
    /// The same, for one that moves where a condition holds for f.
    case x87Select
    /// The same, for one that reads memory at address + disp.
    case x87Load
    /// The same, for one that writes it.
    case x87Store
    /// The status word.
    case x87Status
    /// Makes the low 16 bits the control word.
    case x87Control
    /// An MMX register, zeros above.
    case mmxGet
    /// An MMX register becomes the low half.
    case mmxSet
    /// What FNSAVE stores at an offset.
    case x87Image
    /// Makes that another value, as FRSTOR does.
    case x87SetImage
    // Vectors
    /// Bitwise and.
    case vand
    /// Bitwise or.
    case vor
    /// Bitwise exclusive or.
    case vxor
    /// a and not b.
    case vandn
    /// All bits inverted.
    case vnot
    /// Sums of lanes.
    case vadd
    /// Differences of lanes.
    case vsub
    /// Low halves of the products of lanes.
    case vmul
    /// Lanes negated.
    case vneg
    /// Absolute values, modulo 2^width.
    case vabs
    /// Unsigned minima.
    case vminU
    /// Unsigned maxima.
    case vmaxU
    /// Signed minima.
    case vminS
    /// Signed maxima.
    case vmaxS
    /// All ones where lanes are equal, else zero.
    case vcmpEQ
    /// All ones where a > b, signed.
    case vcmpGTS
    /// All ones where a > b, unsigned.
    case vcmpGTU
    /// Lanes shifted left by n, 0 <= n < width.
    case vshl
    /// Lanes shifted right by n, zeros in, 0 <= n < width.
    case vshr
    /// Lanes shifted right by n, sign in, 0 <= n < width.
    case vsar
    /// The low bits of a in every lane.
    case vsplat
    /// The integer in the lowest bits, zeros above.
    case vfromInt
    /// One lane, zero-extended.
    case vextract
    /// a with one lane replaced by the low bits of value.
    case vinsert
    /// Lanes of the low halves in turn: a0 b0 a1 b1 ….
    case vzipLow
    /// Lanes of the high halves in turn.
    case vzipHigh
    /// The even lanes of a, then those of b.
    case vunzipEven
    /// The odd lanes of a, then those of b.
    case vunzipOdd
    /// a with the word of b that bits 6 and 7 of how name where bits 4 and 5 name one, and zeros where bits 0 to 3 have ones.
    case vinsertWord
    /// Sixteen bytes of (b:a) from byte n of a on, 0 <= n < 16.
    case vbytes
    /// For each byte of index: that byte of table, or 0 where it is 16 or more.
    case vlookup
    /// The lowest lanes, each zero-extended to 2^to bytes, which is more than the lane's.
    case vwidenU
    /// The lowest lanes, each sign-extended to 2^to bytes, which is more than the lane's.
    case vwidenS
    /// Bits set in each byte.
    case vpopcnt
    /// Lanes in reverse order within groups of 2^group bytes, lane <= group <= 4.
    case vreverse
    /// Lane n is b's where bit n of mask is set, else a's. lane is h, s or d.
    case vblend
    /// Lanes by their numbers in order, the lowest bits for the lowest lane: those of the low half are a's, those of the high half b's. A number has two bits (s) or one (d).
    case vshuffle
    /// Lanes of a by the numbers in the lanes of n: bits 0 and 1 (s), or bit 1 (d).
    case vpermute
    /// The highest bits of the lanes, that of lane 0 lowest, zeros above. lane is b, s or d.
    case vmask
    /// Sums, signed, saturated.
    case vaddSatS
    /// Sums, unsigned, saturated.
    case vaddSatU
    /// Differences, signed, saturated.
    case vsubSatS
    /// Differences, unsigned, saturated.
    case vsubSatU
    /// Lanes of twice the width of a, then of b, as signed numbers saturated to signed lanes. lane is the result's: b, h or s.
    case vnarrowS
    /// The same from signed numbers to unsigned lanes.
    case vnarrowSU
    /// The same from unsigned numbers to unsigned lanes.
    case vnarrowU
    /// High halves of the doubled signed products, modulo 2^width: only of the least number and itself is that another. lane is h or s.
    case vmulDoubleHigh
    /// The same with half of the last place added before the low halves are cut off.
    case vmulDoubleHighRound
    /// Signed products of halfwords, those of neighbours added to a word, modulo 2^32.
    case vmulAddPairs
    /// Unsigned products of the even words, 64 bits each.
    case vmulEvenU
    /// Signed products of the even words, 64 bits each.
    case vmulEvenS
    /// The product of polynomials over {0, 1}, 64 bits by 64: of the low halves of a and b (half 0), the high ones (3), a's high one and b's low one (1), a's low one and b's high one (2).
    case vmulCarryless
    /// The lowest lane in every lane.
    case vbroadcast
    /// The halfwords of one half, the low (0) or the high one (1), in the order that pairs of bits name; the other half stays.
    case vshuffleHalf
    /// For each byte of index: 0 where its highest bit is set, else the byte of table that its low four bits name.
    case vshuffleBytes
    /// For each word of index: the word of (b:a) that its low three bits name.
    case vpermute2
    /// The lanes of b where the highest bit of mask's is one, else those of a. lane is b, s or d.
    case vblendSign
    /// Z where a and b have no ones in common, C where b has none that a has not; the others are clear.
    case vtest
    /// Lanes shifted left by the low 64 bits of n; 0 where that is the width or more. lane is h, s or d.
    case vshlAll
    /// Likewise to the right, zeros in.
    case vshrAll
    /// Likewise to the right, sign in: nothing but signs where n is the width or more. lane is h or s.
    case vsarAll
    /// Lanes shifted left by the lanes of n, unsigned; 0 where that is the width or more. lane is s or d.
    case vshlEach
    /// Likewise to the right, zeros in.
    case vshrEach
    /// Likewise to the right, sign in. lane is s.
    case vsarEach
    /// Halves of the unsigned sums, rounded up. lane is b or h.
    case vaverageU
    /// High halves of the signed products of halfwords.
    case vmulHighS
    /// High halves of the unsigned products of halfwords.
    case vmulHighU
    /// Products of the bytes of a, unsigned, and those of b, signed; those of neighbours added to a halfword, signed, saturated.
    case vmulAddPairsSat
    /// Sums of neighbours in a, then in b. lane is h or s.
    case vaddPairs
    /// Differences likewise, of the even lane and the odd one.
    case vsubPairs
    /// Sums of neighbouring halfwords in a, then in b, signed, saturated.
    case vaddPairsSat
    /// Differences likewise.
    case vsubPairsSat
    /// Lanes of a where b's are positive, negated where they are negative, 0 where they are 0. lane is b, h or s.
    case vsign
    /// In each half the sum of the absolute differences of its unsigned bytes.
    case vsumDifferences
    /// For each halfword n the sum of the absolute differences of four bytes of a, from byte n on, and four of b: from the word that bits 0-1 of `from` name; bit 2 starts in a at byte 4.
    case vsumDifferences4
    /// The least of the unsigned halfwords in the lowest one, the first place where it is in the next, zeros above.
    case vminPosition
    /// x86's PCMPISTRI: ECX.
    case vstringIndex
    /// x86's PCMPISTRM: XMM0.
    case vstringMask
    /// The flags of both.
    case vstringFlags
    /// Lanes shifted left by the low byte of the lane of n, signed: to the right, zeros in, where it is negative.
    case vshiftU
    /// The same, but to the right the sign comes in.
    case vshiftS
    /// For each word, as a fraction of 32 bits: the reciprocal's estimate of AArch64's URECPE.
    case vrecipEstimateU
    /// For each word: the reciprocal square root's estimate of AArch64's URSQRTE.
    case vrsqrtEstimateU
    /// For each word: c + (a0 * b0 + a1 * b1) of AArch64's BFDOT, where words of a and b are two BF16 and c is in single precision; to odd, flushed, with default NaNs, and without flags.
    case vdotBrain
    /// x86's PCMPESTRI and PCMPESTRM. Of `how`, word 0 is the length of a, word 1 that of b, and word 2 the immediate; bit 8 of that asks for the mask, else word 0 is the index and word 1 the flags as `flagsToBits` has them.
    case vstringExplicit
    // Cryptography
    /// MixColumns(ShiftRows(SubBytes(a))) ^ key.
    case vaesEncrypt
    /// ShiftRows(SubBytes(a)) ^ key.
    case vaesEncryptLast
    /// InvMixColumns(InvShiftRows(InvSubBytes(a))) ^ key.
    case vaesDecrypt
    /// InvShiftRows(InvSubBytes(a)) ^ key.
    case vaesDecryptLast
    /// MixColumns(a).
    case vaesMix
    /// InvMixColumns(a).
    case vaesMixInverse
    /// x86's AESKEYGENASSIST.
    case vaesKeyAssist
    /// Four rounds of SHA-1 with its function for t < 20. w has the constants added; of e the lowest word counts.
    case vsha1Choose
    /// The same with the parity function; it does not say which constant w has.
    case vsha1Parity
    /// The same with the majority function.
    case vsha1Majority
    /// A, B, C, D after four rounds of SHA-256. w has the constants added.
    case vsha256Hash
    /// E, F, G, H after four rounds of SHA-256.
    case vsha256Hash2
    /// a + sigma0 of the words a1, a2, a3, b0.
    case vsha256Schedule0
    /// Four words, each of which is a's and sigma1 of the word two before it; b2 and b3 stand before the first.
    case vsha256Schedule1
    /// x86's SHA1RNDS4: A, which is the highest word, to D after four rounds; function says which ones.
    case vsha1Rounds4
    /// x86's SHA1NEXTE.
    case vsha1NextE
    /// x86's SHA1MSG1.
    case vsha1Schedule0
    /// x86's SHA1MSG2.
    case vsha1Schedule1
    /// x86's SHA256RNDS2: of C, D, G, H in a and A, B, E, F in b, the first the highest word, A, B, E, F after two rounds.
    case vsha256Rounds2
    /// AArch64's SM3PARTW1 of a (Vd), b (Vn) and c (Vm).
    case vsm3Part1
    /// SM3PARTW2 likewise.
    case vsm3Part2
    /// SM3SS1 of a (Vn), b (Vm) and c (Va).
    case vsm3Sum
    /// SM3TT1A of a (Vd), b (Vn) and the lowest word of c.
    case vsm3Round1A
    /// SM3TT1B likewise.
    case vsm3Round1B
    /// SM3TT2A likewise.
    case vsm3Round2A
    /// SM3TT2B likewise.
    case vsm3Round2B
    /// Four rounds of SM4 on a with the round keys b.
    case vsm4Encrypt
    /// Four round keys of SM4 from the four before them, a, and constants, b.
    case vsm4Key
    // Floating point
    /// Sum.
    case fadd
    /// Difference.
    case fsub
    /// Product.
    case fmul
    /// Quotient.
    case fdiv
    /// Maximum; -0 is less than +0.
    case fmax
    /// Minimum; likewise.
    case fmin
    /// Maximum; a number goes before a quiet NaN.
    case fmaxNumber
    /// Minimum; likewise.
    case fminNumber
    /// Square root.
    case fsqrt
    /// Rounded to an integral value: to nearest even (0), down (1), up (2), to zero (3), ties away from zero (4), as the control word says (5); 8 more where that may be inexact.
    case fround
    /// a * b + c, rounded once. c comes first among NaNs; infinity times zero is invalid even if c is a quiet NaN.
    case fmulAdd
    /// N and C where a < b, Z where they are equal, V where one is a NaN, none where a > b. With 1 as `signals` a quiet NaN is invalid, too.
    case fcompare
    /// Rounded to a signed integer, i32 or i64; saturated; 0 of a NaN. The lane is the source's. The mode is that of fround and, from bit 8, how many bits of the integer are fraction.
    case ftointS
    /// Rounded to an unsigned integer likewise.
    case ftointU
    /// A signed i32 or i64, rounded to the lane. `fraction` bits of it are fraction, which is for the lane h only.
    case fromIntS
    /// An unsigned i32 or i64, rounded likewise.
    case fromIntU
    /// The format changed from the lane's to that of 2^to bytes: h (1), s (2) or d (3), another than the lane's. Here the lane may be h.
    case fconvert
    /// Product; of infinity and zero it is 2 with the product's sign.
    case fmulExtended
    /// 2 - a * b, rounded once; -a comes first among NaNs; 2 of infinity and zero.
    case frecipStep
    /// (3 - a * b) / 2 likewise; 1.5 of infinity and zero.
    case frsqrtStep
    /// The reciprocal's estimate of AArch64's FRECPE, 8 bits.
    case frecipEstimate
    /// The reciprocal square root's estimate of AArch64's FRSQRTE.
    case frsqrtEstimate
    /// A power of two about the reciprocal of a: AArch64's FRECPX.
    case frecipExponent
    /// Rounded to an integral value that fits 32 bits (kind bit 1 clear) or 64, to zero (bit 0 clear) or as the control word says; else the least integer.
    case froundInteger
    /// From d, which the lane is, to s: what is not exact becomes the neighbour with an odd significand, also instead of infinity.
    case fconvertOdd
    /// From d, which the lane is, truncated: the low 32 bits of the integer, and bit 32 set if that is the same number with the same sign. 0 of NaNs and infinities.
    case ftointModulo
    /// Sums.
    case vfadd
    /// Differences.
    case vfsub
    /// Products.
    case vfmul
    /// Quotients.
    case vfdiv
    /// Maxima; -0 is less than +0.
    case vfmax
    /// Minima; likewise.
    case vfmin
    /// Maxima; a number goes before a quiet NaN.
    case vfmaxNumber
    /// Minima; likewise.
    case vfminNumber
    /// Square roots.
    case vfsqrt
    /// Rounded to integral values.
    case vfround
    /// a * b + c as fmulAdd has it.
    case vfmulAdd
    /// All ones where lanes are equal, else zero.
    case vfcmpEQ
    /// All ones where a >= b, else zero.
    case vfcmpGE
    /// All ones where a > b, else zero.
    case vfcmpGT
    /// To signed integers of the same width, as ftointS has it.
    case vftointS
    /// To unsigned integers of the same width.
    case vftointU
    /// From signed integers of the same width, as fromIntS has it.
    case vfromIntS
    /// From unsigned integers of the same width.
    case vfromIntU
    /// The format changed as fconvert has it, to twice the width (of the low half) or to half of it (with zeros above).
    case vfconvert
    /// The products of the lanes of the low halves, which are h, added to lanes of c, which are s; rounded once, NaNs as fmulAdd has them.
    case vfmulAddWide
    /// Products as fmulExtended has them.
    case vfmulExtended
    /// As frecipStep.
    case vfrecipStep
    /// As frsqrtStep.
    case vfrsqrtStep
    /// As frecipEstimate.
    case vfrecipEstimate
    /// As frsqrtEstimate.
    case vfrsqrtEstimate
    /// As froundInteger.
    case vfroundInteger
    /// As fconvertOdd, to the low half, with zeros above.
    case vfconvertOdd
    /// From s, which the lane is, to BF16, the upper half of s, in the low half, with zeros above.
    case vfconvertBrain
    /// The flags of all operations since they were cleared: invalid (1), divided by zero (2), overflow (4), underflow (8), inexact (16), subnormal operand (32; of SSE), or flushed (128).
    case floatFlags
    /// Clears them. Ends its unit, so that nothing behind it is shared with what is before.
    case clearFloatFlags
    // Floating point of SSE
    /// Sums.
    case sseAdd
    /// Differences.
    case sseSub
    /// Products.
    case sseMul
    /// Quotients.
    case sseDiv
    /// a where it is less than b, else b.
    case sseMin
    /// a where it is greater than b, else b.
    case sseMax
    /// Square roots of b.
    case sseSqrt
    /// Reciprocals of b, as the host approximates them. The format is ss or ps.
    case sseReciprocal
    /// Reciprocals of the square roots of b likewise.
    case sseReciprocalRoot
    /// Differences of even lanes, sums of odd ones. Packed.
    case sseAddSub
    /// Sums of neighbours in a, then in b. Packed.
    case sseAddPairs
    /// Differences likewise.
    case sseSubPairs
    /// b rounded to integral values: to nearest even (0), down (1), up (2), to zero (3), as the control word says (4); 8 more where it is not inexact.
    case sseRound
    /// All ones where the predicate holds, else zero: one of VCMPPS's 32.
    case sseCompare
    /// Of scalars: Z where they are equal, C where a is less, all three of Z, P and C where one is a NaN. With 1 as `signals` a quiet NaN is invalid, too.
    case sseOrder
    /// A scalar as a signed integer, i32 or i64, rounded as the control word says or (1) truncated; the least integer where it does not fit.
    case sseToInt
    /// A signed integer, i32 or i64, as a scalar.
    case sseFromInt
    /// Packed numbers as signed words, as sseToInt has them; of doubles in the low half, with zeros above.
    case sseToWords
    /// Signed words, or the two low ones, as packed numbers of the format.
    case sseFromWords
    /// A scalar of the format, b, in the other precision.
    case sseConvert
    /// Packed numbers of the format in the other precision: the low two, or to the low half, with zeros above.
    case sseConvertLanes
    /// The four low numbers in half precision in single precision (ps).
    case sseFromHalf
    /// Numbers in single precision (ps) in half precision in the low half, with zeros above, rounded as sseRound has it for modes 0 to 4.
    case sseToHalf
    /// FMA's instruction of the operands a, b and c: VFMADD132SS is madd132ss. A factor comes before the addend among NaNs.
    case sseFused
}

extension Opcode {
    public static let count = 287

    /// One word an opcode: operand kinds and rules of a, b, c (7 bits each), result rule, aux kind, effect.
    static let descriptors: [UInt64] = [
        0x080000000000,  // nop
        0x080000000003,  // instruction
        0x000002000009,  // copy
        0x080002000000,  // param
        0x000002000003,  // const
        0x000009000005,  // vconst
        0x010002000004,  // get
        0x020000001104,  // set
        0x020000001104,  // bind
        0x000003000909,  // add
        0x000003000909,  // sub
        0x000003410909,  // adc
        0x000003410909,  // sbc
        0x000003000909,  // and
        0x000003000909,  // or
        0x000003000909,  // xor
        0x000003000909,  // andn
        0x000003000009,  // not
        0x000003000009,  // neg
        0x000003000909,  // mul
        0x000003000909,  // mulhu
        0x000003000909,  // mulhs
        0x000003000909,  // udiv
        0x000003000909,  // sdiv
        0x000003090909,  // udivWide
        0x000003000909,  // shl
        0x000003000909,  // shr
        0x000003000909,  // sar
        0x000003000909,  // ror
        0x000503021909,  // insert
        0x000003020909,  // extract2
        0x000503000019,  // zext
        0x000503000019,  // sext
        0x000003000019,  // trunc
        0x000003000009,  // bswap
        0x000003000909,  // pdep
        0x000003000909,  // pext
        0x000003000009,  // bitreverse
        0x000003000009,  // clz
        0x000003000009,  // ctz
        0x000003000009,  // popcnt
        0x000406001931,  // crc32
        0x000406001931,  // crc32c
        0x000008000019,  // flags
        0x000008000041,  // cmc
        0x000006000041,  // flagsToBits
        0x000008000031,  // bitsToFlags
        0x000203000041,  // cset
        0x000202090941,  // select
        0x000003004109,  // inc
        0x000003004109,  // dec
        0x000003411909,  // shlFlags
        0x000003411909,  // shrFlags
        0x000003411909,  // sarFlags
        0x000003411909,  // rolFlags
        0x000003411909,  // rorFlags
        0x000003411909,  // rcl
        0x000003411909,  // rcr
        0x000008191941,  // bitToCarry
        0x030302000239,  // load
        0x040300021139,  // store
        0x050303000939,  // rmwAdd
        0x050303000939,  // rmwAnd
        0x050303000939,  // rmwOr
        0x050303000939,  // rmwXor
        0x050303000939,  // rmwExchange
        0x050303000939,  // rmwMaxS
        0x050303000939,  // rmwMinS
        0x050303000939,  // rmwMaxU
        0x050303000939,  // rmwMinU
        0x050303090939,  // cas
        0x050009494939,  // cas128
        0x030109004939,  // loadMasked
        0x040100494939,  // storeMasked
        0x030303000031,  // portIn
        0x040300001931,  // portOut
        0x060000000000,  // fence
        0x070000000006,  // jump
        0x070200060641,  // branch
        0x070600050003,  // exitJump
        0x070600000539,  // exitIndirect
        0x070700020003,  // exitTrap
        0x090807003939,  // call
        0x0c0000000002,  // x87
        0x0c0008000002,  // x87Flags
        0x0c0000000241,  // x87Select
        0x030000020239,  // x87Load
        0x040000020239,  // x87Store
        0x0c0006000000,  // x87Status
        0x0c0000000031,  // x87Control
        0x0c0009000002,  // mmxGet
        0x0c0000000249,  // mmxSet
        0x0c0003000002,  // x87Image
        0x0c0000000219,  // x87SetImage
        0x000009000909,  // vand
        0x000009000909,  // vor
        0x000009000909,  // vxor
        0x000009000909,  // vandn
        0x000009000009,  // vnot
        0x000109000909,  // vadd
        0x000109000909,  // vsub
        0x000109000909,  // vmul
        0x000109000009,  // vneg
        0x000109000009,  // vabs
        0x000109000909,  // vminU
        0x000109000909,  // vmaxU
        0x000109000909,  // vminS
        0x000109000909,  // vmaxS
        0x000109000909,  // vcmpEQ
        0x000109000909,  // vcmpGTS
        0x000109000909,  // vcmpGTU
        0x000109000209,  // vshl
        0x000109000209,  // vshr
        0x000109000209,  // vsar
        0x000109000019,  // vsplat
        0x000009000019,  // vfromInt
        0x000103000249,  // vextract
        0x000109021909,  // vinsert
        0x000109000909,  // vzipLow
        0x000109000909,  // vzipHigh
        0x000109000909,  // vunzipEven
        0x000109000909,  // vunzipOdd
        0x000009020909,  // vinsertWord
        0x000009020909,  // vbytes
        0x000009000909,  // vlookup
        0x000109000209,  // vwidenU
        0x000109000209,  // vwidenS
        0x000009000009,  // vpopcnt
        0x000109000209,  // vreverse
        0x000109020909,  // vblend
        0x000109020909,  // vshuffle
        0x000109000909,  // vpermute
        0x000106000049,  // vmask
        0x000109000909,  // vaddSatS
        0x000109000909,  // vaddSatU
        0x000109000909,  // vsubSatS
        0x000109000909,  // vsubSatU
        0x000109000909,  // vnarrowS
        0x000109000909,  // vnarrowSU
        0x000109000909,  // vnarrowU
        0x000109000909,  // vmulDoubleHigh
        0x000109000909,  // vmulDoubleHighRound
        0x000009000909,  // vmulAddPairs
        0x000009000909,  // vmulEvenU
        0x000009000909,  // vmulEvenS
        0x000009020909,  // vmulCarryless
        0x000109000009,  // vbroadcast
        0x000009020209,  // vshuffleHalf
        0x000009000909,  // vshuffleBytes
        0x000009090909,  // vpermute2
        0x000109090909,  // vblendSign
        0x000008004949,  // vtest
        0x000109000909,  // vshlAll
        0x000109000909,  // vshrAll
        0x000109000909,  // vsarAll
        0x000109000909,  // vshlEach
        0x000109000909,  // vshrEach
        0x000109000909,  // vsarEach
        0x000109000909,  // vaverageU
        0x000009000909,  // vmulHighS
        0x000009000909,  // vmulHighU
        0x000009000909,  // vmulAddPairsSat
        0x000109000909,  // vaddPairs
        0x000109000909,  // vsubPairs
        0x000009000909,  // vaddPairsSat
        0x000009000909,  // vsubPairsSat
        0x000109000909,  // vsign
        0x000009000909,  // vsumDifferences
        0x000009020909,  // vsumDifferences4
        0x000009000009,  // vminPosition
        0x000006024949,  // vstringIndex
        0x000009020909,  // vstringMask
        0x000008024949,  // vstringFlags
        0x000109000909,  // vshiftU
        0x000109000909,  // vshiftS
        0x000009000009,  // vrecipEstimateU
        0x000009000009,  // vrsqrtEstimateU
        0x000009090909,  // vdotBrain
        0x000009090909,  // vstringExplicit
        0x000009000909,  // vaesEncrypt
        0x000009000909,  // vaesEncryptLast
        0x000009000909,  // vaesDecrypt
        0x000009000909,  // vaesDecryptLast
        0x000009000009,  // vaesMix
        0x000009000009,  // vaesMixInverse
        0x000009000209,  // vaesKeyAssist
        0x000009090909,  // vsha1Choose
        0x000009090909,  // vsha1Parity
        0x000009090909,  // vsha1Majority
        0x000009090909,  // vsha256Hash
        0x000009090909,  // vsha256Hash2
        0x000009000909,  // vsha256Schedule0
        0x000009000909,  // vsha256Schedule1
        0x000009020909,  // vsha1Rounds4
        0x000009000909,  // vsha1NextE
        0x000009000909,  // vsha1Schedule0
        0x000009000909,  // vsha1Schedule1
        0x000009090909,  // vsha256Rounds2
        0x000009090909,  // vsm3Part1
        0x000009090909,  // vsm3Part2
        0x000009090909,  // vsm3Sum
        0x000009090909,  // vsm3Round1A
        0x000009090909,  // vsm3Round1B
        0x000009090909,  // vsm3Round2A
        0x000009090909,  // vsm3Round2B
        0x000009000909,  // vsm4Encrypt
        0x000009000909,  // vsm4Key
        0x0a0109000909,  // fadd
        0x0a0109000909,  // fsub
        0x0a0109000909,  // fmul
        0x0a0109000909,  // fdiv
        0x0a0109000909,  // fmax
        0x0a0109000909,  // fmin
        0x0a0109000909,  // fmaxNumber
        0x0a0109000909,  // fminNumber
        0x0a0109000009,  // fsqrt
        0x0a0109000209,  // fround
        0x0a0109090909,  // fmulAdd
        0x0a0108024949,  // fcompare
        0x0a0103000249,  // ftointS
        0x0a0103000249,  // ftointU
        0x0a0109000219,  // fromIntS
        0x0a0109000219,  // fromIntU
        0x0a0109000209,  // fconvert
        0x0a0109000909,  // fmulExtended
        0x0a0109000909,  // frecipStep
        0x0a0109000909,  // frsqrtStep
        0x0a0109000009,  // frecipEstimate
        0x0a0109000009,  // frsqrtEstimate
        0x0a0109000009,  // frecipExponent
        0x0a0109000209,  // froundInteger
        0x0a0109000009,  // fconvertOdd
        0x0a0109000009,  // ftointModulo
        0x0a0109000909,  // vfadd
        0x0a0109000909,  // vfsub
        0x0a0109000909,  // vfmul
        0x0a0109000909,  // vfdiv
        0x0a0109000909,  // vfmax
        0x0a0109000909,  // vfmin
        0x0a0109000909,  // vfmaxNumber
        0x0a0109000909,  // vfminNumber
        0x0a0109000009,  // vfsqrt
        0x0a0109000209,  // vfround
        0x0a0109090909,  // vfmulAdd
        0x0a0109000909,  // vfcmpEQ
        0x0a0109000909,  // vfcmpGE
        0x0a0109000909,  // vfcmpGT
        0x0a0109000209,  // vftointS
        0x0a0109000209,  // vftointU
        0x0a0109000209,  // vfromIntS
        0x0a0109000209,  // vfromIntU
        0x0a0109000209,  // vfconvert
        0x0a0109090909,  // vfmulAddWide
        0x0a0109000909,  // vfmulExtended
        0x0a0109000909,  // vfrecipStep
        0x0a0109000909,  // vfrsqrtStep
        0x0a0109000009,  // vfrecipEstimate
        0x0a0109000009,  // vfrsqrtEstimate
        0x0a0109000209,  // vfroundInteger
        0x0a0109000009,  // vfconvertOdd
        0x0a0109000009,  // vfconvertBrain
        0x0b0006000000,  // floatFlags
        0x0b0000000000,  // clearFloatFlags
        0x0a0909000909,  // sseAdd
        0x0a0909000909,  // sseSub
        0x0a0909000909,  // sseMul
        0x0a0909000909,  // sseDiv
        0x0a0909000909,  // sseMin
        0x0a0909000909,  // sseMax
        0x0a0909000909,  // sseSqrt
        0x0a0909000909,  // sseReciprocal
        0x0a0909000909,  // sseReciprocalRoot
        0x0a0909000909,  // sseAddSub
        0x0a0909000909,  // sseAddPairs
        0x0a0909000909,  // sseSubPairs
        0x0a0909020909,  // sseRound
        0x0a0909020909,  // sseCompare
        0x0a0908024949,  // sseOrder
        0x0a0903000249,  // sseToInt
        0x0a0909001909,  // sseFromInt
        0x0a0909000209,  // sseToWords
        0x0a0909000009,  // sseFromWords
        0x0a0909000909,  // sseConvert
        0x0a0909000009,  // sseConvertLanes
        0x0a0909000009,  // sseFromHalf
        0x0a0909000209,  // sseToHalf
        0x0a0a09090909,  // sseFused
    ]

    /// Names as the text form has them, in order.
    static let names: [StaticString] = [
        "nop",
        "instruction",
        "copy",
        "param",
        "const",
        "vconst",
        "get",
        "set",
        "bind",
        "add",
        "sub",
        "adc",
        "sbc",
        "and",
        "or",
        "xor",
        "andn",
        "not",
        "neg",
        "mul",
        "mulhu",
        "mulhs",
        "udiv",
        "sdiv",
        "udivWide",
        "shl",
        "shr",
        "sar",
        "ror",
        "insert",
        "extract2",
        "zext",
        "sext",
        "trunc",
        "bswap",
        "pdep",
        "pext",
        "bitreverse",
        "clz",
        "ctz",
        "popcnt",
        "crc32",
        "crc32c",
        "flags",
        "cmc",
        "flagsToBits",
        "bitsToFlags",
        "cset",
        "select",
        "inc",
        "dec",
        "shlFlags",
        "shrFlags",
        "sarFlags",
        "rolFlags",
        "rorFlags",
        "rcl",
        "rcr",
        "bitToCarry",
        "load",
        "store",
        "rmwAdd",
        "rmwAnd",
        "rmwOr",
        "rmwXor",
        "rmwExchange",
        "rmwMaxS",
        "rmwMinS",
        "rmwMaxU",
        "rmwMinU",
        "cas",
        "cas128",
        "loadMasked",
        "storeMasked",
        "portIn",
        "portOut",
        "fence",
        "jump",
        "branch",
        "exitJump",
        "exitIndirect",
        "exitTrap",
        "call",
        "x87",
        "x87Flags",
        "x87Select",
        "x87Load",
        "x87Store",
        "x87Status",
        "x87Control",
        "mmxGet",
        "mmxSet",
        "x87Image",
        "x87SetImage",
        "vand",
        "vor",
        "vxor",
        "vandn",
        "vnot",
        "vadd",
        "vsub",
        "vmul",
        "vneg",
        "vabs",
        "vminU",
        "vmaxU",
        "vminS",
        "vmaxS",
        "vcmpEQ",
        "vcmpGTS",
        "vcmpGTU",
        "vshl",
        "vshr",
        "vsar",
        "vsplat",
        "vfromInt",
        "vextract",
        "vinsert",
        "vzipLow",
        "vzipHigh",
        "vunzipEven",
        "vunzipOdd",
        "vinsertWord",
        "vbytes",
        "vlookup",
        "vwidenU",
        "vwidenS",
        "vpopcnt",
        "vreverse",
        "vblend",
        "vshuffle",
        "vpermute",
        "vmask",
        "vaddSatS",
        "vaddSatU",
        "vsubSatS",
        "vsubSatU",
        "vnarrowS",
        "vnarrowSU",
        "vnarrowU",
        "vmulDoubleHigh",
        "vmulDoubleHighRound",
        "vmulAddPairs",
        "vmulEvenU",
        "vmulEvenS",
        "vmulCarryless",
        "vbroadcast",
        "vshuffleHalf",
        "vshuffleBytes",
        "vpermute2",
        "vblendSign",
        "vtest",
        "vshlAll",
        "vshrAll",
        "vsarAll",
        "vshlEach",
        "vshrEach",
        "vsarEach",
        "vaverageU",
        "vmulHighS",
        "vmulHighU",
        "vmulAddPairsSat",
        "vaddPairs",
        "vsubPairs",
        "vaddPairsSat",
        "vsubPairsSat",
        "vsign",
        "vsumDifferences",
        "vsumDifferences4",
        "vminPosition",
        "vstringIndex",
        "vstringMask",
        "vstringFlags",
        "vshiftU",
        "vshiftS",
        "vrecipEstimateU",
        "vrsqrtEstimateU",
        "vdotBrain",
        "vstringExplicit",
        "vaesEncrypt",
        "vaesEncryptLast",
        "vaesDecrypt",
        "vaesDecryptLast",
        "vaesMix",
        "vaesMixInverse",
        "vaesKeyAssist",
        "vsha1Choose",
        "vsha1Parity",
        "vsha1Majority",
        "vsha256Hash",
        "vsha256Hash2",
        "vsha256Schedule0",
        "vsha256Schedule1",
        "vsha1Rounds4",
        "vsha1NextE",
        "vsha1Schedule0",
        "vsha1Schedule1",
        "vsha256Rounds2",
        "vsm3Part1",
        "vsm3Part2",
        "vsm3Sum",
        "vsm3Round1A",
        "vsm3Round1B",
        "vsm3Round2A",
        "vsm3Round2B",
        "vsm4Encrypt",
        "vsm4Key",
        "fadd",
        "fsub",
        "fmul",
        "fdiv",
        "fmax",
        "fmin",
        "fmaxNumber",
        "fminNumber",
        "fsqrt",
        "fround",
        "fmulAdd",
        "fcompare",
        "ftointS",
        "ftointU",
        "fromIntS",
        "fromIntU",
        "fconvert",
        "fmulExtended",
        "frecipStep",
        "frsqrtStep",
        "frecipEstimate",
        "frsqrtEstimate",
        "frecipExponent",
        "froundInteger",
        "fconvertOdd",
        "ftointModulo",
        "vfadd",
        "vfsub",
        "vfmul",
        "vfdiv",
        "vfmax",
        "vfmin",
        "vfmaxNumber",
        "vfminNumber",
        "vfsqrt",
        "vfround",
        "vfmulAdd",
        "vfcmpEQ",
        "vfcmpGE",
        "vfcmpGT",
        "vftointS",
        "vftointU",
        "vfromIntS",
        "vfromIntU",
        "vfconvert",
        "vfmulAddWide",
        "vfmulExtended",
        "vfrecipStep",
        "vfrsqrtStep",
        "vfrecipEstimate",
        "vfrsqrtEstimate",
        "vfroundInteger",
        "vfconvertOdd",
        "vfconvertBrain",
        "floatFlags",
        "clearFloatFlags",
        "sseAdd",
        "sseSub",
        "sseMul",
        "sseDiv",
        "sseMin",
        "sseMax",
        "sseSqrt",
        "sseReciprocal",
        "sseReciprocalRoot",
        "sseAddSub",
        "sseAddPairs",
        "sseSubPairs",
        "sseRound",
        "sseCompare",
        "sseOrder",
        "sseToInt",
        "sseFromInt",
        "sseToWords",
        "sseFromWords",
        "sseConvert",
        "sseConvertLanes",
        "sseFromHalf",
        "sseToHalf",
        "sseFused",
    ]
}
