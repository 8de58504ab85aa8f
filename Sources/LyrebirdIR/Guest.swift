// What a guest architecture gives the rest of the translator: its layout of state and a lifter. The runtime knows guests by
// this protocol only.

/// A read-only view of guest code, copied out of guest memory so that it cannot change or vanish while it is lifted.
public struct GuestCode {
    /// Guest address of the first byte.
    public let pc: UInt64
    public let bytes: UnsafeRawBufferPointer

    public init(pc: UInt64, bytes: UnsafeRawBufferPointer) {
        self.pc = pc
        self.bytes = bytes
    }
}

/// A guest architecture: lifts its code into the IR.
public protocol GuestArchitecture: Sendable {
    var layout: StateLayout { get }

    /// Bytes of the longest instruction.
    var longestInstruction: Int { get }

    /// Which slots live in registers between translations, hottest first. The host gives out as many as it has.
    var pinnedSlots: [Slot] { get }

    /// Log2 of the bytes that instructions are aligned to.
    var codeAlignment: Int { get }

    /// Whether a CPU executes what was stored without being told that code has changed.
    var noticesChangedCode: Bool { get }

    /// Lifts one block from the start of `code` into `unit`, which has been reset. Ends with an exit where the block ends or
    /// the bytes do. At least one instruction is lifted: bytes that are none become a trap. If the first one is not all there,
    /// `unit.guestBytes` is 0.
    /// - Parameter mode: the part of the translation's key that is not the pc; the guest gives it its meaning.
    func lift(_ code: GuestCode, mode: UInt32, into unit: inout Unit, limit: Int)

    /// Lifts the innermost loop whose head is the start of `code` into `unit`, which has been reset. The unit's first block goes to
    /// the head's, `unit.loopHead`, which starts with what `unit.reserveLoopFlags` appends.
    /// - Returns: false if there is no such loop, or it is not worth it.
    func liftLoop(_ code: GuestCode, mode: UInt32, into unit: inout Unit) -> Bool

    /// Lifts as `lift` does. A jump from there to the start of `joined`, if it ends the unit, goes on with what stands there instead, once,
    /// and `unit.joinedBytes` says how much of it is in the unit.
    func lift(_ code: GuestCode, joining joined: GuestCode, mode: UInt32, into unit: inout Unit, limit: Int)

    /// Lifts, into `unit`, which has been reset, a call of a function of the embedder's in place of the one instruction at `pc`.
    /// Arguments and result are where the guest's C functions have their first two and theirs.
    func liftFunction(_ function: Helper, at pc: UInt64, into unit: inout Unit)

    /// The mode that a CPU's state asks for.
    func mode(_ state: UnsafeRawPointer) -> UInt32

    /// The floating-point control word of a CPU's state, as bits of `lyrebird_float_control`.
    func floatControl(_ state: UnsafeRawPointer) -> UInt32

    /// Adds flags of floating-point operations, bits of `lyrebird_float_flags`, to the guest's own.
    func addFloatFlags(_ flags: UInt32, to state: UnsafeMutableRawPointer)

    /// Whether an address has the form that the guest's addresses have; if not, an access is another fault than one to nothing.
    func isCanonical(_ address: UInt64) -> Bool

    /// Puts a fresh CPU's state into `state`, which is zeroed.
    func initialize(_ state: UnsafeMutableRawPointer)
}

extension GuestArchitecture {
    public var longestInstruction: Int { 16 }
    public var codeAlignment: Int { 2 }
    public var noticesChangedCode: Bool { false }
    public func isCanonical(_ address: UInt64) -> Bool { true }
    public func liftLoop(_ code: GuestCode, mode: UInt32, into unit: inout Unit) -> Bool { false }
    public func lift(_ code: GuestCode, joining joined: GuestCode, mode: UInt32, into unit: inout Unit, limit: Int) {
        lift(code, mode: mode, into: &unit, limit: limit)
    }
    public func mode(_ state: UnsafeRawPointer) -> UInt32 { 0 }
    public func floatControl(_ state: UnsafeRawPointer) -> UInt32 { 0 }
    public func addFloatFlags(_ flags: UInt32, to state: UnsafeMutableRawPointer) {}
}
