// Reads the text that `Printer` writes. Values may have any names of the form v12, in any order; what is printed again is
// the same text but for nops, which are not printed and so shift the names of what follows.
//
//   unit 0x1000 {            // comments reach to the end of the line
//     instruction 0x1000
//     v1 = get.i64 x1
//     branch.ne v2, b1, b2(v1)
//   b1:
//     …
//   }

/// What a text is not.
public struct ParseError: Error, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        case expected(String)
        case unknownOpcode(String)
        case unknownType(String)
        case badAux(String)
        case unknownSlot(String)
        case undefinedValue(String)
        case duplicateValue(String)
        case badNumber(String)
        case badBlock(String)
        case tooLong
    }

    /// From 1.
    public let line: Int
    public let kind: Kind

    public init(line: Int, kind: Kind) {
        self.line = line
        self.kind = kind
    }

    public var description: String { "line \(line): \(kind)" }
}

/// Makes units from text.
public struct Parser {
    let layout: StateLayout
    private let opcodes: [String: Opcode]

    public init(layout: StateLayout) {
        self.layout = layout
        var opcodes: [String: Opcode] = [:]
        for raw in 0..<Opcode.count {
            let opcode = Opcode(rawValue: UInt16(raw))!
            opcodes[opcode.name] = opcode
        }
        self.opcodes = opcodes
    }

    /// Reads one unit.
    public func parse(_ text: String) throws(ParseError) -> Unit {
        var unit = Unit()
        try parse(text, into: &unit)
        return unit
    }

    /// Reads one unit over what `unit` was.
    public func parse(_ text: String, into unit: inout Unit) throws(ParseError) {
        var state = State()
        var line = 0
        for raw in text.split(separator: "\n", omittingEmptySubsequences: false) {
            line += 1
            var scanner = Scanner(text: raw, line: line)
            guard let first = scanner.next() else { continue }
            try state.isOpen ? body(first, &scanner, &state, &unit) : head(first, &scanner, &state, &unit)
            if let rest = scanner.next() { throw scanner.error(.expected("end of line, not \(rest)")) }
        }
        if !state.isClosed { throw ParseError(line: line, kind: .expected("}")) }
        try finish(&state, &unit)
    }

    /// What is known while reading.
    private struct State {
        var isOpen = false
        var isClosed = false
        var values: [Substring: Int] = [:]
        var placed: Set<UInt32> = []
        /// Blocks that edges go to, and the lines that say so: they must be placed in the end.
        var blocksNamed: [(id: UInt32, line: Int)] = []
    }

    private func head(
        _ first: Substring, _ scanner: inout Scanner, _ state: inout State, _ unit: inout Unit
    ) throws(ParseError) {
        if state.isClosed { throw scanner.error(.expected("end of text, not \(first)")) }
        guard first == "unit" else { throw scanner.error(.expected("unit")) }
        unit.reset(pc: try scanner.wide())
        try scanner.expect("{")
        state.isOpen = true
    }

    private func body(
        _ first: Substring, _ scanner: inout Scanner, _ state: inout State, _ unit: inout Unit
    ) throws(ParseError) {
        if first == "}" {
            state.isOpen = false
            state.isClosed = true
            return
        }
        if first.first == "b", scanner.peek == ":" {
            try scanner.expect(":")
            return try place(first, &scanner, &state, &unit)
        }
        if unit.placedCount == 0 { try place("b0", &scanner, &state, &unit) }
        guard unit.room > 1 else { throw scanner.error(.tooLong) }
        var name: Substring?
        var word = first
        if scanner.peek == "=" {
            try scanner.expect("=")
            guard isValueName(first) else { throw scanner.error(.expected("a value's name, not \(first)")) }
            if state.values[first] != nil { throw scanner.error(.duplicateValue(String(first))) }
            name = first
            word = try scanner.word()
        }
        let index = try instruction(word, hasResult: name != nil, &scanner, &state, &unit)
        if let name { state.values[name] = index }
    }

    private func place(
        _ name: Substring, _ scanner: inout Scanner, _ state: inout State, _ unit: inout Unit
    ) throws(ParseError) {
        let id = try block(name, &scanner, &unit)
        guard state.placed.insert(id).inserted else { throw scanner.error(.badBlock(String(name))) }
        unit.place(BlockID(id))
    }

    /// A block's number; makes blocks up to it.
    private func block(_ name: Substring, _ scanner: inout Scanner, _ unit: inout Unit) throws(ParseError) -> UInt32 {
        guard name.first == "b", let id = UInt32(name.dropFirst()), id < Unit.blockCapacity else {
            throw scanner.error(.badBlock(String(name)))
        }
        while unit.blockCount <= Int(id) { _ = unit.makeBlock() }
        return id
    }

    private func finish(_ state: inout State, _ unit: inout Unit) throws(ParseError) {
        unit.finish()
        for named in state.blocksNamed where !state.placed.contains(named.id) {
            throw ParseError(line: named.line, kind: .badBlock("b\(named.id)"))
        }
        for index in 0..<unit.count where unit.instructions[index].opcode == .instruction {
            unit.guestInstructions += 1
        }
    }

    // MARK: Instructions

    private func isValueName(_ word: Substring) -> Bool { word.first == "v" && UInt32(word.dropFirst()) != nil }

    private func instruction(
        _ word: Substring, hasResult: Bool, _ scanner: inout Scanner, _ state: inout State, _ unit: inout Unit
    ) throws(ParseError) -> Int {
        var parts = word.split(separator: ".", omittingEmptySubsequences: false)[...]
        guard let opcode = opcodes[String(parts.removeFirst())] else {
            throw scanner.error(.unknownOpcode(String(word)))
        }
        guard hasResult == (opcode.resultRule != .none) else {
            throw scanner.error(.expected(hasResult ? "no result" : "a name for the result"))
        }
        var i = Instruction(opcode, .none)
        if hasResult {
            guard let name = parts.popFirst(), let type = type(name) else {
                throw scanner.error(.unknownType(String(word)))
            }
            i.type = type
        }
        if opcode.auxKind != .none {
            guard let text = parts.popFirst(), let aux = aux(opcode.auxKind, text) else {
                throw scanner.error(.badAux(String(word)))
            }
            i.aux = aux
        }
        if let rest = parts.first { throw scanner.error(.badAux(String(rest))) }
        var isFirst = true
        for field in 0..<3 where opcode.operandKind(field) != .none {
            let kind = opcode.operandKind(field)
            if kind == .pool, opcode != .vconst, i.aux != ExitHint.call.rawValue { continue }
            if !isFirst { try scanner.expect(",") }
            isFirst = false
            if kind == .imm64 {
                i.immediate = try scanner.wide()
                continue
            }
            let operand = try operand(kind, opcode, &scanner, &state, &unit)
            switch field {
            case 0: i.a = operand
            case 1: i.b = operand
            default: i.c = operand
            }
        }
        return unit.append(i.opcode, i.type, i.aux, i.a, i.b, i.c).index
    }

    private func operand(
        _ kind: Opcode.OperandKind, _ opcode: Opcode, _ scanner: inout Scanner, _ state: inout State, _ unit: inout Unit
    ) throws(ParseError) -> UInt32 {
        switch kind {
        case .value: return try value(&scanner, state)
        case .imm:
            let text = try scanner.word()
            guard let number = Int32(text) else { throw scanner.error(.badNumber(String(text))) }
            return UInt32(bitPattern: number)
        case .slot:
            let name = try scanner.word()
            guard let slot = layout.slot(named: String(name)) else { throw scanner.error(.unknownSlot(String(name))) }
            return slot.id
        case .edge: return try edge(&scanner, &state, &unit)
        default:
            var numbers = [try scanner.wide()]
            if opcode == .vconst {
                try scanner.expect(",")
                numbers.append(try scanner.wide())
            }
            let at = UInt32(unit.poolCount)
            for number in numbers {
                unit.appendToPool(UInt32(truncatingIfNeeded: number))
                unit.appendToPool(UInt32(truncatingIfNeeded: number >> 32))
            }
            return at
        }
    }

    private func value(_ scanner: inout Scanner, _ state: State) throws(ParseError) -> UInt32 {
        let name = try scanner.word()
        guard let index = state.values[name] else { throw scanner.error(.undefinedValue(String(name))) }
        return UInt32(index)
    }

    private func edge(
        _ scanner: inout Scanner, _ state: inout State, _ unit: inout Unit
    ) throws(ParseError) -> UInt32 {
        let id = try block(try scanner.word(), &scanner, &unit)
        state.blocksNamed.append((id, scanner.line))
        var arguments: [Value] = []
        if scanner.peek == "(" {
            try scanner.expect("(")
            repeat {
                if !arguments.isEmpty { try scanner.expect(",") }
                arguments.append(Value(try value(&scanner, state)))
            } while scanner.peek == ","
            try scanner.expect(")")
        }
        guard unit.poolCount + arguments.count + 2 <= Unit.poolCapacity else { throw scanner.error(.tooLong) }
        return unit.edge(BlockID(id), arguments)
    }

    private func type(_ text: Substring) -> Type? {
        Type.allCases.first { $0 != .none && "\($0)" == text }
    }

    private func aux(_ kind: Opcode.AuxKind, _ text: Substring) -> UInt8? {
        switch kind {
        case .none: nil
        case .lane: Lane.allCases.first { "\($0)" == text }?.rawValue
        case .condition: Condition.allCases.first { "\($0)" == text }?.rawValue
        case .memory: MemoryAccessText.parse(text)?.rawValue
        case .size: ["8", "16", "32", "64"].firstIndex(of: String(text)).map { UInt8($0) }
        case .width: type(text)?.rawValue
        case .hint: ExitHint.allCases.first { "\($0)" == text }?.rawValue
        case .reason: TrapReason.allCases.first { "\($0)" == text }?.rawValue
        case .helper: Helper.allCases.first { "\($0)" == text }?.rawValue
        case .format: FloatFormat.allCases.first { "\($0)" == text }?.rawValue
        case .fused: FusedOperation.all.first { $0.name == text }?.rawValue
        }
    }
}

/// Words and punctuation of one line.
private struct Scanner {
    var text: Substring
    let line: Int

    func error(_ kind: ParseError.Kind) -> ParseError { ParseError(line: line, kind: kind) }

    private mutating func skipSpace() {
        text = text.drop { $0 == " " || $0 == "\t" || $0 == "\r" }
        if text.hasPrefix("//") { text = "" }
    }

    /// The next character that is no space.
    var peek: Character? {
        var copy = self
        copy.skipSpace()
        return copy.text.first
    }

    /// A word, or one character of punctuation.
    mutating func next() -> Substring? {
        skipSpace()
        let word = text.prefix { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" || $0 == "-" }
        let token = word.isEmpty ? text.prefix(1) : word
        text = text.dropFirst(token.count)
        return token.isEmpty ? nil : token
    }

    mutating func word() throws(ParseError) -> Substring {
        guard let token = next() else { throw error(.expected("an operand")) }
        return token
    }

    mutating func expect(_ punctuation: Substring) throws(ParseError) {
        guard next() == punctuation else { throw error(.expected(String(punctuation))) }
    }

    /// A 64-bit number in hexadecimal or decimal.
    mutating func wide() throws(ParseError) -> UInt64 {
        let text = try word()
        let number = text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
        guard let number else { throw error(.badNumber(String(text))) }
        return number
    }
}
