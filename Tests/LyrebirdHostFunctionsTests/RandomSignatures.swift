// Random signatures, compiled for the guest and for the host by their own compilers: the same callers and callees on both sides. A
// guest's caller calls the host's callee, the host's caller the guest's, and both have to say what the host's say to each other.

import Lyrebird
import LyrebirdHostFunctions
import Testing

struct RandomSignatures {
    struct Case {
        var number: Int
        var signature: Signature
        /// The values that the caller passes: scalars in order.
        var values: [[Int]]
    }

    private var state: UInt64
    private(set) var cases: [Case] = []

    init(seed: UInt64, count: Int) throws {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        for number in 0..<count {
            let isVariadic = below(6) == 0
            let fixed = isVariadic ? 1 + below(4) : 0
            // Many arguments leave the registers for the stack.
            let parameters = (0..<(fixed + below(isVariadic ? 8 : below(2) == 0 ? 7 : 22))).map { index in
                type(promoted: isVariadic && index >= fixed, result: false)
            }
            let signature = try Signature(
                "f\(number)", result: type(promoted: false, result: true), parameters: parameters,
                fixedParameters: isVariadic ? fixed : nil)
            let values = parameters.map { type in Self.scalars(of: type).map { _ in below(120) } }
            cases.append(Case(number: number, signature: signature, values: values))
        }
    }

    private mutating func below(_ limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 16) % limit
    }

    private static let scalarTypes: [CType] = [
        .bool, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64, .float, .double, .pointer,
    ]
    private static let promotedTypes: [CType] = [.int32, .uint32, .int64, .uint64, .double, .pointer]

    private mutating func type(promoted: Bool, result: Bool) -> CType {
        if result, below(8) == 0 { return .void }
        if below(4) != 0 {
            let types = promoted ? Self.promotedTypes : Self.scalarTypes
            // A host function's pointer to its own memory is none of the guest's.
            return types[below(result ? types.count - 1 : types.count)]
        }
        if below(3) == 0 {
            let float: CType = below(2) == 0 ? .float : .double
            return .structure(Array(repeating: float, count: 1 + below(float == .float ? 4 : 2)))
        }
        while true {
            var fields = (0..<(1 + below(6))).map { _ in Self.scalarTypes[below(Self.scalarTypes.count - 1)] }
            if below(4) == 0 { fields = [.structure(fields), Self.scalarTypes[below(11)]] }
            let structure = CType.structure(fields)
            if structure.size <= 16 { return structure }
        }
    }

    static func scalars(of type: CType) -> [(type: CType, path: String)] {
        guard case .structure(let fields) = type else { return type == .void ? [] : [(type, "")] }
        return fields.enumerated().flatMap { index, field in
            scalars(of: field).map { ($0.type, ".m\(index)\($0.path)") }
        }
    }

    // MARK: C

    private static func name(of type: CType) -> String {
        switch type {
        case .bool: "_Bool"
        case .pointer: "void *"
        case .structure(let fields):
            "struct { " + fields.enumerated().map { "\(name(of: $1)) m\($0); " }.joined() + "}"
        default: "\(type)"
        }
    }

    private static func value(_ number: Int, _ type: CType) -> String {
        switch type {
        case .bool: "\(number & 1)"
        case .float: "\(number).25f"
        case .double: "-\(number).125"
        case .pointer: "(void *)(bytes + \(number))"
        case .int8, .int16, .int32, .int64: "(\(type))(-\(number))"
        default: "(\(type))(-\(number) * 77)"
        }
    }

    /// The same text for both sides.
    var source: String {
        var text = """
            #include <stdarg.h>
            #include <stdint.h>
            static const unsigned char bytes[128] = { 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4 };
            static uint64_t mix(uint64_t h, uint64_t v) { return (h ^ v) * 0x9E3779B97F4A7C15u + (h >> 29); }

            """
        func mixing(_ type: CType, _ value: String) -> String {
            Self.scalars(of: type).map { scalar in
                let place = value + scalar.path
                let bits =
                    switch scalar.type {
                    case .float: "(uint64_t)(int64_t)(\(place) * 4)"
                    case .double: "(uint64_t)(int64_t)(\(place) * 8)"
                    case .pointer: "*(unsigned char *)\(place)"
                    default: "(uint64_t)\(place)"
                    }
                return "h = mix(h, \(bits)); "
            }.joined()
        }
        for test in cases {
            let n = test.number
            let signature = test.signature
            for (index, type) in signature.parameters.enumerated() {
                text += "typedef \(Self.name(of: type)) t\(n)_\(index);\n"
            }
            text += "typedef \(Self.name(of: signature.result)) r\(n);\n"
            let fixed = signature.fixedParameters ?? signature.parameters.count
            let named = (0..<fixed).map { "t\(n)_\($0) a\($0)" } + (signature.fixedParameters == nil ? [] : ["..."])
            let parameters = named.isEmpty ? "void" : named.joined(separator: ", ")
            text += "r\(n) f\(n)(\(parameters)) {\n    uint64_t h = \(n);\n"
            if signature.fixedParameters != nil {
                text += "    va_list list;\n    va_start(list, a\(fixed - 1));\n"
                for index in fixed..<signature.parameters.count {
                    text += "    t\(n)_\(index) a\(index) = va_arg(list, t\(n)_\(index));\n"
                }
                text += "    va_end(list);\n"
            }
            for (index, type) in signature.parameters.enumerated() { text += "    \(mixing(type, "a\(index)"))\n" }
            if signature.result == .void {
                text += "    seen = h;\n}\n"
            } else {
                text += "    r\(n) r;\n"
                for scalar in Self.scalars(of: signature.result) {
                    text += "    h = mix(h, 1); r\(scalar.path) = (\(Self.name(of: scalar.type)))(int32_t)(h >> 40);\n"
                }
                text += "    return r;\n}\n"
            }
            text += "uint64_t call\(n)(r\(n) (*f)(\(parameters))) {\n    uint64_t h = 0;\n"
            for (index, type) in signature.parameters.enumerated() {
                text += "    t\(n)_\(index) a\(index);\n"
                for (scalar, value) in zip(Self.scalars(of: type), test.values[index]) {
                    text += "    a\(index)\(scalar.path) = \(Self.value(value, scalar.type));\n"
                }
            }
            let arguments = signature.parameters.indices.map { "a\($0)" }.joined(separator: ", ")
            if signature.result == .void {
                text += "    f(\(arguments));\n    return 0;\n}\n"
            } else {
                text += "    r\(n) r = f(\(arguments));\n    \(mixing(signature.result, "r"))\n    return h;\n}\n"
            }
        }
        return text.replacing("static uint64_t mix", with: "uint64_t seen;\nstatic uint64_t mix", maxReplacements: 1)
    }
}

@Suite(.serialized) struct RandomSignatureTests {
    typealias Caller = @convention(c) (UnsafeRawPointer) -> UInt64

    @Test(arguments: Guest.allCases, [1, 2] as [UInt64])
    func bothSidesAgree(_ guest: Guest, _ seed: UInt64) throws {
        let random = try RandomSignatures(seed: seed, count: 60)
        let compiled = try CompiledGuest(guest, random.source, isChecked: seed == 2)
        let file = try compileForHost(random.source)
        defer { file.remove() }
        let library = try HostLibrary(file.path)
        let seen = try #require(library.symbol("seen")).assumingMemoryBound(to: UInt64.self)
        let addresses = try library.expose(random.cases.map(\.signature), to: compiled.machine)
        func seenByGuest() throws -> UInt64 { try compiled.machine.memory.load(UInt64.self, at: compiled["seen"]) }
        for test in random.cases {
            let name = test.signature.name
            let caller = unsafeBitCast(try #require(library.symbol("call\(test.number)")), to: Caller.self)
            let native = caller(try #require(library.symbol(name)))
            let nativeSeen = seen.pointee
            // The guest calls the host, once and once more, when its code is there.
            for _ in 0..<2 {
                UnsafeMutablePointer(mutating: seen).pointee = 0
                let address = try #require(addresses[name])
                let result = try compiled.call("uint64_t call\(test.number)(address)", [.unsigned(address)])
                #expect(result == .unsigned(native), "guest to host: \(test.signature)")
                if test.signature.result == .void { #expect(seen.pointee == nativeSeen, "\(test.signature)") }
            }
            // The host calls the guest: whose pointers are to its own memory.
            guard !test.signature.parameters.contains(.pointer) else { continue }
            let function = try GuestFunction(compiled[name], test.signature, cpu: compiled.cpu)
            #expect(caller(function.pointer.memory) == native, "host to guest: \(test.signature)")
            #expect(function.failure == nil)
            if test.signature.result == .void {
                #expect(try seenByGuest() == nativeSeen, "\(test.signature)")
            }
        }
    }
}
