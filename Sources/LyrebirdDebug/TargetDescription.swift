// The registers as gdb knows them: which there are, in which order and of what type (the manual's appendix "Target Descriptions"),
// and how they are read and written.

import Lyrebird

/// What gdb is told of a guest's registers.
struct TargetDescription {
    struct Entry {
        let name: String
        let bits: Int
        let type: String
        let place: Place
    }

    /// Where a register's value is.
    enum Place {
        case pc
        case general(Register)
        case vector(VectorRegister)
        /// A number of bits of x87's pointers, from a bit on.
        case part(Register, shift: UInt64)
        /// ST(n): significand, sign and exponent.
        case x87(Int)
        /// What the CPU does not have: all ones are read, and what is written is forgotten.
        case missing
    }

    private struct Feature {
        let name: String
        var types = ""
        let entries: [Entry]
    }

    let entries: [Entry]
    let xml: [UInt8]
    /// Numbers of the registers that gdb asks for at each stop: the pc, the stack pointer and the frame's.
    let expedited: [Int]

    /// - Parameter isLinux: a program of Linux's, and no bare machine.
    init(_ guest: Guest, isLinux: Bool) {
        let features = guest == .arm64 ? Self.arm64 : Self.x86(isLinux: isLinux)
        let all = features.flatMap(\.entries)
        let names = guest == .arm64 ? ["x29", "sp", "pc"] : ["rbp", "rsp", "rip"]
        entries = all
        expedited = names.compactMap { name in all.firstIndex { $0.name == name } }
        var text = "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target version=\"1.0\">\n"
        text += "<architecture>\(guest == .arm64 ? "aarch64" : "i386:x86-64")</architecture>\n"
        if isLinux { text += "<osabi>GNU/Linux</osabi>\n" }
        for feature in features {
            text += "<feature name=\"org.gnu.gdb.\(feature.name)\">\n\(feature.types)"
            for entry in feature.entries {
                text += "<reg name=\"\(entry.name)\" bitsize=\"\(entry.bits)\" type=\"\(entry.type)\"/>\n"
            }
            text += "</feature>\n"
        }
        xml = Array((text + "</target>\n").utf8)
    }

    /// Bytes of all registers, one behind the other.
    var size: Int { entries.reduce(0) { $0 + $1.bits / 8 } }

    // MARK: AArch64

    private static let arm64: [Feature] = [
        Feature(
            name: "aarch64.core",
            types: flags("cpsr_flags", [("V", 28), ("C", 29), ("Z", 30), ("N", 31)]),
            entries: (0...30).map { Entry(name: "x\($0)", bits: 64, type: "int", place: .general(.x($0))) } + [
                Entry(name: "sp", bits: 64, type: "data_ptr", place: .general(.sp)),
                Entry(name: "pc", bits: 64, type: "code_ptr", place: .pc),
                Entry(name: "cpsr", bits: 32, type: "cpsr_flags", place: .general(.nzcv)),
            ]),
        Feature(
            name: "aarch64.fpu", types: armVectors,
            entries: (0...31).map { Entry(name: "v\($0)", bits: 128, type: "aarch64v", place: .vector(.v($0))) } + [
                Entry(name: "fpsr", bits: 32, type: "int", place: .general(.fpsr)),
                Entry(name: "fpcr", bits: 32, type: "int", place: .general(.fpcr)),
            ]),
        Feature(
            name: "aarch64.tls",
            entries: [Entry(name: "tpidr", bits: 64, type: "data_ptr", place: .general(.tpidrEL0))]),
    ]

    /// Each width as floating point, unsigned and signed, and all of them together.
    private static let armVectors: String = {
        var text = ""
        for (letter, count, float, bits) in [
            ("d", 2, "ieee_double", 64), ("s", 4, "ieee_single", 32), ("h", 8, "ieee_half", 16), ("b", 16, "", 8),
            ("q", 1, "", 128),
        ] {
            var fields = [("u", "uint\(bits)"), ("s", "int\(bits)")]
            if !float.isEmpty { fields.insert(("f", float), at: 0) }
            for (name, type) in fields { text += vector("v\(letter)\(name)", type, count) }
            text += union("vn\(letter)", fields.map { ($0.0, "v\(letter)\($0.0)") })
        }
        return text + union("aarch64v", ["d", "s", "h", "b", "q"].map { ($0, "vn\($0)") })
    }()

    // MARK: x86-64

    private static func x86(isLinux: Bool) -> [Feature] {
        let order: [(String, Register)] =
            [
                ("rax", .rax), ("rbx", .rbx), ("rcx", .rcx), ("rdx", .rdx), ("rsi", .rsi), ("rdi", .rdi),
                ("rbp", .rbp), ("rsp", .rsp),
            ] + (8...15).map { ("r\($0)", .x86($0)) }
        var core = order.map { name, register in
            let isPointer = name == "rbp" || name == "rsp"
            return Entry(name: name, bits: 64, type: isPointer ? "data_ptr" : "int64", place: .general(register))
        }
        core.append(Entry(name: "rip", bits: 64, type: "code_ptr", place: .pc))
        core.append(Entry(name: "eflags", bits: 32, type: "i386_eflags", place: .general(.rflags)))
        let segments: [(String, Register)] = [
            ("cs", .cs), ("ss", .ss), ("ds", .ds), ("es", .es), ("fs", .fs), ("gs", .gs),
        ]
        core += segments.map { Entry(name: $0, bits: 32, type: "int32", place: .general($1)) }
        core += (0...7).map { Entry(name: "st\($0)", bits: 80, type: "i387_ext", place: .x87($0)) }
        let control: [(String, Place)] = [
            ("fctrl", .general(.x87Control)), ("fstat", .general(.x87Status)), ("ftag", .general(.x87Tags)),
            ("fiseg", .part(.x87Instruction, shift: 32)), ("fioff", .part(.x87Instruction, shift: 0)),
            ("foseg", .part(.x87Operand, shift: 32)), ("fooff", .part(.x87Operand, shift: 0)),
            ("fop", .general(.x87Opcode)),
        ]
        core += control.map { Entry(name: $0, bits: 32, type: "int", place: $1) }

        let eflags = [
            ("CF", 0), ("", 1), ("PF", 2), ("AF", 4), ("ZF", 6), ("SF", 7), ("TF", 8), ("IF", 9), ("DF", 10),
            ("OF", 11),
            ("NT", 14), ("RF", 16), ("VM", 17), ("AC", 18), ("VIF", 19), ("VIP", 20), ("ID", 21),
        ]
        let mxcsr = [
            ("IE", 0), ("DE", 1), ("ZE", 2), ("OE", 3), ("UE", 4), ("PE", 5), ("DAZ", 6), ("IM", 7), ("DM", 8),
            ("ZM", 9), ("OM", 10), ("UM", 11), ("PM", 12), ("FZ", 15),
        ]
        let lanes = [
            ("v4_float", "ieee_single", 4), ("v2_double", "ieee_double", 2), ("v16_int8", "int8", 16),
            ("v8_int16", "int16", 8), ("v4_int32", "int32", 4), ("v2_int64", "int64", 2),
        ]
        let vec128 =
            lanes.map { vector($0, $1, $2) }.joined()
            + union("vec128", lanes.map { ($0.0, $0.0) } + [("uint128", "uint128")])
        var features = [
            Feature(name: "i386.core", types: flags("i386_eflags", eflags), entries: core),
            Feature(
                name: "i386.sse", types: vec128 + flags("i386_mxcsr", mxcsr),
                entries: (0...15).map { Entry(name: "xmm\($0)", bits: 128, type: "vec128", place: .vector(.xmm($0))) }
                    + [Entry(name: "mxcsr", bits: 32, type: "i386_mxcsr", place: .general(.mxcsr))]),
            Feature(
                name: "i386.segments",
                entries: [
                    Entry(name: "fs_base", bits: 64, type: "int", place: .general(.fsBase)),
                    Entry(name: "gs_base", bits: 64, type: "int", place: .general(.gsBase)),
                ]),
            Feature(
                name: "i386.avx",
                entries: (0...15).map {
                    Entry(name: "ymm\($0)h", bits: 128, type: "uint128", place: .vector(.upper($0)))
                }
            ),
        ]
        // gdb takes it for a Linux program's by this one.
        if isLinux {
            let call = Entry(name: "orig_rax", bits: 64, type: "int", place: .missing)
            features.append(Feature(name: "i386.linux", entries: [call]))
        }
        return features
    }

    // MARK: Types

    private static func vector(_ name: String, _ type: String, _ count: Int) -> String {
        "<vector id=\"\(name)\" type=\"\(type)\" count=\"\(count)\"/>\n"
    }

    private static func union(_ name: String, _ fields: [(String, String)]) -> String {
        let fields = fields.map { "<field name=\"\($0)\" type=\"\($1)\"/>" }
        return "<union id=\"\(name)\">\(fields.joined())</union>\n"
    }

    private static func flags(_ name: String, _ bits: [(String, Int)]) -> String {
        let fields = bits.map { "<field name=\"\($0)\" start=\"\($1)\" end=\"\($1)\"/>" }
        return "<flags id=\"\(name)\" size=\"4\">\(fields.joined())</flags>\n"
    }
}

extension TargetDescription.Entry {
    /// The register's bytes, the lowest first.
    /// - Parameter pc: what the pc is said to be.
    func read(_ cpu: CPU, pc: UInt64) -> [UInt8] {
        switch place {
        case .pc: bytes(UInt128(pc))
        case .general(let register): bytes(UInt128(cpu[register]))
        case .vector(let register): bytes(cpu[register])
        case .part(let register, let shift): bytes(UInt128(cpu[register] >> shift & 0xFFFF_FFFF))
        case .x87(let number): bytes(UInt128(cpu[.x87Significand(number)]) | UInt128(cpu[.x87Exponent(number)]) << 64)
        case .missing: bytes(.max)
        }
    }

    /// - Parameter bytes: as many as the register has.
    func write(_ bytes: ArraySlice<UInt8>, to cpu: CPU) {
        let value = bytes.reversed().reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        let low = UInt64(truncatingIfNeeded: value)
        switch place {
        case .pc: cpu.pc = low
        case .general(let register): cpu[register] = low
        case .vector(let register): cpu[register] = value
        case .part(let register, let shift):
            cpu[register] = cpu[register] & ~(0xFFFF_FFFF << shift) | (low & 0xFFFF_FFFF) << shift
        case .x87(let number):
            cpu[.x87Significand(number)] = low
            cpu[.x87Exponent(number)] = UInt64(truncatingIfNeeded: value >> 64)
        case .missing: break
        }
    }

    private func bytes(_ value: UInt128) -> [UInt8] {
        (0..<bits / 8).map { UInt8(truncatingIfNeeded: value >> UInt128(8 * $0)) }
    }
}
