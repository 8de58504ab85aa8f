// SDM volume 1, chapter 13 Managing state using the XSAVE feature set, and 10.5 FXSAVE and FXRSTOR.

import LyrebirdIR

/// Components of state, as bits of XCR0.
enum StateComponents {
    static let x87: UInt64 = 1, sse: UInt64 = 2, avx: UInt64 = 4
    static let all = x87 | sse | avx
}

extension Lifter {
    /// Register 0 says what the kernel has enabled. Register 1 says which of that is in use: all of it may be.
    mutating func xgetbv(_ i: DecodedInstruction) {
        let number = register(General.rcx, 4)
        trap(.generalProtection, where: .hi, unit.flags(unit.sub(number, const32(1))))
        setRegister(General.rax, const(StateComponents.all))
        setRegister(General.rdx, const(0))
    }
}
