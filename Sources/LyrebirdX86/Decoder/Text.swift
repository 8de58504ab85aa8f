// A decoded instruction as text, in Intel's syntax: for `lyrebird explain`, for messages, and for the tests, which compare it
// with other disassemblers'.

extension DecodedInstruction {
    /// The instruction as it stands at that address.
    public func text(at address: UInt64) -> String {
        var line = ""
        if prefixes.contains(.lock) { line += "lock " }
        line += repetition + mnemonicText
        for place in 0..<operandCount {
            line += place == 0 ? " " : ", "
            line += text(operand(place), place, end: address &+ UInt64(length))
        }
        return line
    }

    /// The name as assemblers write it.
    public var mnemonicText: String {
        let name = row.printedMnemonic.map { "\($0)" } ?? "\(mnemonic)"
        if name.hasSuffix("cc") {
            return name.dropLast(2) + DecodedInstruction.conditions[Int(condition)]
        }
        let forms = name.split(separator: "/")
        let size = mnemonic == .jcxz ? addressSize : operandSize
        return String(forms.count == 1 ? forms[0] : forms[size.trailingZeroBitCount &- 1])
    }

    private static let conditions = [
        "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g",
    ]

    /// F2 and F3 mean something to string instructions only.
    private var repetition: String {
        switch mnemonic {
        case .movs, .stos, .lods, .ins, .outs: prefixes.isDisjoint(with: [.rep, .repne]) ? "" : "rep "
        case .cmps, .scas: prefixes.contains(.rep) ? "repe " : prefixes.contains(.repne) ? "repne " : ""
        default: ""
        }
    }

    private func text(_ operand: Operand, _ place: Int, end: UInt64) -> String {
        let number = Int(operand.number)
        switch operand.kind {
        case .none: return ""
        case .general: return DecodedInstruction.register(number, size: operand.size)
        case .highByte: return ["ah", "ch", "dh", "bh"][number]
        case .segment: return name(of: operand.number)
        case .control: return "cr\(number)"
        case .debug: return "dr\(number)"
        case .mmx: return "mm\(number)"
        case .vector: return (operand.size == 32 ? "ymm" : "xmm") + "\(number)"
        case .x87: return "st(\(number))"
        case .memory: return width(operand.size) + memory
        case .source:
            return width(operand.size) + segmentText + "[" + DecodedInstruction.register(6, size: addressSize) + "]"
        case .destination: return width(operand.size) + "es:[" + DecodedInstruction.register(7, size: addressSize) + "]"
        case .offset: return width(operand.size) + segmentText + "[" + hexadecimal(UInt64(bitPattern: immediate)) + "]"
        case .immediate:
            let bits = UInt64(operand.size) &* 8
            return hexadecimal(UInt64(bitPattern: immediate) & (bits >= 64 ? .max : (1 &<< bits) &- 1))
        case .secondImmediate: return hexadecimal(UInt64(secondImmediate))
        case .implied: return "\(number)"
        case .relative:
            let target = end &+ UInt64(bitPattern: immediate)
            return hexadecimal(operandSize == 8 ? target : target & (operandSize == 4 ? 0xFFFF_FFFF : 0xFFFF))
        case .farPointer: return hexadecimal(UInt64(secondImmediate)) + ":" + hexadecimal(UInt64(bitPattern: immediate))
        }
    }

    private func name(of segment: UInt8) -> String { ["es", "cs", "ss", "ds", "fs", "gs", "?", "?"][Int(segment & 7)] }

    private var segmentText: String { segmentOverride.map { name(of: $0.rawValue) + ":" } ?? "" }

    private func width(_ size: UInt8) -> String {
        switch size {
        case 1: "byte ptr "
        case 2: "word ptr "
        case 4: "dword ptr "
        case 6: "fword ptr "
        case 8: "qword ptr "
        case 10: "tbyte ptr "
        case 16: "xmmword ptr "
        case 32: "ymmword ptr "
        default: ""
        }
    }

    private var memory: String {
        var terms = ""
        if base == DecodedInstruction.instructionPointer {
            terms = addressSize == 8 ? "rip" : "eip"
        } else if base != DecodedInstruction.noRegister {
            terms = DecodedInstruction.register(Int(base), size: addressSize)
        }
        if index != DecodedInstruction.noRegister {
            let isVector = row.flags.contains(.vectorIndex)
            let wide = isVector && vectorIndexSize == 32
            let register =
                isVector
                ? (wide ? "ymm" : "xmm") + "\(index)" : DecodedInstruction.register(Int(index), size: addressSize)
            terms += (terms.isEmpty ? "" : " + ") + register + (scale == 0 ? "" : "*\(1 &<< scale)")
        }
        if terms.isEmpty {
            let bits = UInt64(addressSize) &* 8
            let place = UInt64(bitPattern: Int64(displacement)) & (bits == 64 ? .max : (1 &<< bits) &- 1)
            return segmentText + "[" + hexadecimal(place) + "]"
        }
        if displacement != 0 {
            terms += (displacement < 0 ? " - " : " + ") + hexadecimal(UInt64(displacement.magnitude))
        }
        return segmentText + "[" + terms + "]"
    }

    private func hexadecimal(_ number: UInt64) -> String {
        number < 10 ? "\(number)" : "0x" + String(number, radix: 16)
    }

    private static func register(_ number: Int, size: UInt8) -> String {
        let old = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"]
        if number >= 8 { return "r\(number)" + (size == 1 ? "b" : size == 2 ? "w" : size == 4 ? "d" : "") }
        switch size {
        case 1: return number < 4 ? String(old[number].first!) + "l" : old[number] + "l"
        case 2: return old[number]
        case 4: return "e" + old[number]
        default: return "r" + old[number]
        }
    }
}

extension DecodedInstruction {
    /// The bytes of the vector of indices of a gather: as many indices as there are elements (volume 2, VGATHERDPS …).
    public var vectorIndexSize: UInt8 {
        let wide = prefixes.contains(.wide)
        switch mnemonic {
        // Four or eight doublewords, or two or four of them for so many quadwords.
        case .vpgatherdq, .vgatherdpd: return 16
        default: return wide ? 32 : 16
        }
    }
}
