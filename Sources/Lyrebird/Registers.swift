// Registers as an embedder names them: `cpu[.x0]`, `cpu[.v3]`, `cpu[.rax]`. A name is an index into the guest's own table of state, so
// that a look-up is an addition.

/// A general-purpose or system register of up to 64 bits. Names of all guests share this type; a CPU of another guest does not know them:
/// to look there by subscript stops the program, as an array's index does, and by `CPU.value(of:)` is an error.
public struct Register: Sendable, Hashable {
    /// Index into the guest's state table.
    let index: Int
    /// How the state has it.
    let form: Form
    /// Whose register it is.
    public let guest: Guest

    enum Form: UInt8 { case plain, half, nzcv, fpsr, rflags }

    init(_ guest: Guest, _ index: Int, _ form: Form = .plain) {
        self.guest = guest
        self.index = index
        self.form = form
    }

    /// AArch64's x0 … x30 by number.
    public static func x(_ number: Int) -> Register {
        precondition((0...30).contains(number), "AArch64 has x0 to x30")
        return Register(.arm64, number)
    }
}

/// A vector register, read and written as 128 bits.
public struct VectorRegister: Sendable, Hashable {
    /// AArch64's slot behind them, for FPSR.QC.
    static let saturation = VectorRegister(.arm64, 72)
    /// Index into the guest's state table.
    let index: Int
    /// Whose register it is.
    public let guest: Guest

    init(_ guest: Guest, _ index: Int) {
        self.guest = guest
        self.index = index
    }

    /// AArch64's v0 … v31 by number.
    public static func v(_ number: Int) -> VectorRegister {
        precondition((0...31).contains(number), "AArch64 has v0 to v31")
        return VectorRegister(.arm64, 40 + number)
    }
}

// AArch64 (Arm ARM B1.2).
extension Register {
    /// General registers of AArch64.
    public static let x0 = x(0), x1 = x(1), x2 = x(2), x3 = x(3), x4 = x(4), x5 = x(5), x6 = x(6), x7 = x(7)
    public static let x8 = x(8), x9 = x(9), x10 = x(10), x11 = x(11), x12 = x(12), x13 = x(13), x14 = x(14)
    public static let x15 = x(15), x16 = x(16), x17 = x(17), x18 = x(18), x19 = x(19), x20 = x(20), x21 = x(21)
    public static let x22 = x(22), x23 = x(23), x24 = x(24), x25 = x(25), x26 = x(26), x27 = x(27), x28 = x(28)
    public static let x29 = x(29), x30 = x(30)
    /// The stack pointer of EL0; the flags in bits 31…28 as MRS reads them; TPIDR_EL0; control and status of floating point.
    public static let sp = Register(.arm64, 31)
    public static let nzcv = Register(.arm64, 32, .nzcv)
    public static let tpidrEL0 = Register(.arm64, 33)
    public static let fpcr = Register(.arm64, 34)
    public static let fpsr = Register(.arm64, 35, .fpsr)
}

extension VectorRegister {
    /// Vector registers of AArch64.
    public static let v0 = v(0), v1 = v(1), v2 = v(2), v3 = v(3), v4 = v(4), v5 = v(5), v6 = v(6), v7 = v(7)
    public static let v8 = v(8), v9 = v(9), v10 = v(10), v11 = v(11), v12 = v(12), v13 = v(13), v14 = v(14)
    public static let v15 = v(15), v16 = v(16), v17 = v(17), v18 = v(18), v19 = v(19), v20 = v(20), v21 = v(21)
    public static let v22 = v(22), v23 = v(23), v24 = v(24), v25 = v(25), v26 = v(26), v27 = v(27), v28 = v(28)
    public static let v29 = v(29), v30 = v(30), v31 = v(31)
}

// x86-64 (SDM volume 1, 3.4).
extension Register {
    /// General registers of x86-64.
    public static let rax = x86(0), rcx = x86(1), rdx = x86(2), rbx = x86(3)
    public static let rsp = x86(4), rbp = x86(5), rsi = x86(6), rdi = x86(7)
    public static let r8 = x86(8), r9 = x86(9), r10 = x86(10), r11 = x86(11)
    public static let r12 = x86(12), r13 = x86(13), r14 = x86(14), r15 = x86(15)
    /// The flags, as PUSHF has them.
    public static let rflags = Register(.x86_64, 16, .rflags)
    /// The bases of the segments FS and GS.
    public static let fsBase = Register(.x86_64, 22), gsBase = Register(.x86_64, 23)
    /// Segment registers' selectors.
    public static let es = Register(.x86_64, 24), cs = Register(.x86_64, 25), ss = Register(.x86_64, 26)
    public static let ds = Register(.x86_64, 27), fs = Register(.x86_64, 28), gs = Register(.x86_64, 29)
    public static let mxcsr = Register(.x86_64, 30)
    /// FCW, FSW, and FTW with two bits for each physical register: 3 where it is empty.
    public static let x87Control = Register(.x86_64, 31, .half), x87Status = Register(.x86_64, 32, .half)
    public static let x87Tags = Register(.x86_64, 33, .half)
    /// The last x87 instruction that is none of control: its address; and, of the last one while an exception was not masked,
    /// its opcode and its operand's address.
    public static let x87Opcode = Register(.x86_64, 34), x87Instruction = Register(.x86_64, 35)
    public static let x87Operand = Register(.x86_64, 36)

    /// x86-64's general registers by their numbers: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 … r15.
    public static func x86(_ number: Int) -> Register {
        precondition((0...15).contains(number), "x86-64 has sixteen general registers")
        return Register(.x86_64, number)
    }

    /// x87's ST(0) … ST(7): the significand.
    public static func x87Significand(_ number: Int) -> Register {
        precondition((0...7).contains(number), "x87 has eight registers")
        return Register(.x86_64, 70 + number)
    }

    /// x87's ST(0) … ST(7): sign and exponent, 16 bits.
    public static func x87Exponent(_ number: Int) -> Register {
        precondition((0...7).contains(number), "x87 has eight registers")
        return Register(.x86_64, 78 + number, .half)
    }
}

extension VectorRegister {
    /// Vector registers of x86-64: their low 128 bits.
    public static let xmm0 = xmm(0), xmm1 = xmm(1), xmm2 = xmm(2), xmm3 = xmm(3), xmm4 = xmm(4), xmm5 = xmm(5)
    public static let xmm6 = xmm(6), xmm7 = xmm(7), xmm8 = xmm(8), xmm9 = xmm(9), xmm10 = xmm(10), xmm11 = xmm(11)
    public static let xmm12 = xmm(12), xmm13 = xmm(13), xmm14 = xmm(14), xmm15 = xmm(15)

    /// x86-64's xmm0 … xmm15 by number.
    public static func xmm(_ number: Int) -> VectorRegister {
        precondition((0...15).contains(number), "x86-64 has xmm0 to xmm15")
        return VectorRegister(.x86_64, 38 + number)
    }

    /// Bits 128 to 255 of x86-64's ymm0 … ymm15 by number.
    public static func upper(_ number: Int) -> VectorRegister {
        precondition((0...15).contains(number), "x86-64 has ymm0 to ymm15")
        return VectorRegister(.x86_64, 54 + number)
    }
}

// MARK: - By name

extension Guest {
    /// The registers of up to 64 bits, by the names that the architecture's manual has for them, in the order of their numbers.
    public var registers: [(name: String, register: Register)] {
        switch self {
        case .arm64:
            (0...30).map { ("x\($0)", .x($0)) }
                + [("sp", .sp), ("nzcv", .nzcv), ("tpidr_el0", .tpidrEL0), ("fpcr", .fpcr), ("fpsr", .fpsr)]
        case .x86_64:
            zip(
                [
                    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
                    "r14",
                    "r15",
                ], 0...15
            ).map { ($0, .x86($1)) }
                + [
                    ("rflags", .rflags), ("es", .es), ("cs", .cs), ("ss", .ss), ("ds", .ds), ("fs", .fs), ("gs", .gs),
                    ("fs_base", .fsBase), ("gs_base", .gsBase), ("mxcsr", .mxcsr),
                ]
        }
    }

    /// The vector registers likewise.
    public var vectorRegisters: [(name: String, register: VectorRegister)] {
        switch self {
        case .arm64: (0...31).map { ("v\($0)", .v($0)) }
        case .x86_64: (0...15).map { ("xmm\($0)", .xmm($0)) }
        }
    }
}

extension Register: CustomStringConvertible {
    /// A register of a guest by its name in the manual, in lower case.
    public init(named name: String, of guest: Guest) throws(RegisterError) {
        guard let found = guest.registers.first(where: { $0.name == name }) else {
            throw .unknown(name: name, guest: guest)
        }
        self = found.register
    }

    public var description: String {
        guest.registers.first { $0.register == self }?.name ?? "register \(index) of \(guest)"
    }
}

extension VectorRegister: CustomStringConvertible {
    /// A register of a guest by its name in the manual, in lower case.
    public init(named name: String, of guest: Guest) throws(RegisterError) {
        guard let found = guest.vectorRegisters.first(where: { $0.name == name }) else {
            throw .unknown(name: name, guest: guest)
        }
        self = found.register
    }

    public var description: String {
        guest.vectorRegisters.first { $0.register == self }?.name ?? "vector register \(index) of \(guest)"
    }
}

/// A register that a CPU does not have.
public enum RegisterError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The guest has no register of that name.
    case unknown(name: String, guest: Guest)
    /// The register is another guest's than the CPU's.
    case otherGuest(register: String, guest: Guest)

    public var description: String {
        switch self {
        case .unknown(let name, let guest): "\(guest) has no register \(name)"
        case .otherGuest(let register, let guest): "\(guest) does not have the register \(register)"
        }
    }
}

extension CPU {
    /// The value of a register that may be another guest's.
    public func value(of register: Register) throws(RegisterError) -> UInt64 {
        try check(register.guest, register)
        return self[register]
    }

    /// The value of a vector register that may be another guest's.
    public func value(of register: VectorRegister) throws(RegisterError) -> UInt128 {
        try check(register.guest, register)
        return self[register]
    }

    /// Sets a register that may be another guest's.
    public func setValue(of register: Register, to value: UInt64) throws(RegisterError) {
        try check(register.guest, register)
        self[register] = value
    }

    /// Sets a vector register that may be another guest's.
    public func setValue(of register: VectorRegister, to value: UInt128) throws(RegisterError) {
        try check(register.guest, register)
        self[register] = value
    }

    private func check(_ guest: Guest, _ register: some CustomStringConvertible) throws(RegisterError) {
        guard guest == machine.guest else {
            throw .otherGuest(register: register.description, guest: machine.guest)
        }
    }
}
