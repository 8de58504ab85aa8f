// Which slots are in which registers where blocks meet. Between translations that is the register contract; inside a loop it is
// what the loop uses, chosen for each: its way in and its ways out move what differs.

import LyrebirdIR

/// A table of pinned slots. Owned by the code generator, used again for every loop.
struct Pins {
    /// Register of each slot, 0xFF where it is in memory.
    let registerOfSlot: UnsafeMutablePointer<UInt8>
    /// Slot of each register, -1 where it has none.
    let slotOfRegister: UnsafeMutablePointer<Int16>
    /// Slots that have a register.
    private let list: UnsafeMutablePointer<UInt8>
    private var count = 0
    private(set) var set = SlotSet()

    init() {
        registerOfSlot = .allocate(capacity: StateLayout.maximum)
        slotOfRegister = .allocate(capacity: HostRegister.count)
        list = .allocate(capacity: HostRegister.count)
        registerOfSlot.initialize(repeating: 0xFF, count: StateLayout.maximum)
        slotOfRegister.initialize(repeating: -1, count: HostRegister.count)
    }

    init(_ contract: RegisterContract) {
        self.init()
        for slot in contract.pinned { pin(Int(slot), contract.registerOfSlot[Int(slot)]) }
    }

    func deallocate() {
        registerOfSlot.deallocate()
        slotOfRegister.deallocate()
        list.deallocate()
    }

    @inline(__always) var slots: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: list, count: count) }

    mutating func pin(_ slot: Int, _ register: UInt8) {
        registerOfSlot[slot] = register
        slotOfRegister[Int(register)] = Int16(slot)
        list[count] = UInt8(slot)
        count &+= 1
        set.insert(slot)
    }

    mutating func removeAll() {
        for slot in slots {
            slotOfRegister[Int(registerOfSlot[Int(slot)])] = -1
            registerOfSlot[Int(slot)] = 0xFF
        }
        count = 0
        set = SlotSet()
    }
}

extension CodeGenerator {
    /// Chooses the registers of a loop: what it uses most, in the contract's register where the slot has one.
    /// - Parameter keepsOthers: what the loop does not use stays where it is, too, if its register is not wanted.
    mutating func choosePins(_ unit: borrowing Unit, keepsOthers: Bool) {
        inner.removeAll()
        written = SlotSet()
        let slotCount = contract.displacement.count
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: StateLayout.maximum) { uses in
            for slot in 0..<slotCount { uses[slot] = 0 }
            for place in 1..<unit.placedCount {
                let block = unit.blocks[Int(unit.order[place])]
                for index in Int(block.start)..<Int(block.end) {
                    let i = unit.instructions[index]
                    guard i.opcode == .get || i.opcode == .set || i.opcode == .bind else { continue }
                    uses[Int(i.a)] &+= 1
                    if i.opcode != .get { written.insert(Int(i.a)) }
                }
            }
            pinLoop(uses, Self.generalPins, { $0 == .i64 })
            pinLoop(uses, Self.vectorPins, { $0 == .v128 })
        }
        passing = SlotSet()
        if keepsOthers {
            for slot in outer.slots where inner.registerOfSlot[Int(slot)] == 0xFF {
                let register = outer.registerOfSlot[Int(slot)]
                guard inner.slotOfRegister[Int(register)] < 0 else { continue }
                inner.pin(Int(slot), register)
                passing.insert(Int(slot))
            }
        }
        isCrowded = false
        freshInner.update(from: fresh.slots, count: slotCount)
        for slot in 0..<slotCount { freshInner[slot].hint = inner.registerOfSlot[slot] }
    }

    private static let generalPins: UInt64 = generalMask & ~0b111
    /// Four are left to the block: vectors have no memory operands that would spare one.
    private static let vectorPins: UInt64 = vectorMask & ~(0b1111 &<< 16)

    private mutating func pinLoop(
        _ uses: UnsafeMutableBufferPointer<UInt16>, _ registers: UInt64, _ isOfClass: (Type) -> Bool
    ) {
        var free = registers
        // Down from the most used one.
        while free != 0 {
            var best = -1
            for slot in 0..<contract.displacement.count where isOfClass(contract.types[slot]) && uses[slot] > 0 {
                if best < 0 || uses[slot] > uses[best] { best = slot }
            }
            guard best >= 0 else { break }
            uses[best] = 0
            let home = outer.registerOfSlot[best]
            if home != 0xFF, free &>> UInt64(home) & 1 != 0 {
                inner.pin(best, home)
                free &= ~(1 &<< UInt64(home))
            } else {
                // A register that is nobody's home first, then that of the coldest slot.
                var register: UInt8 = 0xFF
                var rest = free
                while rest != 0 {
                    let candidate = UInt8(truncatingIfNeeded: rest.trailingZeroBitCount)
                    rest &= rest &- 1
                    let owner = outer.slotOfRegister[Int(candidate)]
                    if owner < 0 || uses[Int(owner)] == 0 { register = candidate }
                }
                if register == 0xFF { register = UInt8(truncatingIfNeeded: 63 &- free.leadingZeroBitCount) }
                inner.pin(best, register)
                free &= ~(1 &<< UInt64(register))
            }
        }
    }
}
