// Accesses of guests that are not trusted. An address below the window's size goes to the MMU, which knows what is mapped and for
// what; whatever else there is (addresses above, devices, memory that somebody watches) is left to the runtime, which is told
// where the access would have been and makes it by itself. The test is made right before the access, where its frame state
// holds, once for each value in a chain of blocks.
//
// There are two ways to the runtime. An address outside of the window leaves generated code. Instructions that have met a device or memory
// above the window before, and accesses to what is watched, call it: what the access is stands in front of the call (`AccessRecord`), and
// the code goes on behind the access once it is made.

import LyrebirdIR

/// What has to be looked at before an access is made.
enum AddressCheck: Equatable {
    case none
    /// Whether this register has a bit that no address in the window has.
    case register(UInt8)
    /// The same, unless there is none, and then whether the address is watched: the runtime is called.
    case watched(UInt8?, Watch)
    /// Nothing: the access is the runtime's, which is called.
    case calls
    /// Nothing: the runtime interprets the instruction.
    case leaves

    struct Watch: Equatable {
        var memory: Memory
        /// A register that nobody has.
        var scratch: UInt8
        var sides: WatchedSides
    }
}

/// Whether reads are watched, and whether writes are.
public struct WatchedSides: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let reads = WatchedSides(rawValue: 1)
    public static let writes = WatchedSides(rawValue: 2)
    static let both: WatchedSides = [.reads, .writes]
}

/// What generated code says of an access for which it calls: it stands in front of the call.
public struct AccessRecord {
    static let size = 24
    static let callLength = 5

    private let start: UnsafeRawPointer
    /// Of the call.
    @inline(__always) public var returnAddress: UnsafeRawPointer { start + (Self.size &+ Self.callLength) }

    @inline(__always) public init(returnAddress: UnsafeRawPointer) {
        start = returnAddress - (Self.size &+ Self.callLength)
    }

    @inline(__always) public var pc: UInt64 { start.loadUnaligned(as: UInt64.self) }
    /// Where in the code region the access would have been.
    @inline(__always) public var site: UInt32 { start.loadUnaligned(fromByteOffset: 8, as: UInt32.self) }
    /// What is added to the base register.
    @inline(__always) public var displacement: Int32 { start.loadUnaligned(fromByteOffset: 12, as: Int32.self) }
    /// Host registers, 16 and more for XMM; `AccessRecord.immediate` for a store of `number`.
    @inline(__always) public var base: UInt8 { start.load(fromByteOffset: 16, as: UInt8.self) }
    @inline(__always) public var operand: UInt8 { start.load(fromByteOffset: 17, as: UInt8.self) }
    @inline(__always) public var kind: Kind {
        Kind(rawValue: start.loadUnaligned(fromByteOffset: 18, as: UInt16.self))
    }
    @inline(__always) public var number: Int32 { start.loadUnaligned(fromByteOffset: 20, as: Int32.self) }

    public static let immediate: UInt8 = 0xFF

    public struct Kind: Sendable {
        let rawValue: UInt16
        @inline(__always) init(rawValue: UInt16) { self.rawValue = rawValue }
        /// Log2 of the bytes: 0 to 4.
        @inline(__always) public var size: Int { Int(rawValue & 7) }
        static let isWrite: UInt16 = 1 << 3
        static let isSigned64: UInt16 = 1 << 4
        static let isSigned32: UInt16 = 1 << 5
        static let isAligned: UInt16 = 1 << 6
        static let isOrdered: UInt16 = 1 << 7
        static let isOnly: UInt16 = 1 << 8
        static let isDescribed: UInt16 = 1 << 9
        @inline(__always) public var isWrite: Bool { rawValue & Self.isWrite != 0 }
        /// What is loaded is extended with its sign, to 64 or to 32 bits; with zeros otherwise.
        @inline(__always) public var isSigned64: Bool { rawValue & Self.isSigned64 != 0 }
        @inline(__always) public var isSigned32: Bool { rawValue & Self.isSigned32 != 0 }
        /// The address has to be aligned.
        @inline(__always) public var isAligned: Bool { rawValue & Self.isAligned != 0 }
        /// Later loads have to come after it.
        @inline(__always) public var isOrdered: Bool { rawValue & Self.isOrdered != 0 }
        /// Its instruction has no other.
        @inline(__always) public var isOnly: Bool { rawValue & Self.isOnly != 0 }
        /// The rest of the record holds: other accesses are left to the interpreter.
        @inline(__always) public var isDescribed: Bool { rawValue & Self.isDescribed != 0 }
        /// How many accesses of the instruction come before it.
        @inline(__always) public var ordinal: Int { Int(rawValue &>> 10) }
        public static let ordinals = 64
    }
}

/// A guest instruction that has met what only the runtime reaches.
public struct LeavingAccess: Sendable, Equatable {
    public enum Kind: Sendable {
        /// What is above the window.
        case outside
        /// A device, or the end of the window: its accesses are the runtime's, wherever they go.
        case always
    }
    public var pc: UInt64
    public var kind: Kind

    public init(pc: UInt64, kind: Kind) {
        self.pc = pc
        self.kind = kind
    }
}

extension CodeGenerator {
    static let checkedCapacity = 8

    mutating func checkedMemory(_ address: FoldedAddress, _ sides: WatchedSides) -> Memory {
        // The test destroys them, and the frame state of this very instruction may look at them.
        clobberFlags(including: true)
        accessRecord = nil
        let leaving = leavingAccess
        let watched = watchedSides.intersection(sides)
        let calls = leaving != nil || !watched.isEmpty
        var base = useGeneral(Int(address.base))
        var isChecked = false
        if address.index >= 0 {
            let other = useGeneral(Int(address.index))
            let sum = scratchGeneral()
            hot.lea(.b64, sum, Memory(base: base, index: other, scale: address.scale))
            base = sum
        } else {
            // Where the code goes on behind a call, a test says nothing of what comes next.
            isChecked = self.isChecked(address.base, recording: !calls)
        }
        let memory = Memory(base: base, displacement: address.displacement)
        if leaving == .always {
            addressCheck = .calls
        } else if calls, !isChecked || !watched.isEmpty {
            let scratch = watched.isEmpty ? base : scratchGeneral()
            addressCheck = .watched(
                isChecked ? nil : base.rawValue,
                AddressCheck.Watch(memory: memory, scratch: scratch.rawValue, sides: watched))
        } else if !isChecked {
            addressCheck = .register(base.rawValue)
        }
        return memory.gs
    }

    /// Which of the guest instruction's accesses are the runtime's.
    private var leavingAccess: LeavingAccess.Kind? {
        mutating get {
            for access in leavingAccesses where access.pc >= instructionPC {
                return access.pc == instructionPC ? access.kind : nil
            }
            return nil
        }
    }

    /// Whether a value's bounds are known; they are from now on.
    private mutating func isChecked(_ value: Int32, recording: Bool) -> Bool {
        if values[Int(value)].isConstant { return constantBits[Int(value)] & contract.outsideMask == 0 }
        for n in 0..<min(checkedCount, Self.checkedCapacity) where checkedValues[n] == value { return true }
        guard recording else { return false }
        checkedValues[checkedCount & (Self.checkedCapacity &- 1)] = value
        checkedCount &+= 1
        return false
    }

    /// Makes the test of the access that comes next, whose site logs the state that it finds.
    mutating func emitCheck(_ unit: borrowing Unit) {
        let check = addressCheck
        addressCheck = .none
        let leaving = UnsafeRawPointer(cold.cursor)
        let calling = leaving + AccessRecord.size
        switch check {
        case .none: return
        case .register(let number):
            hot.test(.b64, ContextField.outsideMask, GPR(number))
            hot.jcc(.ne, to: leaving)
        case .leaves: hot.jmp(to: leaving)
        case .calls: hot.jmp(to: calling)
        case .watched(let number, let watch):
            startAccesses(unit)
            if let number {
                hot.test(.b64, ContextField.outsideMask, GPR(number))
                hot.jcc(.ne, to: calling)
            }
            for side in [WatchedSides.reads, .writes] where watch.sides.contains(side) {
                let offset: Int32 = side == .reads ? 0 : 8
                let scratch = GPR(watch.scratch)
                hot.lea(.b64, scratch, watch.memory)
                hot.sub(.b64, scratch, ContextField.watchLow.advanced(by: offset))
                hot.cmp(.b64, scratch, ContextField.watchSpan.advanced(by: offset))
                hot.jcc(.be, to: calling)
            }
        }
        let site = Int32(truncatingIfNeeded: UnsafeRawPointer(hot.cursor) - stubs.start)
        switch check {
        case .calls, .watched:
            accessRecord = cold.cursor
            cold.quad(instructionPC)
            cold.long(UInt32(bitPattern: site))
            // Until somebody says more.
            cold.long(0)
            cold.quad(0)
            cold.call(to: stubs.accessCall)
            cold.jmp(rel32: 0)
        default:
            cold.mov(.b32, ContextField.accessSite, imm: site)
            cold.jmp(to: stubs.exitAccess)
        }
    }

    /// Says what the access is that has just been emitted, if the runtime may be called for it: the code goes on here.
    /// - Parameter register: what is loaded or stored, as a `HostRegister`; `AccessRecord.immediate` for `number`.
    mutating func describeAccess(
        _ index: Int, _ i: Instruction, _ memory: Memory, register: UInt8, number: Int32 = 0, _ unit: borrowing Unit
    ) {
        guard let record = accessRecord else { return }
        accessRecord = nil
        let access = i.access
        guard !access.startsPair, let place = ordinal(of: index, unit) else { return }
        var kind = UInt16(access.size) | UInt16(place.ordinal &<< 10) | AccessRecord.Kind.isDescribed
        if i.opcode == .store {
            kind |= AccessRecord.Kind.isWrite
            if access.order == .release || access.order == .sequential { kind |= AccessRecord.Kind.isOrdered }
        } else if access.isSigned {
            kind |= i.type == .i64 ? AccessRecord.Kind.isSigned64 : AccessRecord.Kind.isSigned32
        }
        if access.isAligned { kind |= AccessRecord.Kind.isAligned }
        if place.isOnly { kind |= AccessRecord.Kind.isOnly }
        let raw = UnsafeMutableRawPointer(record)
        raw.storeBytes(of: memory.displacement, toByteOffset: 12, as: Int32.self)
        raw.storeBytes(of: memory.base, toByteOffset: 16, as: UInt8.self)
        raw.storeBytes(of: register, toByteOffset: 17, as: UInt8.self)
        raw.storeBytes(of: kind, toByteOffset: 18, as: UInt16.self)
        raw.storeBytes(of: number, toByteOffset: 20, as: Int32.self)
        let behind = AccessRecord.size &+ AccessRecord.callLength &+ 5
        let distance = Int32(truncatingIfNeeded: hot.cursor - (record + behind))
        raw.storeBytes(of: distance, toByteOffset: behind &- 4, as: Int32.self)
    }

    /// The instruction's first access forgets those of the one before, whether it is called for or not.
    private mutating func startAccesses(_ unit: borrowing Unit) {
        if let place = ordinal(of: position, unit), place.ordinal == 0, !place.isOnly {
            hot.mov(.b32, ContextField.accessesMade, imm: 0)
        }
    }

    /// The place of an access among those of its guest instruction; nil if they are not all plain loads and stores, which the
    /// interpreter makes in the same order.
    private func ordinal(of index: Int, _ unit: borrowing Unit) -> (ordinal: Int, isOnly: Bool)? {
        var before = 0
        var at = index &- 1
        while at >= 0, unit.instructions[at].opcode != .instruction {
            switch unit.instructions[at].opcode {
            case .load, .store: before &+= 1
            case let other: if other.mayFault { return nil }
            }
            at &-= 1
        }
        var isOnly = before == 0
        at = index &+ 1
        while at < count, unit.instructions[at].opcode != .instruction {
            switch unit.instructions[at].opcode {
            case .load, .store: isOnly = false
            case let other: if other.mayFault { return nil }
            }
            at &+= 1
        }
        return before < AccessRecord.Kind.ordinals ? (before, isOnly) : nil
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
