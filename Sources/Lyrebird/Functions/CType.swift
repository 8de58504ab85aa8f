// Types and values of C as they cross between guest and host. Both sides are LP64 and little-endian, so that a type has the same
// size and layout on either; what differs is where it is passed (CallingConvention.swift).

/// A type of an argument, a result or a field.
///
/// C's names stand for these: `char`, `short`, `int`, `long`, `size_t`, `uint32_t` and so on for the integers of their sizes. `long
/// double`, `__int128`, complex numbers, vectors and structs of more than 16 bytes are not passed: a signature with one is refused.
public indirect enum CType: Sendable, Hashable {
    /// Of results only.
    case void
    case bool
    case int8, uint8, int16, uint16, int32, uint32, int64, uint64
    case float, double
    /// A pointer into guest memory, which is the host's pointer to the same byte on the host's side, and NULL on either where it is
    /// on the other. That the address is the guest's is checked, and no more: what lies behind a pointer, and whether it is mapped,
    /// is between caller and function, as it is in C.
    case pointer
    /// A guest address that stays one: a `UInt64` on the host's side.
    case address
    /// A pointer to a guest function. A C function gets a pointer to a host function that calls it (`LyrebirdHostFunctions`); to Swift
    /// it is the guest address.
    case function(Signature)
    /// Fields one behind the other, aligned as C aligns them: at most 16 bytes. An array is as many fields.
    case structure([CType])
}

extension CType {
    /// Bytes.
    public var size: Int {
        switch self {
        case .void: 0
        case .bool, .int8, .uint8: 1
        case .int16, .uint16: 2
        case .int32, .uint32, .float: 4
        case .int64, .uint64, .double, .pointer, .address, .function: 8
        case .structure(let fields):
            (Self.offsets(of: fields).end + alignment - 1) & ~(alignment - 1)
        }
    }

    /// Bytes; a power of two.
    public var alignment: Int {
        if case .structure(let fields) = self { return fields.map(\.alignment).max() ?? 1 }
        return max(1, size)
    }

    static func offsets(of fields: [CType]) -> (each: [Int], end: Int) {
        var end = 0
        let each = fields.map { field in
            let offset = (end + field.alignment - 1) & ~(field.alignment - 1)
            end = offset + field.size
            return offset
        }
        return (each, end)
    }

    /// What is in it, structs taken apart, with the offset of each.
    func scalars(at offset: Int = 0) -> [(type: CType, offset: Int)] {
        guard case .structure(let fields) = self else { return [(self, offset)] }
        return zip(fields, Self.offsets(of: fields).each).flatMap { $0.scalars(at: offset + $1) }
    }

    var isFloatingPoint: Bool { self == .float || self == .double }

    /// Why a value of it cannot be passed, as the name of what it is; nil if it can.
    func refusal(isField: Bool = false) -> String? {
        switch self {
        case .void: return "void"
        case .function where isField: return "a function pointer in a struct"
        case .structure(let fields):
            if fields.isEmpty { return "an empty struct" }
            if let field = fields.lazy.compactMap({ $0.refusal(isField: true) }).first { return field }
            return size > 16 ? "a struct of \(size) bytes" : nil
        default: return nil
        }
    }
}

extension CType: CustomStringConvertible {
    /// As `Signature` reads it.
    public var description: String {
        switch self {
        case .void: "void"
        case .bool: "bool"
        case .int8: "int8_t"
        case .uint8: "uint8_t"
        case .int16: "int16_t"
        case .uint16: "uint16_t"
        case .int32: "int32_t"
        case .uint32: "uint32_t"
        case .int64: "int64_t"
        case .uint64: "uint64_t"
        case .float: "float"
        case .double: "double"
        case .pointer: "pointer"
        case .address: "address"
        case .function(let signature): "\(signature.result) (*)(\(signature.parameterText))"
        case .structure(let fields): "struct { " + fields.map { "\($0); " }.joined() + "}"
        }
    }
}

/// A value on the host's side of a call.
public enum CValue: Sendable, Hashable {
    /// Of a function without a result.
    case void
    /// Of the signed types; a value is cut to the type's size.
    case signed(Int64)
    /// Of the unsigned types, of `bool` (0 or 1), and of `address` and `function`.
    case unsigned(UInt64)
    case float(Float)
    case double(Double)
    /// A host address; nil for NULL.
    case pointer(HostPointer?)
    /// The fields in order.
    case structure([CValue])

    /// An integer, or a truth value.
    public static func int(_ value: some BinaryInteger) -> CValue { .signed(Int64(truncatingIfNeeded: value)) }
    public static func bool(_ value: Bool) -> CValue { .unsigned(value ? 1 : 0) }

    /// Of an integer, its bits; of anything else, nil.
    public var integer: UInt64? {
        switch self {
        case .signed(let value): UInt64(bitPattern: value)
        case .unsigned(let value): value
        default: nil
        }
    }

    /// Of either floating-point type.
    public var number: Double? {
        switch self {
        case .float(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// Of a pointer that is not NULL.
    public var memory: UnsafeMutableRawPointer? {
        if case .pointer(let pointer?) = self { return pointer.memory }
        return nil
    }
}

/// The host address that a guest's pointer became. It is good while the guest has the memory mapped.
public struct HostPointer: @unchecked Sendable, Hashable {
    /// The byte on the host.
    public var memory: UnsafeMutableRawPointer
    /// - Parameter memory: in the guest's memory, if it is to be passed to the guest.
    public init(_ memory: UnsafeMutableRawPointer) { self.memory = memory }
}

extension CValue {
    /// Reads one from memory where it is as C has it: aligned, of a type that can be passed.
    public init(_ type: CType, at place: UnsafeRawPointer) {
        switch type {
        case .void: self = .void
        case .bool: self = .unsigned(place.load(as: UInt8.self) == 0 ? 0 : 1)
        case .int8: self = .signed(Int64(place.load(as: Int8.self)))
        case .int16: self = .signed(Int64(place.load(as: Int16.self)))
        case .int32: self = .signed(Int64(place.load(as: Int32.self)))
        case .int64: self = .signed(place.load(as: Int64.self))
        case .uint8: self = .unsigned(UInt64(place.load(as: UInt8.self)))
        case .uint16: self = .unsigned(UInt64(place.load(as: UInt16.self)))
        case .uint32: self = .unsigned(UInt64(place.load(as: UInt32.self)))
        case .uint64, .address, .function: self = .unsigned(place.load(as: UInt64.self))
        case .float: self = .float(place.load(as: Float.self))
        case .double: self = .double(place.load(as: Double.self))
        case .pointer:
            self = .pointer(place.load(as: UnsafeMutableRawPointer?.self).map { HostPointer($0) })
        case .structure(let fields):
            self = .structure(zip(fields, CType.offsets(of: fields).each).map { CValue($0, at: place + $1) })
        }
    }

    /// - Returns: false if the value is none of the type.
    func store(as type: CType, to place: UnsafeMutableRawPointer) -> Bool {
        switch (type, self) {
        case (.void, .void): break
        case (.bool, _):
            guard let integer else { return false }
            place.storeBytes(of: integer == 0 ? 0 : 1, as: UInt8.self)
        case (.int8, _), (.uint8, _), (.int16, _), (.uint16, _), (.int32, _), (.uint32, _), (.int64, _), (.uint64, _),
            (.address, _), (.function, _):
            guard let integer else { return false }
            withUnsafeBytes(of: integer.littleEndian) { place.copyMemory(from: $0.baseAddress!, byteCount: type.size) }
        case (.float, .float(let value)): place.storeBytes(of: value, as: Float.self)
        case (.double, .double(let value)): place.storeBytes(of: value, as: Double.self)
        case (.pointer, .pointer(let value)):
            place.storeBytes(of: value?.memory, as: UnsafeMutableRawPointer?.self)
        case (.structure(let fields), .structure(let values)):
            guard fields.count == values.count else { return false }
            for (index, offset) in CType.offsets(of: fields).each.enumerated() {
                guard values[index].store(as: fields[index], to: place + offset) else { return false }
            }
        default: return false
        }
        return true
    }
}
