// Frame states: how to rebuild guest state when an instruction in the middle of a unit faults. While it emits, the generator
// logs where each slot's content is, and logs only what changed since the last faulting instruction; `FrameLog` plays the
// log back up to the instruction that faulted.
//
// The log is a run of bytes:
//   site    1 | 7 bits: how far the host instruction is behind the last site's, or 127 and the distance as a varint; then the
//           distance of the guest's pc from the last site's as a varint, zigzag; in a unit that counts, how many instructions were
//           counted that are not over, as a varint
//   slot    0 | 7 bits: the slot; then its location
//   start   1 | 0: a block is entered by contract, everything is at its home
//   carry   127, then the number of the spill slot whose flags have the right C (`Unit.keepsCarry`)
// A location is the number of a register, or one of `FrameLocation` with what follows it. Of a comparison that follows its kind,
// the location of the first operand and what is added to it as a varint, zigzag, then the location of the second, whose
// constants are varints as well. Of a sum, the location of what is added to follows, and the number as a varint, zigzag.

import LyrebirdIR

enum FrameLocation {
    static let registers: UInt8 = 32
    static let memory: UInt8 = 32
    /// Then its 8 bytes.
    static let constant: UInt8 = 33
    /// Then its 16 bytes.
    static let vectorConstant: UInt8 = 34
    static let hostFlags: UInt8 = 35
    /// The host's flags with the carry inverted.
    static let hostComplement: UInt8 = 36
    /// Then the number of the spill slot, or of the slot in whose memory it is.
    static let spill: UInt8 = 37
    static let slot: UInt8 = 38
    static let comparison: UInt8 = 39
    static let sum: UInt8 = 40

    static let siteBit: UInt8 = 0x80
    static let start: UInt8 = 0x80
    static let carry: UInt8 = 0x7F
    /// A distance that does not fit the site's byte.
    static let far: UInt8 = 0x7F
}

extension CodeGenerator {
    mutating func logCarry() {
        log(FrameLocation.carry)
        log(UInt8(truncatingIfNeeded: carrySpill))
    }

    mutating func logBlockStart() {
        log(FrameLocation.start)
        moved = SlotSet()
    }

    /// The next instruction emitted may fault, behind the last guest instruction, when everything is home already.
    mutating func logExit(_ target: UInt64, _ unit: borrowing Unit) {
        log(FrameLocation.start)
        moved = SlotSet()
        instructionPC = target
        countedEarly = 0
        site(unit)
    }

    /// The next instruction emitted may fault: logs what is elsewhere than at the last one.
    mutating func site(_ unit: borrowing Unit) {
        if addressCheck != .none { emitCheck(unit) }
        strayed = strayed | moved
        while case let slot = moved.popFirst(), slot >= 0 { logLocation(of: slot) }
        let distance = hot.cursor - lastSite
        if distance < Int(FrameLocation.far) {
            log(FrameLocation.siteBit | UInt8(truncatingIfNeeded: distance))
        } else {
            log(FrameLocation.siteBit | FrameLocation.far)
            logVarint(UInt64(distance))
        }
        lastSite = hot.cursor
        logSigned(Int64(bitPattern: instructionPC &- lastSitePC))
        lastSitePC = instructionPC
        if counts { logVarint(UInt64(countedEarly)) }
    }

    @inline(__always) private mutating func log(_ byte: UInt8) {
        frames[frameBytes] = byte
        frameBytes &+= 1
    }

    /// A varint, zigzag.
    @inline(__always) private mutating func logSigned(_ number: Int64) {
        logVarint(UInt64(bitPattern: number &<< 1 ^ number &>> 63))
    }

    @inline(__always) private mutating func logVarint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            log(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest = rest &>> 7
        }
        log(UInt8(truncatingIfNeeded: rest))
    }

    /// A constant is logged each time: another one may have been there.
    private mutating func logLocation(of slot: Int) {
        let (location, operand) = frameLocation(of: slot)
        let whole = UInt16(location) | UInt16(operand) &<< 8
        let isConstant = location == FrameLocation.constant || location == FrameLocation.vectorConstant
        let isComparison = location == FrameLocation.comparison
        let isSum = location == FrameLocation.sum
        if whole == slots[slot].logged, !isConstant, !isComparison, !isSum { return }
        slots[slot].logged = whole
        log(UInt8(truncatingIfNeeded: slot))
        log(location)
        if isComparison { return logComparison(Int(slots[slot].bound)) }
        if isSum {
            let sum = addresses[Int(slots[slot].bound)]
            logOperand(Int(sum.base))
            return logSigned(Int64(sum.displacement))
        }
        if location >= FrameLocation.spill { log(operand) }
        guard isConstant else { return }
        let bits = constantBits[Int(slots[slot].bound)]
        let place = UnsafeMutableRawPointer(frames + frameBytes)
        if location == FrameLocation.constant {
            place.storeBytes(of: bits, as: UInt64.self)
            frameBytes &+= 8
        } else {
            place.copyMemory(from: vectorPool + Int(bits), byteCount: 16)
            frameBytes &+= 16
        }
    }

    private mutating func frameLocation(of slot: Int) -> (location: UInt8, operand: UInt8) {
        guard dirty.contains(slot) else { return (FrameLocation.memory, 0) }
        let value = Int(slots[slot].bound)
        if values[value].register != 0xFF { return (values[value].register, 0) }
        if values[value].isImplied { return (FrameLocation.sum, 0) }
        if values[value].isConstant {
            return (contract.types[slot] == .v128 ? FrameLocation.vectorConstant : FrameLocation.constant, 0)
        }
        if hostFlags == Int32(truncatingIfNeeded: value) { return (FrameLocation.hostFlags, 0) }
        if hostComplement == Int32(truncatingIfNeeded: value) { return (FrameLocation.hostComplement, 0) }
        return memoryLocation(of: value)
    }

    private mutating func memoryLocation(of value: Int) -> (location: UInt8, operand: UInt8) {
        if values[value].spill >= 0 {
            return (FrameLocation.spill, UInt8(truncatingIfNeeded: values[value].spill))
        }
        let other = memorySlot(value)
        if other < 0, values[value].isRepeatable { return (FrameLocation.comparison, 0) }
        guard other >= 0 else {
            fatalError("slot's v\(value) is nowhere at v\(position), guest pc 0x\(String(instructionPC, radix: 16))")
        }
        return (FrameLocation.slot, UInt8(truncatingIfNeeded: other))
    }

    private mutating func logComparison(_ flags: Int) {
        let c = comparison(flags)
        log(c.kind.rawValue)
        logOperand(c.first)
        logSigned(Int64(c.addend))
        if let n = smallConstant(c.second, c.kind.type) {
            log(FrameLocation.constant)
            logSigned(Int64(n))
        } else {
            logOperand(c.second)
        }
    }

    private mutating func logOperand(_ value: Int) {
        if values[value].register != 0xFF { return log(values[value].register) }
        let (location, operand) = memoryLocation(of: value)
        log(location)
        log(operand)
    }

    /// A value is about to be elsewhere: so are the slots that are bound to it.
    @inline(__always)
    mutating func markMoved(_ value: Int) {
        if values[value].isCompared { moved = moved | contract.flagSlots | impliedSlots }
        guard values[value].slot >= 0 else { return }
        var rest = dirty & slotsThatMayHold(value)
        while case let slot = rest.popFirst(), slot >= 0 {
            if slots[slot].bound == Int32(truncatingIfNeeded: value) { moved.insert(slot) }
        }
    }
}

/// Host state at a fault, as the signal handler saved it.
public struct HostState {
    public let general: UnsafePointer<UInt64>
    public let flags: UInt64
    public let vectors: UnsafePointer<(UInt64, UInt64)>
    public let spills: UnsafePointer<(UInt64, UInt64)>

    public init(
        general: UnsafePointer<UInt64>, flags: UInt64, vectors: UnsafePointer<(UInt64, UInt64)>,
        spills: UnsafePointer<(UInt64, UInt64)>
    ) {
        self.general = general
        self.flags = flags
        self.vectors = vectors
        self.spills = spills
    }
}

/// Plays a unit's frame log back.
public struct FrameLog {
    let contract: RegisterContract
    let bytes: UnsafeBufferPointer<UInt8>
    /// Whether the unit counts instructions.
    let counts: Bool
    /// Whether it is entered with all of guest state in memory.
    let isHome: Bool

    public init(
        contract: RegisterContract, bytes: UnsafeBufferPointer<UInt8>, counts: Bool = false, isHome: Bool = false
    ) {
        self.contract = contract
        self.bytes = bytes
        self.counts = counts
        self.isHome = isHome
    }

    /// Where a unit's instruction faulted.
    public struct Site {
        /// The guest's pc relative to the unit's.
        public var pc: Int64
        /// Guest instructions that were counted and are not over.
        public var countedEarly: UInt64
    }

    /// Where a slot is.
    private struct Place {
        var location = FrameLocation.memory
        var operand: UInt8 = 0
        var constant: (UInt64, UInt64) = (0, 0)
        /// Of a comparison: what is compared. Of a sum: what is added to.
        var first = (location: FrameLocation.memory, operand: UInt8(0))
        var second = (location: FrameLocation.memory, operand: UInt8(0))
    }

    /// Writes guest state, as it was before the guest instruction that faulted, into `state`.
    /// - Parameter offset: of the host instruction, from the start of the unit's hot code.
    /// - Returns: nil if no instruction there can fault.
    public func restore(offset: Int, host: HostState, state: UnsafeMutableRawPointer) -> Site? {
        var places = [Place](repeating: Place(), count: contract.displacement.count)
        var site = CodeGenerator.beforeFirstSite
        var pc: Int64 = 0
        var at = 0
        var carry: Int?
        func byte() -> UInt8 {
            at += 1
            return bytes[at - 1]
        }
        func varint() -> UInt64 {
            var number: UInt64 = 0
            var shift: UInt64 = 0
            while true {
                let next = byte()
                number |= UInt64(next & 0x7F) << shift
                if next & 0x80 == 0 { return number }
                shift += 7
            }
        }
        func signed() -> Int64 {
            let zigzag = varint()
            return Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
        }
        func operandPlace() -> (location: UInt8, operand: UInt8) {
            let location = byte()
            return (location, location < FrameLocation.registers || location == FrameLocation.constant ? 0 : byte())
        }
        func word() -> UInt64 {
            at += 8
            return UnsafeRawPointer(bytes.baseAddress! + at - 8).loadUnaligned(as: UInt64.self)
        }
        while at < bytes.count {
            let first = byte()
            if first == FrameLocation.start {
                for slot in places.indices {
                    let register = isHome ? 0xFF : contract.registerOfSlot[slot]
                    places[slot].location = register == 0xFF ? FrameLocation.memory : register
                }
            } else if first == FrameLocation.carry {
                carry = Int(byte())
            } else if first & FrameLocation.siteBit != 0 {
                let near = first & FrameLocation.far
                site += near == FrameLocation.far ? Int(varint()) : Int(near)
                pc &+= signed()
                let countedEarly = counts ? varint() : 0
                if site == offset {
                    write(places, host, state)
                    if let carry { setCarry(of: host.spills[carry].0, state) }
                    return Site(pc: pc, countedEarly: countedEarly)
                }
            } else {
                var place = Place(location: byte())
                switch place.location {
                case FrameLocation.constant: place.constant.0 = word()
                case FrameLocation.vectorConstant: place.constant = (word(), word())
                case FrameLocation.spill, FrameLocation.slot: place.operand = byte()
                case FrameLocation.comparison:
                    place.operand = byte()
                    place.first = operandPlace()
                    place.constant.0 = UInt64(bitPattern: signed())
                    place.second = operandPlace()
                    if place.second.location == FrameLocation.constant {
                        place.constant.1 = UInt64(bitPattern: signed())
                    }
                case FrameLocation.sum:
                    place.first = operandPlace()
                    place.constant.0 = UInt64(bitPattern: signed())
                default: break
                }
                places[Int(first)] = place
            }
        }
        return nil
    }

    /// What is in a slot's memory; of a vector the lower half.
    private func content(ofSlot slot: Int, _ state: UnsafeMutableRawPointer) -> UInt64 {
        let at = state + Int(contract.displacement[slot]) + RegisterContract.bias
        return switch contract.types[slot] {
        case .i64, .v128: at.load(as: UInt64.self)
        case .flags: UInt64(at.load(as: UInt16.self))
        default: UInt64(at.load(as: UInt32.self))
        }
    }

    private func setCarry(of flags: UInt64, _ state: UnsafeMutableRawPointer) {
        var rest = contract.flagSlots
        guard case let slot = rest.popFirst(), slot >= 0 else { return }
        let place = state + Int(contract.displacement[slot]) + RegisterContract.bias
        let bits = place.load(as: UInt16.self)
        place.storeBytes(of: bits ^ (bits ^ UInt16(truncatingIfNeeded: flags)) & 0x100, as: UInt16.self)
    }

    /// Makes a comparison again, or a sum, while what is in memory is as it was.
    private func made(_ place: Place, _ host: HostState, _ state: UnsafeMutableRawPointer) -> UInt64 {
        func operand(_ at: (location: UInt8, operand: UInt8)) -> UInt64 {
            switch at.location {
            case 0..<16: host.general[Int(at.location)]
            case FrameLocation.constant: place.constant.1
            case FrameLocation.spill: host.spills[Int(at.operand)].0
            default: content(ofSlot: Int(at.operand), state)
            }
        }
        let first = operand(place.first) &+ place.constant.0
        if place.location == FrameLocation.sum { return first }
        return ComparisonKind(rawValue: place.operand).flags(first, operand(place.second))
    }

    /// Puts every slot's content into memory.
    private func write(_ found: [Place], _ host: HostState, _ state: UnsafeMutableRawPointer) {
        var places = found
        for slot in places.indices {
            let location = places[slot].location
            guard location == FrameLocation.comparison || location == FrameLocation.sum else { continue }
            places[slot].constant.0 = made(places[slot], host, state)
            places[slot].location = FrameLocation.constant
        }
        // Slots that are in other slots' memory first: nobody has been overwritten yet.
        for phase in 0..<2 {
            for slot in 0..<contract.displacement.count {
                let location = places[slot].location
                let operand = Int(places[slot].operand)
                guard location != FrameLocation.memory, (location == FrameLocation.slot) == (phase == 0) else {
                    continue
                }
                let target = state + Int(contract.displacement[slot]) + RegisterContract.bias
                var low: UInt64 = 0
                var high: UInt64 = 0
                switch location {
                case 0..<16: low = host.general[Int(location)]
                case 16..<FrameLocation.registers: (low, high) = host.vectors[Int(location) - 16]
                case FrameLocation.constant, FrameLocation.vectorConstant: (low, high) = places[slot].constant
                case FrameLocation.hostFlags: low = FlagBits.pack(rflags: host.flags)
                case FrameLocation.hostComplement: low = FlagBits.pack(rflags: host.flags ^ 1)
                case FrameLocation.spill: (low, high) = host.spills[operand]
                default:
                    let source = state + Int(contract.displacement[operand]) + RegisterContract.bias
                    low = content(ofSlot: operand, state)
                    if contract.types[slot] == .v128 { high = (source + 8).load(as: UInt64.self) }
                }
                switch contract.types[slot] {
                case .v128:
                    target.storeBytes(of: low, as: UInt64.self)
                    (target + 8).storeBytes(of: high, as: UInt64.self)
                case .flags: target.storeBytes(of: UInt16(truncatingIfNeeded: low), as: UInt16.self)
                case .i64: target.storeBytes(of: low, as: UInt64.self)
                default: target.storeBytes(of: UInt32(truncatingIfNeeded: low), as: UInt32.self)
                }
            }
        }
    }
}

/// The IR's flags bits: AH as LAHF leaves it over AL as SETO does.
enum FlagBits {
    static func pack(rflags: UInt64) -> UInt64 {
        (rflags & 0xD5 | 2) << 8 | rflags >> 11 & 1
    }
}
