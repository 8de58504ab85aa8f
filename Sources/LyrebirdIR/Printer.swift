// The IR as text. `Parser` reads it back: parse(print(unit)) is the same unit. Used by file tests, by `explain` and by
// whoever debugs a pass; nothing here is on the way from guest code to host code.

/// Writes units as text, naming slots by a guest's layout.
public struct Printer {
    let layout: StateLayout

    public init(layout: StateLayout) { self.layout = layout }

    public func text(of unit: borrowing Unit) -> String {
        var out = "unit \(hex(unit.startPC)) {\n"
        for place in 0..<unit.placedCount {
            let id = unit.order[place]
            let block = unit.blocks[Int(id)]
            // The first block is b0 unless it says otherwise.
            if place > 0 || id != 0 { out += "b\(id):\n" }
            for index in Int(block.start)..<Int(block.end) where unit.instructions[index].opcode != .nop {
                out += "  \(line(of: index, in: unit))\n"
            }
        }
        return out + "}\n"
    }

    /// One instruction, without indentation or end of line.
    public func line(of index: Int, in unit: borrowing Unit) -> String {
        let i = unit.instructions[index]
        var out = ""
        if i.type != .none { out += "v\(index) = " }
        out += i.opcode.name
        if i.type != .none { out += ".\(i.type)" }
        if let aux = auxText(i) { out += ".\(aux)" }
        var operands: [String] = []
        for field in 0..<3 {
            let word = field == 0 ? i.a : field == 1 ? i.b : i.c
            switch i.opcode.operandKind(field) {
            case .none: break
            case .value: operands.append("v\(word)")
            case .imm: operands.append("\(Int32(bitPattern: word))")
            case .imm64: operands.append(hex(i.immediate))
            case .slot: operands.append(layout.entries[Int(word)].name)
            case .edge: operands.append(edgeText(word, in: unit))
            case .pool: operands += poolText(i, word, in: unit)
            }
        }
        if !operands.isEmpty { out += " " + operands.joined(separator: ", ") }
        return out
    }

    private func auxText(_ i: Instruction) -> String? {
        switch i.opcode.auxKind {
        case .none: nil
        case .lane: "\(i.lane)"
        case .condition: "\(i.condition)"
        case .memory: MemoryAccessText.text(i.access)
        case .size: "\(8 << Int(i.aux))"
        case .width: "\(Type(rawValue: i.aux)!)"
        case .hint: "\(ExitHint(rawValue: i.aux)!)"
        case .reason: "\(TrapReason(rawValue: i.aux)!)"
        case .helper: "\(Helper(rawValue: i.aux)!)"
        case .format: "\(i.format)"
        case .fused: FusedOperation(rawValue: i.aux)!.name
        }
    }

    private func edgeText(_ at: UInt32, in unit: borrowing Unit) -> String {
        let count = unit.pool[Int(at) + 1]
        let arguments = (0..<count).map { "v\(unit.pool[Int(at) + 2 + Int($0)])" }
        return "b\(unit.pool[Int(at)])" + (arguments.isEmpty ? "" : "(\(arguments.joined(separator: ", ")))")
    }

    private func poolText(_ i: Instruction, _ at: UInt32, in unit: borrowing Unit) -> [String] {
        func wide(_ word: Int) -> UInt64 {
            UInt64(unit.pool[Int(at) + word]) | UInt64(unit.pool[Int(at) + word + 1]) << 32
        }
        if i.opcode == .vconst { return [hex(wide(0)), hex(wide(2))] }
        return i.aux == ExitHint.call.rawValue ? [hex(wide(0))] : []
    }
}

func hex(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }

/// `u8`, `s32a`, `u128r`, `v128`, `w128` …: sign, bits, order. What has to be aligned has a v for the sign, or a w if it has to be the
/// first half of what is aligned.
enum MemoryAccessText {
    static func text(_ access: MemoryAccess) -> String {
        let order = ["", "a", "r", "x"][Int(access.order.rawValue)]
        let sign = access.startsPair ? "w" : access.isAligned ? "v" : access.isSigned ? "s" : "u"
        return sign + "\(8 << Int(access.size))" + order
    }

    static func parse(_ text: Substring) -> MemoryAccess? {
        guard let sign = text.first, "usvw".contains(sign) else { return nil }
        var digits = text.dropFirst()
        var order = MemoryAccess.Order.plain
        if let last = digits.last, let index = ["a", "r", "x"].firstIndex(of: String(last)) {
            order = MemoryAccess.Order(rawValue: UInt8(index + 1))!
            digits = digits.dropLast()
        }
        guard let bits = Int(digits), let size = [8, 16, 32, 64, 128].firstIndex(of: bits) else { return nil }
        return MemoryAccess(
            size: UInt8(size), signed: sign == "s", order: order, aligned: sign == "v", startsPair: sign == "w")
    }
}
