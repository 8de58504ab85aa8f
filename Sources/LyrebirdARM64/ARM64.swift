// AArch64 as the runtime knows it: the protocol's conformance, and the loop that lifts one unit.

import LyrebirdIR

/// The AArch64 guest: A64 in user mode.
public struct ARM64: GuestArchitecture {
    public init() {}

    public var layout: StateLayout { ARM64State.layout }
    public var pinnedSlots: [Slot] { ARM64State.pinned }

    public func lift(_ code: GuestCode, mode: UInt32, into unit: inout Unit, limit: Int) {
        var lifter = Lifter(unit: consume unit, pc: code.pc)
        lifter.lift(code, limit: limit)
        unit = lifter.takeUnit()
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
