// Jumps, calls and returns; forward labels inside a translation; and the patchable forms that chaining rewrites.

/// A jump whose target is not known yet. `Assembler.bind` makes it the cursor.
public struct ForwardLabel {
    /// Where the displacement is.
    public let site: UnsafeMutablePointer<UInt8>
    /// The displacement is 32 bits, not 8.
    public let isNear: Bool

    @inline(__always) init(site: UnsafeMutablePointer<UInt8>, isNear: Bool) {
        self.site = site
        self.isNear = isNear
    }
}

extension Assembler {
    // MARK: Jumps by displacement, from the end of the instruction

    public mutating func jmp(rel8: Int8) {
        byte(0xEB)
        byte(UInt8(bitPattern: rel8))
    }

    public mutating func jmp(rel32: Int32) {
        byte(0xE9)
        long(UInt32(bitPattern: rel32))
    }

    public mutating func jcc(_ condition: Condition, rel8: Int8) {
        byte(0x70 | condition.rawValue)
        byte(UInt8(bitPattern: rel8))
    }

    public mutating func jcc(_ condition: Condition, rel32: Int32) {
        byte(0x0F)
        byte(0x80 | condition.rawValue)
        long(UInt32(bitPattern: rel32))
    }

    public mutating func call(rel32: Int32) {
        byte(0xE8)
        long(UInt32(bitPattern: rel32))
    }

    /// Jumps if RCX is zero. Leaves the flags alone.
    public mutating func jrcxz(rel8: Int8) {
        byte(0xE3)
        byte(UInt8(bitPattern: rel8))
    }

    // MARK: Jumps to an address in the mapping that the assembler writes to

    /// The shorter form that reaches.
    public mutating func jmp(to target: UnsafeRawPointer) {
        let distance = target - UnsafeRawPointer(cursor)
        if let short = Int8(exactly: distance &- 2) {
            jmp(rel8: short)
        } else {
            jmp(rel32: Int32(distance &- 5))
        }
    }

    /// The shorter form that reaches.
    public mutating func jcc(_ condition: Condition, to target: UnsafeRawPointer) {
        let distance = target - UnsafeRawPointer(cursor)
        if let short = Int8(exactly: distance &- 2) {
            jcc(condition, rel8: short)
        } else {
            jcc(condition, rel32: Int32(distance &- 6))
        }
    }

    public mutating func call(to target: UnsafeRawPointer) {
        call(rel32: Int32(target - UnsafeRawPointer(cursor) &- 5))
    }

    // MARK: Indirect

    public mutating func jmp(_ target: GPR) { encode(.one(0xFF), 4, target.rawValue) }
    public mutating func jmp(_ target: Memory) { encode(.one(0xFF), 4, target) }
    public mutating func call(_ target: GPR) { encode(.one(0xFF), 2, target.rawValue) }
    public mutating func call(_ target: Memory) { encode(.one(0xFF), 2, target) }

    public mutating func ret() { byte(0xC3) }

    /// Returns, and drops `imm` bytes of the stack.
    public mutating func ret(imm: UInt16) {
        byte(0xC2)
        word(imm)
    }

    // MARK: Forward labels

    /// A jump to where the label will be bound: within 127 bytes unless `near`.
    public mutating func jmpForward(near: Bool = false) -> ForwardLabel {
        near ? jmp(rel32: 0) : jmp(rel8: 0)
        return ForwardLabel(site: cursor - (near ? 4 : 1), isNear: near)
    }

    /// A conditional jump to where the label will be bound: within 127 bytes unless `near`.
    public mutating func jccForward(_ condition: Condition, near: Bool = false) -> ForwardLabel {
        near ? jcc(condition, rel32: 0) : jcc(condition, rel8: 0)
        return ForwardLabel(site: cursor - (near ? 4 : 1), isNear: near)
    }

    /// JRCXZ to where the label will be bound, within 127 bytes.
    public mutating func jrcxzForward() -> ForwardLabel {
        jrcxz(rel8: 0)
        return ForwardLabel(site: cursor - 1, isNear: false)
    }

    /// Makes the jumps of `label` come here. A short one that does not reach traps.
    public mutating func bind(_ label: ForwardLabel) {
        if label.isNear {
            let distance = Int32(cursor - (label.site + 4))
            UnsafeMutableRawPointer(label.site).storeBytes(of: distance, as: Int32.self)
        } else {
            label.site.pointee = UInt8(bitPattern: Int8(cursor - (label.site + 1)))
        }
    }

    // MARK: Patchable jumps

    /// Pads so that the displacement of an instruction with `opcodeLength` bytes before it is 4-byte aligned, and one
    /// aligned store patches it while other threads execute it.
    @inline(__always) public mutating func alignForPatch(opcodeLength: Int = 1) {
        shortNop((0 &- (Int(bitPattern: cursor) &+ opcodeLength)) & 3)
    }

    /// A JMP whose aligned displacement is returned, to be changed with `Assembler.patch`.
    public mutating func jmpPatchable(to target: UnsafeRawPointer) -> UnsafeMutablePointer<UInt8> {
        alignForPatch(opcodeLength: 1)
        jmp(rel32: Int32(target - UnsafeRawPointer(cursor) &- 5))
        return cursor - 4
    }

    /// A Jcc whose aligned displacement is returned, to be changed with `Assembler.patch`.
    public mutating func jccPatchable(
        _ condition: Condition, to target: UnsafeRawPointer
    ) -> UnsafeMutablePointer<UInt8> {
        alignForPatch(opcodeLength: 2)
        jcc(condition, rel32: Int32(target - UnsafeRawPointer(cursor) &- 6))
        return cursor - 4
    }

    /// A CALL whose aligned displacement is returned, to be changed with `Assembler.patch`.
    public mutating func callPatchable(to target: UnsafeRawPointer) -> UnsafeMutablePointer<UInt8> {
        alignForPatch(opcodeLength: 1)
        call(rel32: Int32(target - UnsafeRawPointer(cursor) &- 5))
        return cursor - 4
    }

    /// Makes the patchable jump at `site` go to `target`, in one aligned store.
    public static func patch(_ site: UnsafeMutablePointer<UInt8>, to target: UnsafeRawPointer) {
        precondition(UInt(bitPattern: site) & 3 == 0)
        let distance = Int32(target - UnsafeRawPointer(site + 4))
        UnsafeMutableRawPointer(site).storeBytes(of: distance, as: Int32.self)
    }

    /// Where the patchable jump at `site` goes.
    public static func target(of site: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        site + 4 + Int(UnsafeRawPointer(site).loadUnaligned(as: Int32.self))
    }
}
