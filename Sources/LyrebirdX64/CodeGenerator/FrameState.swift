// Frame states: how to rebuild guest state when an instruction in the middle of a unit faults. While it emits, the generator
// logs where each slot's content is, and logs only what changed since the last faulting instruction; `FrameLog` plays the
// log back up to the instruction that faulted.
//
// The log is a run of 32-bit words:
//   site    1 | 31 bits: offset of the host instruction from the start of the hot code; then a word: guest pc - unit's pc
//   slot    0 | 7 bits slot << 24 | 4 bits kind << 20 | 20 bits payload; a constant's bits follow, two words or four
//   start   all ones: a block is entered by contract, everything is at its home

import LyrebirdIR

enum FrameLocation {
    static let memory: UInt32 = 0
    static let register: UInt32 = 1
    static let constant: UInt32 = 2
    static let hostFlags: UInt32 = 3
    static let spill: UInt32 = 4
    static let slot: UInt32 = 5
    /// The host's flags with the carry inverted.
    static let hostComplement: UInt32 = 6
    static let vectorConstant: UInt32 = 7
    static let start: UInt32 = 0xFFFF_FFFF
    static let siteBit: UInt32 = 0x8000_0000
}

extension CodeGenerator {
    mutating func logBlockStart() {
        frames[frameWords] = FrameLocation.start
        frameWords &+= 1
        for slot in 0..<contract.displacement.count {
            let register = contract.registerOfSlot[slot]
            slots[slot].logged = register == 0xFF ? 0 : FrameLocation.register &<< 20 | UInt32(register)
        }
        loggedAway = SlotSet()
        for slot in contract.pinned { loggedAway.insert(Int(slot)) }
    }

    /// The next instruction emitted may fault: logs where everything is.
    mutating func site(_ unit: borrowing Unit) {
        var rest = dirty | loggedAway
        while case let slot = rest.popFirst(), slot >= 0 {
            let location = frameLocation(of: slot)
            let kind = location &>> 20
            let isConstant = kind == FrameLocation.constant || kind == FrameLocation.vectorConstant
            if location == slots[slot].logged, !isConstant { continue }
            slots[slot].logged = location
            if location == 0 { loggedAway.remove(slot) } else { loggedAway.insert(slot) }
            frames[frameWords] = UInt32(slot) &<< 24 | location
            frameWords &+= 1
            guard isConstant else { continue }
            let bits = constantBits[Int(slots[slot].bound)]
            if kind == FrameLocation.constant {
                frames[frameWords] = UInt32(truncatingIfNeeded: bits)
                frames[frameWords &+ 1] = UInt32(truncatingIfNeeded: bits &>> 32)
                frameWords &+= 2
            } else {
                for word in 0..<4 { frames[frameWords &+ word] = vectorPool[Int(bits) &+ word] }
                frameWords &+= 4
            }
        }
        frames[frameWords] = FrameLocation.siteBit | UInt32(truncatingIfNeeded: hot.cursor - hotStart)
        frames[frameWords &+ 1] = UInt32(truncatingIfNeeded: instructionPC &- unit.startPC)
        frameWords &+= 2
    }

    private func frameLocation(of slot: Int) -> UInt32 {
        guard dirty.contains(slot) else { return 0 }
        let value = Int(slots[slot].bound)
        if values[value].register != 0xFF { return FrameLocation.register &<< 20 | UInt32(values[value].register) }
        if values[value].isConstant {
            return (contract.types[slot] == .v128 ? FrameLocation.vectorConstant : FrameLocation.constant) &<< 20
        }
        if hostFlags == Int32(truncatingIfNeeded: value) { return FrameLocation.hostFlags &<< 20 }
        if hostComplement == Int32(truncatingIfNeeded: value) { return FrameLocation.hostComplement &<< 20 }
        if values[value].spill >= 0 { return FrameLocation.spill &<< 20 | UInt32(values[value].spill) }
        let other = memorySlot(value)
        precondition(other >= 0, "slot's value is nowhere")
        return FrameLocation.slot &<< 20 | UInt32(other)
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
    let words: UnsafeBufferPointer<UInt32>

    public init(contract: RegisterContract, words: UnsafeBufferPointer<UInt32>) {
        self.contract = contract
        self.words = words
    }

    /// Writes guest state, as it was before the guest instruction that faulted, into `state`.
    /// - Parameter offset: of the host instruction, from the start of the unit's hot code.
    /// - Returns: the guest's pc relative to the unit's, or nil if no instruction there can fault.
    public func restore(offset: Int, host: HostState, state: UnsafeMutableRawPointer) -> UInt32? {
        var locations = [UInt32](repeating: 0, count: StateLayout.maximum)
        var constants = [(UInt64, UInt64)](repeating: (0, 0), count: StateLayout.maximum)
        var at = 0
        while at < words.count {
            let word = words[at]
            at += 1
            if word == FrameLocation.start {
                for slot in 0..<contract.displacement.count {
                    let register = contract.registerOfSlot[slot]
                    locations[slot] = register == 0xFF ? 0 : FrameLocation.register << 20 | UInt32(register)
                }
            } else if word & FrameLocation.siteBit != 0 {
                if Int(word & ~FrameLocation.siteBit) == offset {
                    write(locations, constants, host, state)
                    return words[at]
                }
                at += 1
            } else {
                let slot = Int(word >> 24)
                locations[slot] = word & 0xFF_FFFF
                let kind = word >> 20 & 15
                guard kind == FrameLocation.constant || kind == FrameLocation.vectorConstant else { continue }
                constants[slot].0 = UInt64(words[at]) | UInt64(words[at + 1]) << 32
                at += 2
                if kind == FrameLocation.vectorConstant {
                    constants[slot].1 = UInt64(words[at]) | UInt64(words[at + 1]) << 32
                    at += 2
                }
            }
        }
        return nil
    }

    /// Puts pinned slots into memory from the registers that a clean exit saved.
    private func write(
        _ locations: [UInt32], _ constants: [(UInt64, UInt64)], _ host: HostState, _ state: UnsafeMutableRawPointer
    ) {
        // Slots that are in other slots' memory first: nobody has been overwritten yet.
        for phase in 0..<2 {
            for slot in 0..<contract.displacement.count {
                let kind = locations[slot] >> 20 & 15
                let payload = Int(locations[slot] & 0xF_FFFF)
                guard kind != FrameLocation.memory, (kind == FrameLocation.slot) == (phase == 0) else { continue }
                let target = state + Int(contract.displacement[slot]) + RegisterContract.bias
                var low: UInt64 = 0
                var high: UInt64 = 0
                switch kind {
                case FrameLocation.register where payload >= 16: (low, high) = host.vectors[payload - 16]
                case FrameLocation.register: low = host.general[payload]
                case FrameLocation.constant, FrameLocation.vectorConstant: (low, high) = constants[slot]
                case FrameLocation.hostFlags: low = FlagBits.pack(rflags: host.flags)
                case FrameLocation.hostComplement: low = FlagBits.pack(rflags: host.flags ^ 1)
                case FrameLocation.spill: (low, high) = host.spills[payload]
                default:
                    let source = state + Int(contract.displacement[payload]) + RegisterContract.bias
                    low = source.load(as: UInt64.self)
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
