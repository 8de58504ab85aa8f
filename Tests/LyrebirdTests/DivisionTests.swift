// Divisions as compilers make them, with a dividend that is extended right before, and others.

import Lyrebird
import Testing

@Suite struct DivisionTests {
    /// What stands before the division.
    enum Extension: CaseIterable {
        /// RDX is what it is.
        case none
        /// XOR EDX, EDX.
        case zeros
        /// CDQ or CQO.
        case sign
        /// The other one of them.
        case otherSign
        /// CDQ or CQO, and then EAX changes.
        case signOfAnother
    }

    private static let numbers: [UInt64] = [
        0, 1, 2, 3, 7, 10, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000, 0x7FFF_FFFF_FFFF_FFFF,
        0x8000_0000_0000_0000, 0x8000_0000_8000_0000, 0xFFFF_FFFF_8000_0000, 0xFFFF_FFFF_FFFF_FFFF,
        0x1234_5678_9ABC_DEF0,
    ]

    @Test(arguments: Extension.allCases, [false, true])
    func agreesWithSwift(kind: Extension, isWide: Bool) throws {
        for signed in [false, true] {
            let wide: [UInt8] = isWide ? [0x48] : []
            let extended: [UInt8] =
                switch kind {
                case .none: []
                case .zeros: [0x31, 0xD2]
                case .sign: wide + [0x99]
                case .otherSign: isWide ? [0x99] : [0x48, 0x99]
                case .signOfAnother: wide + [0x99, 0xFF, 0xC0]  // inc eax
                }
            let code = extended + wide + [0xF7, signed ? 0xF9 : 0xF1, 0x0F, 0x05]  // idiv rcx; syscall
            let sandbox = try Sandbox(.x86_64, code)
            let cpu = sandbox.cpu
            for a in Self.numbers {
                for b in Self.numbers {
                    for d in kind == .none ? Self.numbers : [5] {
                        (cpu[.rax], cpu[.rdx], cpu[.rcx], cpu.pc) = (a, d, b, Sandbox.code)
                        let exit = try cpu.run()
                        let expected = Self.expected(kind, isWide, signed, a, d, b)
                        if let expected {
                            #expect(exit == .systemCall(immediate: 0))
                            #expect((cpu[.rax], cpu[.rdx]) == expected, "\(signed) \(d):\(a) / \(b)")
                        } else {
                            #expect(exit == .divideError, "\(signed) \(d):\(a) / \(b)")
                            #expect(cpu.pc == Sandbox.code + UInt64(extended.count))
                        }
                    }
                }
            }
        }
    }

    /// RAX and RDX behind the division, nil if it traps.
    private static func expected(
        _ kind: Extension, _ isWide: Bool, _ signed: Bool, _ a: UInt64, _ d: UInt64, _ b: UInt64
    ) -> (UInt64, UInt64)? {
        let sign32 = UInt64(UInt32(bitPattern: Int32(truncatingIfNeeded: a) >> 31))
        let sign64 = UInt64(bitPattern: Int64(bitPattern: a) >> 63)
        var low = a
        let high: UInt64
        switch kind {
        case .none: high = d
        case .zeros: high = 0
        case .sign: high = isWide ? sign64 : sign32
        case .otherSign: high = isWide ? sign32 : sign64
        case .signOfAnother:
            high = isWide ? sign64 : sign32
            low = UInt64(UInt32(truncatingIfNeeded: a) &+ 1)
        }
        return isWide
            ? divide(low, high, b, signed)
            : divide(
                UInt32(truncatingIfNeeded: low), UInt32(truncatingIfNeeded: high), UInt32(truncatingIfNeeded: b), signed
            )
    }

    private static func divide<T: FixedWidthInteger & UnsignedInteger>(
        _ low: T, _ high: T, _ divisor: T, _ signed: Bool
    ) -> (UInt64, UInt64)? {
        guard divisor != 0 else { return nil }
        let dividend = UInt128(high) << UInt128(T.bitWidth) | UInt128(low)
        guard signed else {
            let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: UInt128(divisor))
            return T(exactly: quotient).map { (UInt64($0), UInt64(T(remainder))) }
        }
        let shift = Int128(128 - 2 * T.bitWidth)
        let number = (Int128(bitPattern: dividend) << shift) >> shift
        let above = Int64(64 - T.bitWidth)
        let small = Int128((Int64(truncatingIfNeeded: divisor) << above) >> above)
        let (quotient, overflow) = number.dividedReportingOverflow(by: small)
        let limit = Int128(1) << Int128(T.bitWidth - 1)
        guard !overflow, quotient >= -limit, quotient < limit else { return nil }
        return (UInt64(T(truncatingIfNeeded: quotient)), UInt64(T(truncatingIfNeeded: number % small)))
    }
}
