// Accesses of guests that are not trusted. An address below the window's size goes to the MMU, which knows what is mapped and for
// what; whatever else there is (addresses above, devices, memory that somebody watches) is left to the runtime, which is told
// where the access would have been and makes it by itself. The test is made right before the access, where its frame state
// holds, once for each value in a chain of blocks.

import LyrebirdIR

/// What has to be looked at before an access is made.
enum AddressCheck: Equatable {
    case none
    /// Whether this register has a bit that no address in the window has.
    case register(UInt8)
    /// Nothing: the access is the runtime's.
    case leaves
}

extension CodeGenerator {
    static let checkedCapacity = 8

    mutating func checkedMemory(_ address: FoldedAddress) -> Memory {
        // The test destroys them, and the frame state of this very instruction may look at them.
        clobberFlags(including: true)
        let base = useGeneral(Int(address.base))
        if isLeaving {
            addressCheck = .leaves
        } else if address.index >= 0 {
            let other = useGeneral(Int(address.index))
            let sum = scratchGeneral()
            hot.lea(.b64, sum, Memory(base: base, index: other, scale: address.scale))
            addressCheck = .register(sum.rawValue)
            return Memory(base: sum, displacement: address.displacement).gs
        } else if !isChecked(address.base) {
            addressCheck = .register(base.rawValue)
        }
        return Memory(base: base, displacement: address.displacement).gs
    }

    /// Whether the guest instruction's accesses are the runtime's.
    private var isLeaving: Bool {
        mutating get {
            for pc in leavingAccesses where pc >= instructionPC { return pc == instructionPC }
            return false
        }
    }

    /// Whether a value's bounds are known; they are from now on.
    private mutating func isChecked(_ value: Int32) -> Bool {
        if values[Int(value)].isConstant { return constantBits[Int(value)] & contract.outsideMask == 0 }
        for n in 0..<min(checkedCount, Self.checkedCapacity) where checkedValues[n] == value { return true }
        checkedValues[checkedCount & (Self.checkedCapacity &- 1)] = value
        checkedCount &+= 1
        return false
    }

    /// Makes the test of the access that comes next, whose site logs the state that it finds.
    mutating func emitCheck() {
        let check = addressCheck
        addressCheck = .none
        let leaving = UnsafeRawPointer(cold.cursor)
        if case .register(let number) = check {
            hot.test(.b64, ContextField.outsideMask, GPR(number))
            hot.jcc(.ne, to: leaving)
        } else {
            hot.jmp(to: leaving)
        }
        let site = Int32(truncatingIfNeeded: UnsafeRawPointer(hot.cursor) - stubs.start)
        cold.mov(.b32, ContextField.accessSite, imm: site)
        cold.jmp(to: stubs.exitAccess)
    }

    /// The runtime's: nothing behind it is executed.
    mutating func selectPort(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        clobberFlags(including: true)
        if i.opcode == .portIn { _ = allocateGeneral(for: index) }
        addressCheck = .leaves
        site(unit)
    }

    /// Makes the test at once, for sites that are not on every way.
    mutating func checkAddress(_ unit: borrowing Unit) { if addressCheck != .none { site(unit) } }
}
