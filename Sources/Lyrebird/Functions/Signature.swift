// What a function takes and gives, known when the program runs.

/// The signature of a C function.
///
/// It is made of types, or read from text: a declaration as C writes it, where a parameter's name may be left out and `pointer` and
/// `address` are types as well (`CType`).
///
/// ```swift
/// let signature = try Signature("ulong crc32(ulong crc, const uint8_t *bytes, uint count)")
/// ```
///
/// Of a variadic function, the arguments behind the `...` are part of the signature: `int printf(pointer, ..., int, double)`. They are
/// what that caller passes, `void` for nothing; another set is another signature.
public struct Signature: Sendable, Hashable {
    /// Empty where a signature needs no name.
    public let name: String
    public let result: CType
    public let parameters: [CType]
    /// How many parameters come before the `...`; nil if there is none.
    public let fixedParameters: Int?

    /// - Throws: `SignatureError` for a type that cannot be passed.
    public init(_ name: String = "", result: CType = .void, parameters: [CType] = [], fixedParameters: Int? = nil)
        throws(SignatureError)
    {
        self.name = name
        self.result = result
        self.parameters = parameters
        self.fixedParameters = fixedParameters
        if let refusal = refusal() { throw SignatureError(refusal.kind) }
    }

    /// Reads a declaration.
    public init(_ text: String) throws(SignatureError) {
        var parser = SignatureParser(text)
        self = try parser.onlyDeclaration()
    }

    /// Reads declarations, each of which may end with a semicolon; `//` starts a comment.
    public static func list(_ text: String) throws(SignatureError) -> [Signature] {
        var parser = SignatureParser(text)
        return try parser.declarations()
    }

    /// Unchecked: for the parser, which knows where what is wrong is.
    init(name: String, result: CType, parameters: [CType], fixed: Int?) {
        self.name = name
        self.result = result
        self.parameters = parameters
        fixedParameters = fixed
    }

    /// The first thing that cannot be passed, and at which parameter; nil if all can.
    func refusal() -> (kind: SignatureError.Kind, parameter: Int?)? {
        if result != .void, let what = result.refusal() { return (.unsupportedType(what), nil) }
        if case .function = result { return (.unsupportedType("a function pointer as result"), nil) }
        for (index, type) in parameters.enumerated() {
            if let what = type.refusal() { return (.unsupportedType(what), index) }
            if let fixedParameters, index >= fixedParameters {
                switch type {
                case .bool, .int8, .uint8, .int16, .uint16, .float: return (.notPromoted(type), index)
                default: break
                }
            }
        }
        if let fixedParameters, !(0...parameters.count).contains(fixedParameters) {
            return (.expected("as many parameters as are fixed"), nil)
        }
        return nil
    }

    var parameterText: String {
        var texts = parameters.map(\.description)
        if let fixedParameters {
            texts.insert("...", at: fixedParameters)
            if fixedParameters == parameters.count { texts.append("void") }
        }
        return texts.isEmpty ? "void" : texts.joined(separator: ", ")
    }
}

extension Signature: CustomStringConvertible {
    /// As `init(_:)` reads it.
    public var description: String { "\(result) \(name.isEmpty ? "function" : name)(\(parameterText))" }
}

/// What is wrong with a signature, and where its text says it.
public struct SignatureError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    public enum Kind: Sendable, Equatable {
        /// A type that C has and that is not passed: its name.
        case unsupportedType(String)
        /// A word that is no type.
        case unknownType(String)
        /// A variadic argument of a type that C promotes to another before it is passed.
        case notPromoted(CType)
        /// What should stand there.
        case expected(String)
    }

    /// What is wrong.
    public var kind: Kind
    /// From 1 on; 0 where there is no text. The column counts characters.
    public var line: Int
    public var column: Int

    public init(_ kind: Kind, line: Int = 0, column: Int = 0) {
        self.kind = kind
        self.line = line
        self.column = column
    }

    public var description: String {
        let what =
            switch kind {
            case .unsupportedType(let name): "\(name) cannot be passed"
            case .unknownType(let word): "unknown type '\(word)'"
            case .notPromoted(let type): "\(type) is not passed as a variadic argument: C promotes it"
            case .expected(let what): "expected \(what)"
            }
        return line == 0 ? what : "\(line):\(column): \(what)"
    }
}
