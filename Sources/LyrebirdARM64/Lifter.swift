// The lifter: owns the unit while it is made, knows where it is in the guest's code, and has the words in which the lifters
// of single instructions, in the files named after the manual's chapters, are written.
//
// A unit is a chain of blocks. A conditional branch leaves by a side exit, a block that is nothing but an exit, and the
// block after the branch goes on with what follows. The side exits stand at the end of the unit.

import LyrebirdIR

struct Lifter: ~Copyable {
    var unit: Unit
    /// Address of the instruction being lifted.
    var pc: UInt64
    /// Set by what ends the unit.
    var ended = false
    /// The loop that is lifted, if one is.
    var loop: LoopBody?
    /// Where the unit goes on if it comes to a jump there.
    var joined: GuestCode?
    private var jumpsToJoined = false
    private var sideExits = 0
    private var pending = InlineArray<32, PendingBlock>(repeating: PendingBlock())
    private var pendingCount = 0

    /// A block that was branched to and is placed at the end of the unit.
    private struct PendingBlock {
        var block = BlockID(0)
        var pc: UInt64 = 0
        /// The address that was not aligned, where the block is an alignment trap.
        var address: Value?
    }

    /// Side exits after which a conditional branch ends the unit.
    static let maximumSideExits = 4
    /// Instructions of the IR that the largest guest instruction may need.
    static let roomForOne = 512

    init(unit: consuming Unit, pc: UInt64) {
        self.unit = unit
        self.unit.remembersState = true
        self.pc = pc
    }

    consuming func takeUnit() -> Unit { unit }

    // MARK: The unit

    mutating func lift(_ code: GuestCode, limit: Int) {
        let start = unit.makeBlock()
        unit.place(start)
        if code.pc & 3 != 0 || code.bytes.count < 4 {
            noInstruction()
        } else {
            var code = code
            var left = max(limit, 1)
            var end = code.pc &+ UInt64(min(code.bytes.count / 4, left) &* 4)
            var offset = 0
            var isJoined = false
            repeat {
                let word = UInt32(littleEndian: code.bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
                unit.instruction(pc: pc)
                if let encoding = decode(word) {
                    lift(encoding, word)
                } else {
                    undefinedInstruction(word)
                }
                pc &+= 4
                offset &+= 4
                if jumpsToJoined, let joined {
                    jumpsToJoined = false
                    self.joined = nil
                    left &-= offset / 4
                    (unit.guestBytes, offset) = (offset, 0)
                    code = joined
                    pc = joined.pc
                    end = pc &+ UInt64(min(code.bytes.count / 4, left) &* 4)
                    isJoined = true
                }
            } while !ended && pc != end && unit.room >= Lifter.roomForOne && hasRoomForExits
            if !ended { unit.exitAtLimit(pc) }
            if isJoined { unit.joinedBytes = offset } else { unit.guestBytes = offset }
            unit.guestInstructions = (unit.guestBytes &+ unit.joinedBytes) / 4
        }
        finish()
    }

    mutating func finish() {
        placePending()
        unit.finish()
    }

    /// Whether the largest guest instruction finds room for the blocks it branches to.
    var hasRoomForExits: Bool { pendingCount < 28 }

    /// A block that leaves for `pc`.
    mutating func exitBlock(_ pc: UInt64) -> BlockID { makePending(pc) }

    /// The pc is not aligned (D1.8.1), or there is no code.
    private mutating func noInstruction() {
        unit.instruction(pc: pc)
        if pc & 3 != 0 {
            setTrapOperand(const(pc))
            unit.exitTrap(pc, .alignment)
        } else {
            unit.exitTrap(pc, .fetch)
        }
    }

    private mutating func placePending() {
        for index in 0..<pendingCount {
            let exit = pending[index]
            unit.place(exit.block)
            if let address = exit.address {
                setTrapOperand(address)
                unit.exitTrap(exit.pc, .alignment)
            } else {
                unit.exitJump(exit.pc)
            }
        }
    }

    private mutating func makePending(_ pc: UInt64, address: Value? = nil) -> BlockID {
        let block = unit.makeBlock()
        pending[pendingCount] = PendingBlock(block: block, pc: pc, address: address)
        pendingCount &+= 1
        return block
    }

    /// It is for the levels above user mode, or it is not there.
    mutating func withoutLifter(_ encoding: Encoding, _ word: UInt32) {
        guard encoding.isPrivileged || Lifter.namesSystem(encoding, word) else { return undefinedInstruction(word) }
        unit.exitTrap(pc, .privileged)
        ended = true
    }

    mutating func undefinedInstruction(_ word: UInt32) {
        unit.exitTrap(pc, .undefined)
        ended = true
    }

    // MARK: Control flow

    /// Goes to `target` where the condition holds, and on behind the instruction otherwise. A branch some way back is a
    /// loop's, which leaves mostly by it, so the unit ends there; far back stands what compilers hold for unlikely.
    mutating func branch(_ condition: Condition, _ flags: Value, to target: UInt64) {
        if let loop { return branchInLoop(loop, condition, flags, to: target) }
        let taken = makePending(target)
        continueUnless(condition, flags, taken, onlyLeaves: true)
        if target <= pc && pc &- target <= LoopBody.reach || sideExits == Lifter.maximumSideExits
            || unit.isBlockwise
        {
            unit.exitJump(pc &+ 4)
            ended = true
        }
        sideExits &+= 1
    }

    /// Branches to a block where the condition holds; a new block follows at once otherwise.
    private mutating func continueUnless(
        _ condition: Condition, _ flags: Value, _ block: BlockID, onlyLeaves: Bool = false
    ) {
        let next = unit.makeBlock()
        let then = unit.edge(block)
        let `else` = unit.edge(next)
        unit.branch(condition, flags, then: then, else: `else`)
        unit.place(next, continues: onlyLeaves)
    }

    /// Traps unless the address is a multiple of 2^size (B2.5.2 Alignment of data accesses). FEAT_LSE2, which would allow what
    /// stays within 16 bytes, is not offered: loads and stores that cross 8 bytes are not atomic on every host.
    mutating func checkAlignment(_ address: Value, size: Int) {
        guard size > 0 else { return }
        let low = unit.trunc(.i32, address)
        let masked = unit.and(low, const32((1 &<< UInt32(size)) &- 1))
        let flags = unit.flags(masked)
        let trap = makePending(pc, address: address)
        continueUnless(.ne, flags, trap)
    }

    mutating func exit(_ target: UInt64) {
        if joined?.pc == target {
            jumpsToJoined = true
            return
        }
        if let block = loop?.block(at: target, from: pc) {
            unit.jump(unit.edge(block))
        } else {
            unit.exitJump(target)
        }
        ended = true
    }

    mutating func relative(_ offset: Int) -> UInt64 { pc &+ UInt64(bitPattern: Int64(offset)) }

    // MARK: Constants

    @inline(__always) mutating func const(_ value: UInt64) -> Value { unit.const(.i64, value) }
    @inline(__always) mutating func const32(_ value: UInt32) -> Value { unit.const(.i32, UInt64(value)) }

    /// The type of a general register operand.
    @inline(__always) func type(_ sf: Bool) -> Type { sf ? .i64 : .i32 }
    @inline(__always) func width(_ sf: Bool) -> Int { sf ? 64 : 32 }

    /// A constant of an operand's type.
    @inline(__always) mutating func const(_ sf: Bool, _ value: UInt64) -> Value {
        unit.const(type(sf), sf ? value : value & 0xFFFF_FFFF)
    }

    // MARK: General registers

    /// X register; 31 is zero.
    @inline(__always) mutating func x(_ number: Int) -> Value {
        number == 31 ? const(0) : unit.get(.i64, ARM64State.x(number))
    }

    /// X register; 31 is the stack pointer.
    @inline(__always) mutating func xsp(_ number: Int) -> Value { unit.get(.i64, Slot(number)) }

    /// W or X register; 31 is zero.
    @inline(__always) mutating func register(_ number: Int, _ sf: Bool) -> Value {
        if number == 31 { return const(sf, 0) }
        let value = unit.get(.i64, ARM64State.x(number))
        return sf ? value : unit.low(value)
    }

    /// W or X register; 31 is the stack pointer.
    @inline(__always) mutating func registerOrSP(_ number: Int, _ sf: Bool) -> Value {
        let value = unit.get(.i64, Slot(number))
        return sf ? value : unit.low(value)
    }

    /// The same value as 64 bits.
    @inline(__always) mutating func widened(_ value: Value, _ sf: Bool) -> Value {
        sf ? value : unit.zext(.i64, from: .i32, value)
    }

    @inline(__always) mutating func setX(_ number: Int, _ value: Value) {
        if number != 31 { unit.set(ARM64State.x(number), value) }
    }

    @inline(__always) mutating func setXSP(_ number: Int, _ value: Value) { unit.set(Slot(number), value) }

    /// Writes a W or X register; 31 drops it. A W register's upper half becomes zero (B1.2.1).
    @inline(__always) mutating func setRegister(_ number: Int, _ sf: Bool, _ value: Value) {
        if number != 31 { unit.set(ARM64State.x(number), widened(value, sf)) }
    }

    @inline(__always) mutating func setRegisterOrSP(_ number: Int, _ sf: Bool, _ value: Value) {
        unit.set(Slot(number), widened(value, sf))
    }

    mutating func setTrapOperand(_ value: Value) { unit.set(ARM64State.trapOperand, value) }

    // MARK: Flags, with C inverted: see ARM64State.nzcv

    @inline(__always) mutating func flags() -> Value { unit.get(.flags, ARM64State.nzcv) }
    @inline(__always) mutating func setFlags(_ flags: Value) { unit.set(ARM64State.nzcv, flags) }

    /// After a subtraction: its borrow is what the slot keeps.
    @inline(__always) mutating func setFlags(borrowOf value: Value) { setFlags(unit.flags(value)) }

    /// After an addition or a logical operation, whose C the slot keeps inverted.
    @inline(__always) mutating func setFlags(carryOf value: Value) {
        let flags = unit.flags(value)
        setFlags(unit.cmc(flags))
    }

    /// The condition of a four-bit field (C1.2.4), or nil for AL and NV, which always hold. HI and LS come out right because
    /// the slot's C is the inverse of the manual's.
    @inline(__always) func condition(_ field: Int) -> Condition? {
        switch field {
        case 0: .eq
        case 1: .ne
        case 2: .cc
        case 3: .cs
        case 4: .mi
        case 5: .pl
        case 6: .vs
        case 7: .vc
        case 8: .hi
        case 9: .ls
        case 10: .ge
        case 11: .lt
        case 12: .gt
        case 13: .le
        default: nil
        }
    }
}
