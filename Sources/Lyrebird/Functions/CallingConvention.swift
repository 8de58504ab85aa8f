// Where a guest's functions have their arguments and results: AAPCS64 (the Procedure Call Standard for the Arm 64-bit Architecture,
// 6.8 and 6.9, with Linux's variadic functions, which are as others) and the System V ABI for x86-64 (3.2).

import LyrebirdIR

/// The registers that a guest's calls use.
struct CallingConvention: Sendable {
    let integers: [Register]
    let vectors: [VectorRegister]
    let integerResults: [Register]
    let vectorResults: [VectorRegister]
    let stackPointer: Register
    /// The return address: nil where it is on the stack.
    let link: Register?
    /// Bytes below the stack pointer that a function may use without moving it.
    let redZone: UInt64
    /// Whether structs of floats only, or doubles only, have a register for each member.
    let hasHomogeneousAggregates: Bool
    /// What says how many vector registers a variadic call uses.
    let vectorCount: Register?

    static func of(_ guest: Guest) -> CallingConvention {
        switch guest {
        case .arm64: arm64
        case .x86_64: x86_64
        }
    }

    private static let arm64 = CallingConvention(
        integers: (0..<8).map { .x($0) }, vectors: (0..<8).map { .v($0) }, integerResults: [.x0, .x1],
        vectorResults: (0..<4).map { .v($0) }, stackPointer: .sp, link: .x30, redZone: 0,
        hasHomogeneousAggregates: true, vectorCount: nil)

    private static let x86_64 = CallingConvention(
        integers: [.rdi, .rsi, .rdx, .rcx, .r8, .r9], vectors: (0..<8).map { .xmm($0) }, integerResults: [.rax, .rdx],
        vectorResults: [.xmm(0), .xmm(1)], stackPointer: .rsp, link: nil, redZone: 128,
        hasHomogeneousAggregates: false, vectorCount: .rax)

    // MARK: Assignment

    /// The registers and the stack that arguments still have.
    struct Assignment {
        var integers = 0
        var vectors = 0
        var stack = 0
    }

    /// Where an argument goes.
    func assign(_ type: CType, _ used: inout Assignment) -> [CallLayout.Piece] {
        let parts = self.parts(of: type)
        let general = parts.count { !$0.isVector }
        let vector = parts.count - general
        // All of it is in registers, or none.
        guard used.integers + general <= integers.count, used.vectors + vector <= vectors.count else {
            // Whom AAPCS64 sends to the stack, it has all that follow of the kind go there; System V takes what fits later.
            if hasHomogeneousAggregates {
                if general > 0 { used.integers = integers.count }
                if vector > 0 { used.vectors = vectors.count }
            }
            let start = used.stack
            used.stack += (type.size + 7) & ~7
            return stride(from: 0, to: type.size, by: 8).map {
                .init(place: .stack(start + $0), offset: $0, size: min(8, type.size - $0))
            }
        }
        return parts.map { part in
            let place: CallLayout.Place
            if part.isVector {
                place = .vector(vectors[used.vectors])
                used.vectors += 1
            } else {
                place = .general(integers[used.integers])
                used.integers += 1
            }
            return .init(place: place, offset: part.offset, size: part.size)
        }
    }

    func assignResult(_ type: CType) -> [CallLayout.Piece] {
        var general = 0
        var vector = 0
        return parts(of: type).map { part in
            let place: CallLayout.Place
            if part.isVector {
                place = .vector(vectorResults[vector])
                vector += 1
            } else {
                place = .general(integerResults[general])
                general += 1
            }
            return .init(place: place, offset: part.offset, size: part.size)
        }
    }

    private struct Part {
        var isVector: Bool
        var offset: Int
        var size: Int
    }

    /// What of a value has a register of its own.
    private func parts(of type: CType) -> [Part] {
        let scalars = type.scalars()
        if type == .void { return [] }
        guard case .structure = type else {
            return [Part(isVector: type.isFloatingPoint, offset: 0, size: type.size)]
        }
        if hasHomogeneousAggregates, scalars.count <= 4, let first = scalars.first?.type, first.isFloatingPoint,
            scalars.allSatisfy({ $0.type == first })
        {
            return scalars.map { Part(isVector: true, offset: $0.offset, size: first.size) }
        }
        // Eight bytes each, on x86-64 of the class that all of it has.
        return stride(from: 0, to: type.size, by: 8).map { start in
            let inside = scalars.filter { $0.offset >= start && $0.offset < start + 8 }
            let isVector = !hasHomogeneousAggregates && inside.allSatisfy(\.type.isFloatingPoint)
            return Part(isVector: isVector, offset: start, size: min(8, type.size - start))
        }
    }
}

/// Where a function of a signature has its arguments and its result on a guest, and where they are in a buffer of the host's: each
/// argument as C has it in memory.
public final class CallLayout: Sendable {
    enum Place: Sendable, Hashable {
        case general(Register)
        case vector(VectorRegister)
        /// Bytes from the first argument on the stack.
        case stack(Int)
    }

    /// Some bytes of a value, 8 at most.
    struct Piece: Sendable {
        var place: Place
        /// In the value, or in the buffer.
        var offset: Int
        var size: Int
    }

    public let signature: Signature
    let convention: CallingConvention
    /// Of all arguments, by their places in the buffer.
    let arguments: [Piece]
    let result: [Piece]
    /// Of each argument, in the buffer; and its bytes.
    public let offsets: [Int]
    public let bufferSize: Int
    /// Bytes on the stack.
    let stackSize: Int
    /// Pointers in the buffer, and in the result.
    let pointers: [(argument: Int, offset: Int)]
    let resultPointers: [Int]
    let vectorCount: Int

    /// Bytes of a buffer for a result: the host's call may store more than the type has.
    public static let resultSize = 16

    public init(_ signature: Signature, _ guest: Guest) {
        let convention = CallingConvention.of(guest)
        var used = CallingConvention.Assignment()
        var arguments: [Piece] = []
        var offsets: [Int] = []
        var pointers: [(Int, Int)] = []
        var end = 0
        for (index, type) in signature.parameters.enumerated() {
            offsets.append(end)
            arguments += convention.assign(type, &used).map {
                Piece(place: $0.place, offset: end + $0.offset, size: $0.size)
            }
            pointers += type.scalars(at: end).filter { $0.type == .pointer }.map { (index, $0.offset) }
            end += (type.size + 7) & ~7
        }
        self.signature = signature
        self.convention = convention
        self.arguments = arguments
        self.offsets = offsets
        self.pointers = pointers
        bufferSize = max(end, 8)
        stackSize = used.stack
        vectorCount = used.vectors
        result = convention.assignResult(signature.result)
        resultPointers = signature.result.scalars().filter { $0.type == .pointer }.map(\.offset)
    }

    /// Whether the host's own registers have the arguments in the same order, so that the runtime can call a function without anybody's
    /// help: six integers and eight numbers at most.
    var isDirect: Bool {
        guard signature.fixedParameters == nil else { return false }
        if case .structure = signature.result { return false }
        var integers = 0
        for type in signature.parameters {
            switch type {
            case .structure, .function: return false
            default: if !type.isFloatingPoint { integers += 1 }
            }
        }
        return integers <= 6 && stackSize == 0
    }
}
