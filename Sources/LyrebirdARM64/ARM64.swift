// AArch64 as the runtime knows it: the protocol's conformance, and the loop that lifts one unit.

import LyrebirdIR

/// The AArch64 guest: A64 in user mode.
public struct ARM64: GuestArchitecture {
    // Asked for at every way into generated code.
    private let fpcrOffset = ARM64State.layout.entries[ARM64State.fpcr.index].offset
    private let fpsrOffset = ARM64State.layout.entries[ARM64State.fpsr.index].offset

    public init() {}

    public var layout: StateLayout { ARM64State.layout }
    public var longestInstruction: Int { 4 }
    public var pinnedSlots: [Slot] { ARM64State.pinned }

    public func lift(_ code: GuestCode, mode: UInt32, into unit: inout Unit, limit: Int) {
        var lifter = Lifter(unit: consume unit, pc: code.pc)
        lifter.unit.floatControl = FloatControl(rawValue: mode)
        lifter.lift(code, limit: limit)
        unit = lifter.takeUnit()
    }

    public func lift(_ code: GuestCode, joining joined: GuestCode, mode: UInt32, into unit: inout Unit, limit: Int) {
        var lifter = Lifter(unit: consume unit, pc: code.pc)
        lifter.unit.floatControl = FloatControl(rawValue: mode)
        lifter.joined = joined
        lifter.lift(code, limit: limit)
        unit = lifter.takeUnit()
    }

    public func liftLoop(_ code: GuestCode, mode: UInt32, into unit: inout Unit) -> Bool {
        var lifter = Lifter(unit: consume unit, pc: code.pc)
        lifter.unit.floatControl = FloatControl(rawValue: mode)
        let isLoop = lifter.liftLoop(code)
        unit = lifter.takeUnit()
        return isLoop
    }

    /// AAPCS64 6.8.2: the arguments are X0 and X1, the result X0.
    public func liftFunction(_ function: Helper, at pc: UInt64, into unit: inout Unit) {
        unit.place(unit.makeBlock())
        unit.instruction(pc: pc)
        let arguments = (unit.get(.i64, ARM64State.x(0)), unit.get(.i64, ARM64State.x(1)))
        unit.set(ARM64State.x(0), unit.call(function, arguments.0, arguments.1))
        unit.exitJump(pc &+ 4)
        unit.guestBytes = 4
        unit.guestInstructions = 1
        unit.finish()
    }

    /// The floating-point control that translations depend on: FPCR.FZ and DN.
    public func mode(_ state: UnsafeRawPointer) -> UInt32 {
        let known: FloatControl = [.flushesSubnormals, .defaultNaN]
        return floatControl(state) & known.rawValue
    }

    /// FPCR (C5.2.8): RMode is to nearest, up, down, to zero; then FZ, DN, AHP and FZ16.
    public func floatControl(_ state: UnsafeRawPointer) -> UInt32 {
        let fpcr = fpcr(state)
        return fpcr >> 23 & 1 | fpcr >> 21 & 2 | fpcr >> 22 & 4 | fpcr >> 22 & 8 | fpcr >> 22 & 16
            | fpcr >> 14 & 32
    }

    /// FPSR's cumulative exceptions have the same bits, but for the host's denormal operands.
    public func addFloatFlags(_ flags: UInt32, to state: UnsafeMutableRawPointer) {
        let fpsr = (state + fpsrOffset).assumingMemoryBound(to: UInt64.self)
        fpsr.pointee |= UInt64(flags & 0x9F)
    }

    private func fpcr(_ state: UnsafeRawPointer) -> UInt32 {
        state.load(fromByteOffset: fpcrOffset, as: UInt32.self)
    }

    public func initialize(_ state: UnsafeMutableRawPointer) {
        // C is kept inverted, so a clear C is a one in the slot.
        state.storeBytes(of: UInt16(FlagBits.fromNZCV(0)), toByteOffset: offset(ARM64State.nzcv), as: UInt16.self)
        state.storeBytes(of: .max, toByteOffset: offset(ARM64State.exclusiveAddress), as: UInt64.self)
    }

    private func offset(_ slot: Slot) -> Int { ARM64State.layout.entries[slot.index].offset }
}

/// The bits of a flags value, as the IR's `flagsToBits` gives them, from N:Z:C:V as the manual writes them (C5.2.11 NZCV).
enum FlagBits {
    static let n: UInt64 = 1 << 15
    static let z: UInt64 = 1 << 14
    static let c: UInt64 = 1 << 8
    static let v: UInt64 = 1
    static let always: UInt64 = 1 << 9

    @inline(__always)
    static func fromNZCV(_ nzcv: Int) -> UInt64 {
        (nzcv & 8 != 0 ? n : 0) | (nzcv & 4 != 0 ? z : 0) | (nzcv & 2 != 0 ? 0 : c) | (nzcv & 1 != 0 ? v : 0) | always
    }
}
