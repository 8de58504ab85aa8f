// Reads declarations of C functions: types by their usual names, pointers, structs in place, pointers to functions.

struct SignatureParser {
    private struct Token {
        var text: String
        var line: Int
        var column: Int
    }

    private var tokens: [Token] = []
    private var at = 0
    /// Of structs and function pointers in each other.
    private var depth = 0
    private static let depthLimit = 16

    init(_ text: String) {
        var line = 1
        var column = 1
        var rest = text[...]
        func isWord(_ c: Character) -> Bool { c.isLetter || c.isNumber || c == "_" }
        func advance(_ count: Int) {
            for c in rest.prefix(count) {
                if c.isNewline {
                    line += 1
                    column = 1
                } else {
                    column += 1
                }
            }
            rest = rest.dropFirst(count)
        }
        while let c = rest.first {
            if c.isWhitespace {
                advance(1)
            } else if rest.hasPrefix("//") {
                advance(rest.prefix { !$0.isNewline }.count)
            } else {
                let token =
                    isWord(c) ? rest.prefix(while: isWord) : rest.hasPrefix("...") ? rest.prefix(3) : rest.prefix(1)
                tokens.append(Token(text: String(token), line: line, column: column))
                advance(token.count)
            }
        }
        tokens.append(Token(text: "", line: line, column: column))
    }

    private var next: String { tokens[at].text }

    private func error(_ kind: SignatureError.Kind, at index: Int? = nil) -> SignatureError {
        let token = tokens[index ?? at]
        return SignatureError(kind, line: token.line, column: token.column)
    }

    private func expected(_ what: String) -> SignatureError {
        error(.expected(next.isEmpty ? "\(what), not the end" : "\(what), not '\(next)'"))
    }

    private mutating func take(_ text: String) -> Bool {
        guard next == text else { return false }
        at += 1
        return true
    }

    private mutating func require(_ text: String) throws(SignatureError) {
        guard take(text) else { throw expected("'\(text)'") }
    }

    private var isAtName: Bool { next.first.map { $0.isLetter || $0 == "_" } ?? false }

    // MARK: Declarations

    mutating func onlyDeclaration() throws(SignatureError) -> Signature {
        let signature = try declaration()
        _ = take(";")
        guard next.isEmpty else { throw expected("nothing more") }
        return signature
    }

    mutating func declarations() throws(SignatureError) -> [Signature] {
        var result: [Signature] = []
        while true {
            while take(";") {}
            if next.isEmpty { return result }
            result.append(try declaration())
        }
    }

    private mutating func declaration() throws(SignatureError) -> Signature {
        let start = at
        _ = take("extern")
        let result = try type()
        guard isAtName else { throw expected("the function's name") }
        let name = next
        at += 1
        return try parameters(name, result, start)
    }

    /// The parenthesis behind a function's name.
    private mutating func parameters(_ name: String, _ result: CType, _ start: Int) throws(SignatureError) -> Signature
    {
        try require("(")
        var types: [CType] = []
        var places: [Int] = []
        var fixed: Int?
        if next == "void", tokens[at + 1].text == ")" { at += 1 }
        if !take(")") {
            while true {
                places.append(at)
                if fixed == nil, !types.isEmpty, take("...") {
                    places.removeLast()
                    fixed = types.count
                    guard take(",") else { throw expected("the types of the variadic arguments (void for none)") }
                    if next == "void", tokens[at + 1].text == ")" {
                        at += 2
                        break
                    }
                    continue
                } else {
                    types.append(try parameter())
                }
                if take(")") { break }
                guard take(",") else { throw expected("',' or ')'") }
            }
        }
        let signature = Signature(name: name, result: result, parameters: types, fixed: fixed)
        if let refusal = signature.refusal() {
            throw error(refusal.kind, at: refusal.parameter.map { places[$0] } ?? start)
        }
        return signature
    }

    private mutating func parameter() throws(SignatureError) -> CType {
        let start = at
        var type = try type()
        if take("(") {
            // A pointer to a function: result (*name)(parameters).
            try require("*")
            if isAtName { at += 1 }
            try require(")")
            depth += 1
            guard depth <= Self.depthLimit else { throw expected("less deep nesting") }
            type = .function(try parameters("", type, start))
            depth -= 1
            return type
        }
        if isAtName { at += 1 }
        while take("[") {
            if next.first?.isNumber ?? false { at += 1 }
            try require("]")
            type = .pointer
        }
        return type
    }

    // MARK: Types

    private static let qualifiers: Set<String> = ["const", "volatile", "restrict", "__restrict"]

    private static let names: [String: CType] = [
        "void": .void, "bool": .bool, "_Bool": .bool, "float": .float, "double": .double,
        "pointer": .pointer, "address": .address,
        "int8_t": .int8, "int16_t": .int16, "int32_t": .int32, "int64_t": .int64,
        "uint8_t": .uint8, "uint16_t": .uint16, "uint32_t": .uint32, "uint64_t": .uint64,
        "uchar": .uint8, "ushort": .uint16, "uint": .uint32, "ulong": .uint64,
        "size_t": .uint64, "ssize_t": .int64, "ptrdiff_t": .int64, "intptr_t": .int64, "uintptr_t": .uint64,
        "off_t": .int64, "time_t": .int64,
    ]
    /// C has them, and they are not passed.
    private static let unsupported: Set<String> = [
        "__int128", "_Complex", "_Float16", "_Float128", "__float128", "__fp16", "__bf16", "_BitInt", "_Decimal32",
        "_Decimal64", "_Decimal128", "va_list", "__m64", "__m128", "__m128i", "__m128d", "__m256", "__m256i",
        "__m256d", "union", "enum",
    ]
    /// Words of integer types, in any order.
    private static let integerWords: Set<String> = ["signed", "unsigned", "char", "short", "int", "long"]

    private mutating func skipQualifiers() { while Self.qualifiers.contains(next) { at += 1 } }

    private mutating func type() throws(SignatureError) -> CType {
        skipQualifiers()
        let start = at
        var refused: String?
        var type = try base(&refused)
        skipQualifiers()
        // Whatever it points to, a pointer is one.
        while take("*") {
            type = .pointer
            refused = nil
            skipQualifiers()
        }
        if let refused { throw error(.unsupportedType(refused), at: start) }
        return type
    }

    /// - Parameter refused: what it is if it cannot be passed.
    private mutating func base(_ refused: inout String?) throws(SignatureError) -> CType {
        let word = next
        if Self.integerWords.contains(word) || word == "double" && tokens[at + 1].text == "_Complex" {
            return try words(&refused)
        }
        if let type = Self.names[word] {
            at += 1
            if next == "_Complex" {
                at += 1
                refused = "\(word) _Complex"
            }
            return type
        }
        if word == "struct" { return try structure(&refused) }
        guard isAtName else { throw expected("a type") }
        let isVector = word.hasSuffix("_t") && word.contains("x") && word.contains(where: \.isNumber)
        if Self.unsupported.contains(word) || isVector {
            at += 1
            if word == "_Complex" || word == "union" || word == "enum", isAtName { at += 1 }
            refused = word
            return .void
        }
        // A name that is nobody's may be pointed to.
        if tokens[at + 1].text == "*" {
            at += 1
            return .void
        }
        throw error(.unknownType(word))
    }

    private mutating func words(_ refused: inout String?) throws(SignatureError) -> CType {
        let start = at
        var count: [String: Int] = [:]
        while Self.integerWords.contains(next) || next == "double" || next == "_Complex" {
            count[next, default: 0] += 1
            at += 1
        }
        func has(_ word: String) -> Bool { count[word] != nil }
        let isUnsigned = has("unsigned")
        if has("double") || has("_Complex") {
            refused = tokens[start..<at].map(\.text).joined(separator: " ")
            return .double
        }
        let longs = count["long"] ?? 0
        let isOne = [has("char"), has("short"), longs > 0].filter(\.self).count <= 1
        let once = count.allSatisfy { $0.value == 1 || $0.key == "long" && $0.value == 2 }
        guard isOne, once, !(has("signed") && isUnsigned), !(has("char") && has("int")) else {
            throw error(.unknownType(tokens[start..<at].map(\.text).joined(separator: " ")), at: start)
        }
        if has("char") { return isUnsigned ? .uint8 : .int8 }
        if has("short") { return isUnsigned ? .uint16 : .int16 }
        if longs > 0 { return isUnsigned ? .uint64 : .int64 }
        return isUnsigned ? .uint32 : .int32
    }

    private mutating func structure(_ refused: inout String?) throws(SignatureError) -> CType {
        at += 1
        let name = isAtName ? next : ""
        if isAtName { at += 1 }
        guard take("{") else {
            // Only to be pointed to.
            refused = "a struct whose fields are not given (\(name))"
            return .void
        }
        depth += 1
        guard depth <= Self.depthLimit else { throw expected("less deep nesting") }
        defer { depth -= 1 }
        var fields: [CType] = []
        while !take("}") {
            let place = at
            let type = try type()
            if isAtName { at += 1 }
            var count = 1
            if take("[") {
                guard let number = Int(next), (1...16).contains(number) else { throw expected("a number from 1 to 16") }
                count = number
                at += 1
                try require("]")
            }
            try require(";")
            if let what = type.refusal(isField: true) { throw error(.unsupportedType(what), at: place) }
            fields += Array(repeating: type, count: count)
            guard fields.count <= 16 else {
                // There is no type of less than a byte.
                throw error(.unsupportedType("a struct of more than 16 bytes"), at: place)
            }
        }
        return .structure(fields)
    }
}
