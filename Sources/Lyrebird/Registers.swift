// Registers as an embedder names them: `cpu[.x0]`, `cpu[.v3]`. A name is an index into the guest's own table of state, so
// that a look-up is an addition.

/// A general-purpose or system register of up to 64 bits. Names of all guests share this type; using a name of another
/// guest than the machine's is a programming error and stops the program.
public struct Register: Sendable, Hashable {
    /// Index into the guest's state table.
    let index: Int
    /// How the state has it.
    let form: Form

    enum Form: UInt8 { case plain, half, nzcv, fpsr, rflags }

    init(index: Int, form: Form = .plain) {
        self.index = index
        self.form = form
    }

    /// AArch64's x0 … x30 by number.
    public static func x(_ number: Int) -> Register {
        precondition((0...30).contains(number), "AArch64 has x0 to x30")
        return Register(index: number)
    }
}

/// A vector register, read and written as 128 bits.
public struct VectorRegister: Sendable, Hashable {
    /// AArch64's slot behind them, for FPSR.QC.
    static let saturation = VectorRegister(index: 72)
    /// Index into the guest's state table.
    let index: Int

    init(index: Int) { self.index = index }

    /// AArch64's v0 … v31 by number.
    public static func v(_ number: Int) -> VectorRegister {
        precondition((0...31).contains(number), "AArch64 has v0 to v31")
        return VectorRegister(index: 40 + number)
    }
}

// AArch64 (Arm ARM B1.2). `sp` is the stack pointer of EL0; `nzcv` has the flags in bits 31…28 as MRS reads them.
extension Register {
    public static let x0 = x(0), x1 = x(1), x2 = x(2), x3 = x(3), x4 = x(4), x5 = x(5), x6 = x(6), x7 = x(7)
    public static let x8 = x(8), x9 = x(9), x10 = x(10), x11 = x(11), x12 = x(12), x13 = x(13), x14 = x(14)
    public static let x15 = x(15), x16 = x(16), x17 = x(17), x18 = x(18), x19 = x(19), x20 = x(20), x21 = x(21)
    public static let x22 = x(22), x23 = x(23), x24 = x(24), x25 = x(25), x26 = x(26), x27 = x(27), x28 = x(28)
    public static let x29 = x(29), x30 = x(30)
    public static let sp = Register(index: 31)
    public static let nzcv = Register(index: 32, form: .nzcv)
    public static let tpidrEL0 = Register(index: 33)
    public static let fpcr = Register(index: 34)
    public static let fpsr = Register(index: 35, form: .fpsr)
}

// x86-64 (SDM volume 1, 3.4). `rflags` is as PUSHF has it.
extension Register {
    public static let rax = Register(index: 0), rcx = Register(index: 1), rdx = Register(index: 2)
    public static let rbx = Register(index: 3), rsp = Register(index: 4), rbp = Register(index: 5)
    public static let rsi = Register(index: 6), rdi = Register(index: 7), r8 = Register(index: 8)
    public static let r9 = Register(index: 9), r10 = Register(index: 10), r11 = Register(index: 11)
    public static let r12 = Register(index: 12), r13 = Register(index: 13), r14 = Register(index: 14)
    public static let r15 = Register(index: 15)
    public static let rflags = Register(index: 16, form: .rflags)
    public static let fsBase = Register(index: 22), gsBase = Register(index: 23)
    public static let mxcsr = Register(index: 30)
    /// FCW, FSW, and FTW with two bits for each physical register: 3 where it is empty.
    public static let x87Control = Register(index: 31, form: .half), x87Status = Register(index: 32, form: .half)
    public static let x87Tags = Register(index: 33, form: .half)
    /// The last x87 instruction that is none of control: its address; and, of the last one while an exception was not masked,
    /// its opcode and its operand's address.
    public static let x87Opcode = Register(index: 34), x87Instruction = Register(index: 35)
    public static let x87Operand = Register(index: 36)

    /// x86-64's general registers by their numbers: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 … r15.
    public static func x86(_ number: Int) -> Register {
        precondition((0...15).contains(number), "x86-64 has sixteen general registers")
        return Register(index: number)
    }
}

extension Register {
    /// x87's ST(0) … ST(7): the significand, and sign and exponent in 16 bits.
    public static func x87Significand(_ number: Int) -> Register {
        precondition((0...7).contains(number), "x87 has eight registers")
        return Register(index: 70 + number)
    }

    public static func x87Exponent(_ number: Int) -> Register {
        precondition((0...7).contains(number), "x87 has eight registers")
        return Register(index: 78 + number, form: .half)
    }
}

extension VectorRegister {
    /// Bits 128 to 255 of x86-64's ymm0 … ymm15 by number.
    public static func upper(_ number: Int) -> VectorRegister {
        precondition((0...15).contains(number), "x86-64 has ymm0 to ymm15")
        return VectorRegister(index: 54 + number)
    }

    /// x86-64's xmm0 … xmm15 by number.
    public static func xmm(_ number: Int) -> VectorRegister {
        precondition((0...15).contains(number), "x86-64 has xmm0 to xmm15")
        return VectorRegister(index: 38 + number)
    }
}
