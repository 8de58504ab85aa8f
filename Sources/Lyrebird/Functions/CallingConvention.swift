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
/// argument as C has it in memory, from a multiple of eight bytes on.
public final class CallLayout: @unchecked Sendable {
    enum Place {
        case general(Register)
        case vector(VectorRegister)
        /// Bytes from the first argument on the stack.
        case stack(Int)
    }

    /// Some bytes of a value, 8 at most.
    struct Piece {
        var place: Place
        /// In the value, or in the buffer.
        var offset: Int
        var size: Int
    }

    /// The same, as calls want it.
    struct Move {
        enum Kind { case general, vector, stack }
        var kind: Kind
        /// Bytes from the start of the guest's state, or from the first argument on the stack.
        var place: Int
        var offset: Int
        var size: Int
    }

    /// A pointer: the number of its argument, and where it is in the buffer.
    struct PointerPlace {
        var argument: Int
        var offset: Int
    }

    /// What is laid out.
    public let signature: Signature
    let convention: CallingConvention
    /// Of each argument, in the buffer; and its bytes.
    public let offsets: [Int]
    public let bufferSize: Int
    /// Bytes on the stack.
    let stackSize: Int
    let vectorCount: Int
    // Not arrays: calls go through them, and would count references.
    let arguments: UnsafeBufferPointer<Move>
    let result: UnsafeBufferPointer<Move>
    let pointers: UnsafeBufferPointer<PointerPlace>
    let resultPointers: UnsafeBufferPointer<PointerPlace>
    /// Of the stack pointer and the link register in the guest's state; -1 where the return address is on the stack.
    let stackPointer: Int
    let link: Int
    /// What the stack pointer is lowered by before a call from outside.
    let redZone: UInt64

    /// Bytes of a buffer for a result: the host's call may store more than the type has.
    public static let resultSize = 16

    public init(_ signature: Signature, _ guest: Guest) {
        let convention = CallingConvention.of(guest)
        let state = guest.architecture.layout
        func offset(_ index: Int) -> Int { state.entries[index].offset }
        func move(_ piece: Piece, at base: Int) -> Move {
            let (kind, place): (Move.Kind, Int) =
                switch piece.place {
                case .general(let register): (.general, offset(register.index))
                case .vector(let register): (.vector, offset(register.index))
                case .stack(let place): (.stack, place)
                }
            return Move(kind: kind, place: place, offset: base + piece.offset, size: piece.size)
        }
        func pointers(_ type: CType, _ argument: Int, at base: Int) -> [PointerPlace] {
            type.scalars(at: base).filter { $0.type == .pointer }.map { .init(argument: argument, offset: $0.offset) }
        }
        var used = CallingConvention.Assignment()
        var arguments: [Move] = []
        var offsets: [Int] = []
        var argumentPointers: [PointerPlace] = []
        var end = 0
        for (index, type) in signature.parameters.enumerated() {
            offsets.append(end)
            arguments += convention.assign(type, &used).map { move($0, at: end) }
            argumentPointers += pointers(type, index, at: end)
            end += (type.size + 7) & ~7
        }
        self.signature = signature
        self.convention = convention
        self.offsets = offsets
        bufferSize = max(end, 8)
        stackSize = used.stack
        vectorCount = used.vectors
        self.arguments = Self.copy(arguments)
        self.pointers = Self.copy(argumentPointers)
        result = Self.copy(convention.assignResult(signature.result).map { move($0, at: 0) })
        resultPointers = Self.copy(pointers(signature.result, 0, at: 0))
        stackPointer = offset(convention.stackPointer.index)
        link = convention.link.map { offset($0.index) } ?? -1
        redZone = convention.redZone
    }

    private static func copy<T: BitwiseCopyable>(_ array: [T]) -> UnsafeBufferPointer<T> {
        let buffer = UnsafeMutableBufferPointer<T>.allocate(capacity: array.count)
        _ = buffer.initialize(from: array)
        return UnsafeBufferPointer(buffer)
    }

    deinit {
        arguments.deallocate()
        result.deallocate()
        pointers.deallocate()
        resultPointers.deallocate()
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
