// The register contract: what is where between translations. RBP has the CPU's state, RSP the return-prediction stack, the
// hottest slots of the guest live in the other registers, and RAX, RCX and RDX are free. Inside a unit the allocator may do
// as it likes; at every exit the contract holds again. The guest does not know it, and no translation depends on more of a
// guest than its list of slots.

import CLyrebird
import LyrebirdIR

/// A host register of either class: 0–15 general, 16–47 XMM.
struct HostRegister: Equatable {
    let number: UInt8
    init(_ number: UInt8) { self.number = number }
    init(_ gpr: GPR) { number = gpr.rawValue }
    init(_ xmm: XMM) { number = xmm.rawValue &+ 16 }
    static let none = HostRegister(0xFF)
    static let count = 48
}

/// How guest memory is reached from generated code.
public enum MemoryMode: Sendable {
    /// Host address = guest address.
    case identity
    /// Host address = guest address + the base in GS.
    case window
    /// The same for addresses below the window's size, a power of two; others leave generated code before they are used, and so do
    /// instructions that the generator is told about (`CodeGenerator.leavingAccesses`). The window has 2 GB around it
    /// that nobody may access, so that a displacement does not count.
    case checked
}

/// Where slots and the context are, for one guest on one host.
public struct RegisterContract: Sendable {
    /// Register of each slot between translations; `HostRegister.none.number` where it is in memory.
    let registerOfSlot: [UInt8]
    /// Slot of each host register, -1 where it has none.
    let slotOfRegister: [Int16]
    /// Slots that have a register.
    let pinned: [UInt8]
    /// Displacement of each slot from RBP.
    let displacement: [Int32]
    let types: [Type]
    /// The slots that hold flags.
    let flagSlots: SlotSet
    let allSlots: SlotSet
    public let memory: MemoryMode
    /// Bits that no address in the window has; 0 where addresses are not checked.
    public let outsideMask: UInt64
    public let features: CPUFeatures
    let layout: StateLayout

    /// Where the state of the guest's x87 unit is when it is not in the host's.
    let x87Image: Memory?

    /// RBP points this many bytes into the guest's state, so that a one-byte displacement reaches 256 bytes of it. The first
    /// eight are left out: what a guest has there is hot enough to be in a register.
    static let bias = 136
    /// Bytes of the page in front of the context that loops poll.
    public static let pollPageSize = Int(LYREBIRD_POLL_PAGE)
    /// Where in it exits poll: the pc of others may be in the middle of a block.
    public static let exitPoll: Int32 = 8
    /// Bytes from the start of the context to the guest's state.
    public static let stateOffset = (MemoryLayout<lyrebird_context>.stride + 63) & ~63

    /// General registers given to slots, in order.
    private static let generalPins: [GPR] = [.rbx, .rsi, .rdi, .r8, .r9, .r10, .r11, .r12, .r13, .r14, .r15]
    private static let vectorPins: [XMM] = [.xmm8, .xmm9, .xmm10, .xmm11, .xmm12, .xmm13, .xmm14, .xmm15]

    /// - Parameter windowSize: of checked memory, a power of two.
    public init(
        layout: StateLayout, pinned hottest: [Slot], memory: MemoryMode, windowSize: UInt64 = 0,
        features: CPUFeatures
    ) {
        var registers = [UInt8](repeating: HostRegister.none.number, count: StateLayout.maximum)
        var slots = [Int16](repeating: -1, count: HostRegister.count)
        var pins: [UInt8] = []
        var general = Self.generalPins[...]
        var vector = Self.vectorPins[...]
        for slot in hottest {
            let register: HostRegister?
            switch layout.entries[slot.index].type {
            case .v128: register = vector.popFirst().map { HostRegister($0) }
            case .i64: register = general.popFirst().map { HostRegister($0) }
            default: register = nil
            }
            guard let register else { continue }
            registers[slot.index] = register.number
            slots[Int(register.number)] = Int16(slot.index)
            pins.append(UInt8(slot.index))
        }
        registerOfSlot = registers
        slotOfRegister = slots
        self.pinned = pins
        displacement = layout.entries.map { Int32($0.offset - Self.bias) }
        types = layout.entries.map(\.type)
        var flagSlots = SlotSet()
        for (slot, type) in types.enumerated() where type == .flags { flagSlots.insert(slot) }
        self.flagSlots = flagSlots
        var allSlots = SlotSet()
        for slot in types.indices { allSlots.insert(slot) }
        self.allSlots = allSlots
        self.layout = layout
        x87Image = layout.x87Image.map { Memory(base: .rbp, displacement: Int32($0 - Self.bias)) }
        self.memory = memory
        outsideMask = memory == .checked ? ~(windowSize &- 1) : 0
        self.features = features
    }

    /// Spill slot `index`, 16 bytes.
    @inline(__always) static func spill(_ index: Int) -> Memory {
        ContextField.spills.advanced(by: Int32(truncatingIfNeeded: 16 &* index))
    }
}

/// Fields of the context, as generated code addresses them.
enum ContextField {
    static let stop = field(\.stop)
    /// The page that loops poll.
    static let pollPage = Memory(
        base: .rbp,
        displacement: -Int32(RegisterContract.stateOffset + RegisterContract.bias + RegisterContract.pollPageSize))
    static let table = field(\.table)
    static let pc = field(\.pc)
    static let outsideMask = field(\.outside_mask)
    static let accessSite = field(\.access_site)
    static let exitWord = field(\.exit_word)
    static let hostRSP = field(\.host_rsp)
    static let predictionRSP = field(\.prediction_rsp)
    static let predictionTop = field(\.prediction_top)
    static let helperArguments = field(\.helper_arguments)
    static let helperResult = field(\.helper_result)
    static let helpers = field(\.helpers)
    static let callFunction = field(\.call_function)
    static let callTarget = field(\.call_target)
    static let floatWords = field(\.float_words)
    static let floatA = field(\.float_words.a)
    static let floatB = field(\.float_words.b)
    static let floatC = field(\.float_words.c)
    static let floatResult = field(\.float_words.result)
    static let floatOperation = field(\.float_words.operation)
    static let floatFlags = field(\.float_words.flags)
    static let mxcsr = field(\.mxcsr)
    static let leftMXCSR = field(\.left_mxcsr)
    static let hostMXCSR = field(\.host_mxcsr)
    static let x87IsLoaded = field(\.x87_is_loaded)
    static let x87Word = field(\.x87_word)
    static let savedGPR = field(\.saved_gpr)
    static let faultGPR = field(\.fault_gpr)
    static let faultXMM = field(\.fault_xmm)
    static let savedXMM = field(\.saved_xmm)
    static let spills = field(\.spills)
    static let inside = field(\.inside)
    static let guestPC = field(\.guest_pc)
    static let embedder = field(\.embedder)
    static let changes = field(\.changes)
    static let hookedPC = field(\.hooked_pc)
    static let hookError = field(\.hook_error)
    static let hookMXCSR = field(\.hook_mxcsr)
    static let accessFunction = field(\.access_function)
    static let floatIsUsed = field(\.float_is_used)
    static let mxcsrIsGuests = field(\.mxcsr_is_guests)
    static let resumeAddress = field(\.resume_address)
    static let accessX87 = field(\.access_x87)
    static let accessesMade = field(\.accesses_made)
    static let watchLow = field(\.watch_low)
    static let watchSpan = field(\.watch_span)
    static let coverageEdges = field(\.coverage_edges)
    static let coverageBlocks = field(\.coverage_blocks)
    static let coveragePrevious = field(\.coverage_previous)

    private static func field<T>(_ path: KeyPath<lyrebird_context, T>) -> Memory {
        let offset: Int = MemoryLayout<lyrebird_context>.offset(of: path)!
        return Memory(base: .rbp, displacement: Int32(offset - RegisterContract.stateOffset - RegisterContract.bias))
    }
}
