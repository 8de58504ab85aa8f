// x86 as the runtime knows it: the protocol's conformance. 64-bit mode so far.

import LyrebirdIR

/// The x86 guest in user mode.
public struct X86: GuestArchitecture {
    // Asked for at every way into generated code.
    private let mxcsrOffset = X86State.layout.entries[X86State.mxcsr.index].offset
    private let otherFlagsOffset = X86State.layout.entries[X86State.otherFlags.index].offset
    private let x87ControlOffset = X86State.layout.entries[X86State.x87Control.index].offset

    public init() {}

    public var layout: StateLayout { X86State.layout }
    public var pinnedSlots: [Slot] { X86State.pinned }
    /// Instructions start at any byte.
    public var codeAlignment: Int { 0 }
    public var noticesChangedCode: Bool { true }

    public func lift(_ code: GuestCode, mode: UInt32, into unit: inout Unit, limit: Int) {
        var lifter = Lifter(unit: consume unit, pc: code.pc, mode: mode)
        lifter.lift(code, limit: limit)
        unit = lifter.takeUnit()
    }

    public func lift(_ code: GuestCode, joining joined: GuestCode, mode: UInt32, into unit: inout Unit, limit: Int) {
        var lifter = Lifter(unit: consume unit, pc: code.pc, mode: mode)
        lifter.joined = joined
        lifter.lift(code, limit: limit)
        unit = lifter.takeUnit()
    }

    public func liftLoop(_ code: GuestCode, mode: UInt32, into unit: inout Unit) -> Bool {
        let (counter, isHooked, comparesCode) = (unit.counter, unit.isHooked, unit.comparesCode)
        for keepsCarry in [true, false] {
            var lifter = Lifter(unit: consume unit, pc: code.pc, mode: mode)
            let isLoop = lifter.liftLoop(code, keepsCarry: keepsCarry)
            unit = lifter.takeUnit()
            if isLoop { return true }
            unit.reset(pc: code.pc)
            unit.counter = counter
            unit.isHooked = isHooked
            unit.comparesCode = comparesCode
        }
        return false
    }

    /// The System V ABI: the arguments are RDI and RSI, the result RAX. The instruction is one of one byte.
    public func liftFunction(_ function: Helper, at pc: UInt64, into unit: inout Unit) {
        unit.place(unit.makeBlock())
        unit.instruction(pc: pc)
        let arguments = (unit.get(.i64, X86State.general(7)), unit.get(.i64, X86State.general(6)))
        unit.set(X86State.general(0), unit.call(function, arguments.0, arguments.1))
        unit.exitJump(pc &+ 1)
        unit.guestBytes = 1
        unit.guestInstructions = 1
        unit.finish()
    }

    /// What Linux gives a new program: no flags, MXCSR and the x87 control word as after reset, flat segments.
    public func initialize(_ state: UnsafeMutableRawPointer) {
        state.storeBytes(of: UInt16(FlagBits.one), toByteOffset: offset(X86State.flags), as: UInt16.self)
        let initial: [(Slot, UInt64)] = [
            (X86State.mxcsr, 0x1F80), (X86State.selector(.cs), 0x33), (X86State.selector(.ss), 0x2B),
        ]
        state.storeBytes(of: X87Control.initial, toByteOffset: offset(X86State.x87Control), as: UInt16.self)
        state.storeBytes(of: X87Control.emptyTags, toByteOffset: offset(X86State.x87Tags), as: UInt16.self)
        for (slot, value) in initial { state.storeBytes(of: value, toByteOffset: offset(slot), as: UInt64.self) }
    }

    /// Bits of `TranslationMode`.
    public func mode(_ state: UnsafeRawPointer) -> UInt32 {
        let mxcsr = state.load(fromByteOffset: mxcsrOffset, as: UInt32.self)
        let control = state.load(fromByteOffset: x87ControlOffset, as: UInt16.self)
        let sse = mxcsr & MXCSR.masks == MXCSR.masks ? 0 : TranslationMode.unmasksSSE
        let x87 = control & X87Control.masks == X87Control.masks ? 0 : TranslationMode.unmasksX87
        let flags = state.load(fromByteOffset: otherFlagsOffset, as: UInt64.self)
        return sse | x87 | (flags & TranslationMode.trapFlag == 0 ? 0 : TranslationMode.steps)
    }

    /// Flushing to zero is for underflow that is masked (volume 1, 10.2.3.3).
    public func floatControl(_ state: UnsafeRawPointer) -> UInt32 {
        let mxcsr = state.load(fromByteOffset: mxcsrOffset, as: UInt32.self)
        let flushes = mxcsr & (MXCSR.flushToZero | MXCSR.underflowMask) == MXCSR.flushToZero | MXCSR.underflowMask
        return mxcsr >> 13 & 3 | mxcsr & MXCSR.denormalsAreZeros | (flushes ? 128 : 0)
    }

    /// 48 bits, sign-extended.
    public func isCanonical(_ address: UInt64) -> Bool {
        Int64(bitPattern: address &<< 16) &>> 16 == Int64(bitPattern: address)
    }

    public func addFloatFlags(_ flags: UInt32, to state: UnsafeMutableRawPointer) {
        let mxcsr = (state + mxcsrOffset).assumingMemoryBound(to: UInt32.self)
        mxcsr.pointee |= flags & 1 | (flags & 0x1E) << 1 | flags >> 4 & 2
    }

    private func offset(_ slot: Slot) -> Int { X86State.layout.entries[slot.index].offset }
}

/// The part of a translation's key that is not the pc.
enum TranslationMode {
    /// An exception of SSE is not masked, so that each operation is looked at.
    static let unmasksSSE: UInt32 = 1
    /// An exception of x87 is not masked, so that one may be pending.
    static let unmasksX87: UInt32 = 2
    /// There is an exception behind each instruction.
    static let steps: UInt32 = 4
    /// RFLAGS.TF.
    static let trapFlag: UInt64 = 0x100
}

/// MXCSR (volume 1, 10.2.3): flags in bits 0 to 5, masks for them in 7 to 12, rounding in 13 and 14.
enum MXCSR {
    static let denormalsAreZeros: UInt32 = 1 << 6
    static let underflowMask: UInt32 = 1 << 11
    static let masks: UInt32 = 0x1F80
    static let flushToZero: UInt32 = 1 << 15
    static let reserved: UInt32 = 0xFFFF_0000
}

/// x87's control word, and what FNINIT makes of it and of the tags.
enum X87Control {
    static let masks: UInt16 = 0x3F
    static let initial: UInt16 = 0x37F
    static let emptyTags: UInt16 = 0xFFFF
}

/// The bits of a flags value, as the IR's `flagsToBits` gives them: of the low byte of EFLAGS, in bits 8 to 15, and of OF.
enum FlagBits {
    static let n: UInt32 = 1 << 15
    static let z: UInt32 = 1 << 14
    static let a: UInt32 = 1 << 12
    static let p: UInt32 = 1 << 10
    static let one: UInt32 = 1 << 9
    static let c: UInt32 = 1 << 8
    static let v: UInt32 = 1
    /// Those of a result of logic that is 0.
    static let ofZero = z | p | one
}
