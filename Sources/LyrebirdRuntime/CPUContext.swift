// The memory of one CPU: the context that generated code addresses, the guest's state behind it, the return-prediction stack
// and the jump table of indirect exits.

import CLyrebird
import LyrebirdIR
import LyrebirdX64

/// An entry of the jump table: guest pc and host address.
struct JumpTableEntry {
    var pc: UInt64
    var host: UInt64
}

/// Memory of one CPU. Everything is mapped, not allocated: untouched parts cost nothing.
public final class CPUContext {
    public let context: UnsafeMutablePointer<lyrebird_context>
    /// The guest's state, by the layout's offsets, where generated code has it.
    public let liveState: UnsafeMutableRawPointer
    let stateSize: Int
    /// The guest's state, by the layout's offsets: exact, wherever the CPU is.
    @inline(__always) public var state: UnsafeMutableRawPointer {
        context.pointee.is_suspended != 0 ? rebuiltState() : liveState
    }
    let table: UnsafeMutablePointer<JumpTableEntry>
    private let emptyTable: UnsafeMutablePointer<JumpTableEntry>
    private let tableBits: Int
    private let shift: Int
    private let miss: UInt64
    private let mapping: UnsafeMutableRawPointer
    private let mappingSize: Int
    /// The flush after which this CPU's table and prediction stack are right.
    @exclusivity(unchecked) var generation = 0
    /// Address of the next instruction. In the context, where another module gets at it without a call.
    @inline(__always) public var pc: UInt64 {
        get { context.pointee.guest_pc }
        set { context.pointee.guest_pc = newValue }
    }
    /// Made when it is first needed.
    @exclusivity(unchecked) var emulator: AccessEmulator?

    // Calls for accesses (AccessCalls.swift): for which instruction; what memory is near; what has been made of
    // an instruction; the state as rebuilt, behind it the same once more, and how the instruction is entered with it.
    @exclusivity(unchecked) var calledPC: UInt64 = 0
    /// The device's access that `run` is left for, what called for it and how many translations had been dropped then, and the answer.
    @exclusivity(unchecked) var asked: DeviceAccess?
    @exclusivity(unchecked) var suspended: (record: AccessRecord, kind: AccessRecord.Kind, changes: UInt64)?
    @exclusivity(unchecked) var answer: UInt64 = 0
    @exclusivity(unchecked) var near = NearMemory()
    @exclusivity(unchecked) var made: UnsafeMutablePointer<MadeAccess>?
    @exclusivity(unchecked) var madePC: UInt64 = 0
    @exclusivity(unchecked) var madeSite: UInt64 = 0
    @exclusivity(unchecked) var rebuilt: UnsafeMutableRawPointer?
    @exclusivity(unchecked) var rebuiltVariant: UInt32 = 0
    let rebuiltField: UnsafeMutablePointer<UInt32>
    /// The host's registers at a fault or a call.
    let savedGeneral: UnsafeMutablePointer<UInt64>
    let savedVectors: UnsafeMutablePointer<UInt64>
    /// The engine's.
    @exclusivity(unchecked) private(set) var mappingVersion: UnsafeMutablePointer<UInt64>!

    /// Of the engine's mappings, when a fault was last found to be none any more.
    @exclusivity(unchecked) var judgedVersion: UInt64 = 0
    /// What the translation that faulted last was made from.
    @exclusivity(unchecked) var faultedCode: Range<UInt64> = 0..<0
    /// The part of the key of translations that is not the pc. The jump table and the prediction stack know the pc only, so they
    /// start over when it changes.
    @exclusivity(unchecked) public var mode: UInt32 = 0 {
        didSet { if mode != oldValue { forgetTranslations() } }
    }

    /// The floating-point control word, bits of `lyrebird_float_control`.
    var floatControl: UInt32 {
        get { context.pointee.float_words.control }
        set {
            context.pointee.float_words.control = newValue
            context.pointee.mxcsr = lyrebird_mxcsr(newValue)
        }
    }

    /// The engine lives longer.
    @exclusivity(unchecked) private(set) var engine: Unmanaged<Engine>!
    /// The embedder's CPU, which has this context.
    @inline(__always) public var owner: UnsafeRawPointer? {
        get { UnsafeRawPointer(bitPattern: UInt(context.pointee.embedder)) }
        set { context.pointee.embedder = UInt64(UInt(bitPattern: newValue)) }
    }

    func attach(to engine: Engine) {
        self.engine = Unmanaged.passUnretained(engine)
        context.pointee.owner = UInt64(UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque()))
        context.pointee.changes = UnsafePointer(engine.changes)
        context.pointee.access_function = unsafeBitCast(Self.accessFunction, to: UInt64.self)
        mappingVersion = engine.mappingVersion
    }

    // MARK: Counting and hooks

    /// How often it has been run.
    @exclusivity(unchecked) var runs = 0
    /// Whether instructions are counted down from `remaining`; changed between runs only.
    @exclusivity(unchecked) public var counts = false
    private let counterOffset: Int
    /// Instructions that may still be executed.
    public var remaining: Int64 {
        get { state.load(fromByteOffset: counterOffset, as: Int64.self) }
        set { state.storeBytes(of: newValue, toByteOffset: counterOffset, as: Int64.self) }
    }
    func addRemaining(_ count: UInt64, in state: UnsafeMutableRawPointer) {
        let place = (state + counterOffset).assumingMemoryBound(to: UInt64.self)
        place.pointee &+= count
    }

    /// What a hook threw.
    @exclusivity(unchecked) var hookError: (any Error)?
    @exclusivity(unchecked) var isInSystemCallHook = false
    /// How the instruction at `pc` is entered by the next run (`Variant`), if that is where the CPU was left.
    @exclusivity(unchecked) private var left: (pc: UInt64, variant: UInt32) = (0, 0)

    func takeHookError() -> (any Error)? {
        if context.pointee.hook_error != 0 {
            // Where generated code has left it, as Swift's convention has it.
            let place = UnsafeMutableRawPointer(context) + MemoryLayout<lyrebird_context>.offset(of: \.hook_error)!
            defer { context.pointee.hook_error = 0 }
            return place.assumingMemoryBound(to: (any Error).self).move()
        }
        defer { hookError = nil }
        return hookError
    }

    func takeEntryVariant() -> UInt32 {
        defer { left.variant = 0 }
        return left.pc == pc ? left.variant : 0
    }

    func keepEntryVariant(_ variant: UInt32) { keepEntryVariant(variant, at: pc) }
    func keepEntryVariant(_ variant: UInt32, at pc: UInt64) { left = (pc, variant) }

    /// Makes the calling thread the one that runs the CPU. - Returns: false if there is one.
    public func take() -> Bool { lyrebird_exchange32(runningField, 1) == 0 }
    public func release() { lyrebird_store_release32(runningField, 0) }
    private let runningField: UnsafeMutablePointer<UInt32>

    /// Takes the flags that floating-point operations have left since the last time.
    func takeFloatFlags() -> UInt32 {
        let flags = floatFlags
        context.pointee.float_words.flags = 0
        return flags
    }

    var floatFlags: UInt32 {
        let raised = context.pointee.float_is_used != 0 ? lyrebird_mxcsr_flags(context.pointee.left_mxcsr) : 0
        return context.pointee.float_words.flags | raised
    }

    static let predictionSize = 64 << 10
    static let guardSize = 64 << 10

    init(layout: StateLayout, options: CodeGenerator.Options, stubs: CommonStubs) throws(RuntimeError) {
        miss = UInt64(UInt(bitPattern: stubs.miss))
        tableBits = options.tableBits
        counterOffset = layout.counter.map { layout.entries[$0.index].offset } ?? 0
        shift = options.tableShift
        let contextSize = (RegisterContract.stateOffset + layout.size + 4095) & ~4095
        let tableSize = MemoryLayout<JumpTableEntry>.stride << tableBits
        let predictionSpan = Self.predictionSize + 2 * Self.guardSize
        mappingSize = RegisterContract.pollPageSize + contextSize + 2 * tableSize + predictionSpan
        let protReadWrite: UInt64 = 3
        let privateAnonymous: UInt64 = 0x22
        let result = lyrebird_syscall(9, 0, UInt64(mappingSize), protReadWrite, privateAnonymous, UInt64.max, 0)
        guard result > 0, let mapping = UnsafeMutableRawPointer(bitPattern: result) else {
            throw RuntimeError(call: "mmap of a CPU", errno: Int32(-result))
        }
        self.mapping = mapping
        // poll page | context and state | tables | guard | prediction stack | guard
        let base = mapping + RegisterContract.pollPageSize
        context = base.assumingMemoryBound(to: lyrebird_context.self)
        liveState = base + RegisterContract.stateOffset
        stateSize = layout.size
        rebuiltField = (base + MemoryLayout<lyrebird_context>.offset(of: \.is_rebuilt)!)
            .assumingMemoryBound(to: UInt32.self)
        savedGeneral = (base + MemoryLayout<lyrebird_context>.offset(of: \.fault_gpr)!)
            .assumingMemoryBound(to: UInt64.self)
        savedVectors = (base + MemoryLayout<lyrebird_context>.offset(of: \.fault_xmm)!)
            .assumingMemoryBound(to: UInt64.self)
        runningField = (base + MemoryLayout<lyrebird_context>.offset(of: \.running)!)
            .assumingMemoryBound(to: UInt32.self)
        table = (base + contextSize).assumingMemoryBound(to: JumpTableEntry.self)
        emptyTable = (base + contextSize + tableSize).assumingMemoryBound(to: JumpTableEntry.self)
        let prediction = base + contextSize + 2 * tableSize
        let high = prediction + Self.guardSize + Self.predictionSize
        _ = lyrebird_syscall(10, UInt64(UInt(bitPattern: prediction)), UInt64(Self.guardSize), 0, 0, 0, 0)
        _ = lyrebird_syscall(10, UInt64(UInt(bitPattern: high)), UInt64(Self.guardSize), 0, 0, 0, 0)
        // What is not dumped is joined with nothing else, however it is protected.
        let dontDump: UInt64 = 16
        _ = lyrebird_syscall(
            28, UInt64(UInt(bitPattern: mapping)), UInt64(RegisterContract.pollPageSize), dontDump, 0, 0, 0)
        lyrebird_open_polls(context)
        context.pointee.prediction_guard_low = UInt64(UInt(bitPattern: prediction))
        context.pointee.prediction_guard_high = UInt64(UInt(bitPattern: high))
        context.pointee.guard_size = UInt64(Self.guardSize)
        context.pointee.prediction_top = UInt64(UInt(bitPattern: high - 64))
        context.pointee.full_table = UInt64(UInt(bitPattern: table))
        context.pointee.empty_table = UInt64(UInt(bitPattern: emptyTable))
        context.pointee.table = context.pointee.full_table
        context.pointee.helpers.0 = unsafeBitCast(
            lyrebird_counter as @convention(c) (UInt64, UInt64) -> UInt64, to: UInt64.self)
        context.pointee.helpers.7 = unsafeBitCast(
            lyrebird_float as @convention(c) (UnsafeMutablePointer<lyrebird_float_words>?, UInt64) -> Void,
            to: UInt64.self)
        context.pointee.call_function = unsafeBitCast(
            lyrebird_call_function as @convention(c) (UnsafeMutablePointer<lyrebird_context>?) -> UInt32,
            to: UInt64.self)
        context.pointee.host_mxcsr = lyrebird_mxcsr(0)
        floatControl = 0
        // Fresh memory is zero, which only index 0 takes for a pc of its own: the rest of the tables need not be touched.
        for table in [table, emptyTable] { table[0].pc = stray }
        forgetPredictions()
    }

    deinit {
        made?.deallocate()
        rebuilt?.deallocate()
        _ = lyrebird_syscall(11, UInt64(UInt(bitPattern: mapping)), UInt64(mappingSize), 0, 0, 0, 0)
    }

    /// A pc that belongs to another index than the entry's own is never found there.
    private func clear(_ table: UnsafeMutablePointer<JumpTableEntry>) {
        for index in 0..<(1 << tableBits) { table[index] = JumpTableEntry(pc: index == 0 ? stray : 0, host: 0) }
    }

    /// A pc that does not belong to index 0.
    private var stray: UInt64 { 1 << UInt64(shift) }

    private func index(of pc: UInt64) -> Int { Int(truncatingIfNeeded: pc >> UInt64(shift)) & ((1 << tableBits) - 1) }

    /// Lets indirect exits find their targets again, and loops poll, which a stop has taken from them. If the store were still on its way when
    /// the stop word is read, it could undo another stop, which nobody has seen then.
    @inline(__always)
    func openTable() {
        guard context.pointee.table != context.pointee.full_table else { return }
        context.pointee.table = context.pointee.full_table
        lyrebird_fence()
        if context.pointee.polls_are_closed != 0 { lyrebird_open_polls(context) }
    }

    /// Whether the last fault is that of a poll: the CPU was asked to stop, if that was not seen elsewhere before.
    var faultIsPoll: Bool { pollOffset < UInt64(RegisterContract.pollPageSize) }
    /// Of such a fault: whether an exit polled.
    var faultIsExitPoll: Bool { pollOffset == UInt64(RegisterContract.exitPoll) }
    private var pollOffset: UInt64 { context.pointee.fault_address &- UInt64(UInt(bitPattern: mapping)) }

    /// Where the table says that the code for a pc is, 0 if it does not. By the thread that the CPU belongs to.
    func remembered(pc: UInt64) -> UInt64 {
        let entry = table + index(of: pc)
        let key = lyrebird_load_acquire(UnsafeMutableRawPointer(entry).assumingMemoryBound(to: UInt64.self))
        return key == pc ? entry.pointee.host : 0
    }

    func remember(pc: UInt64, host: UInt64) {
        let entry = table + index(of: pc)
        entry.pointee.host = host
        lyrebird_store_release(UnsafeMutableRawPointer(entry).assumingMemoryBound(to: UInt64.self), pc)
    }

    /// Takes a pc out of the table. From any thread: one store, and a reader that saw the old entry jumps to code that is
    /// still there.
    func forget(pc: UInt64) {
        let index = index(of: pc)
        let entry = table + index
        guard entry.pointee.pc == pc else { return }
        lyrebird_store_release(
            UnsafeMutableRawPointer(entry).assumingMemoryBound(to: UInt64.self), index == 0 ? stray : 0)
    }

    /// The guest returned to `pc` without the code that follows predictions: what is predicted first is spent.
    public func popPrediction(of pc: UInt64) {
        let top = UnsafePointer<UInt64>(bitPattern: UInt(context.pointee.prediction_rsp))!
        if top[1] == pc { context.pointee.prediction_rsp += 16 }
    }

    /// After a flush: nothing that generated code left behind may be used.
    func forgetTranslations() {
        clear(table)
        forgetPredictions()
    }

    private func forgetPredictions() {
        context.pointee.prediction_rsp = context.pointee.prediction_top
        // Above the top every word leads to the table: as a key it is no guest address, as a return address it looks up.
        let top = UnsafeMutablePointer<UInt64>(bitPattern: UInt(context.pointee.prediction_top))!
        for word in 0..<8 { top[word] = miss }
    }

    /// Somebody else has run on this CPU and is gone, wherever he was: it is outside of generated code, nothing waits for it, and
    /// what he left on the prediction stack is not used.
    public func leave() {
        context.pointee.prediction_rsp = context.pointee.prediction_top
        lyrebird_discard_signals(context)
        context.pointee.float_words.flags = 0
        context.pointee.x87_is_loaded = 0
        context.pointee.is_suspended = 0
        suspended = nil
        release()
        lyrebird_store32(Engine.insideField(context), 0)
    }

    /// Whether a thread runs it (`take`).
    var isRunning: Bool { lyrebird_load32(runningField) != 0 }

    /// Lets `run` return `.interrupt`; from any thread.
    /// - Parameter number: 0 to 15.
    public func raiseInterrupt(_ number: Int) {
        lyrebird_request_stop(context, 1 << (Engine.interruptShift + UInt32(number)))
    }

    /// Whether it was left in the middle of the instruction at its pc.
    var isInInstruction: Bool { context.pointee.is_suspended != 0 || emulator?.isUnderWay(at: pc) == true }

    /// Forgets what devices have answered to the instruction that the CPU was left in.
    public func forgetAnswers() {
        settle()
        emulator?.forget()
    }

    /// Gives the value of the device's read that this CPU was left for.
    public func answer(_ value: UInt64) {
        if suspended != nil { answer = value } else { emulator?.answer(value) }
    }

    /// Asks the CPU to leave generated code; from any thread.
    public func requestStop(_ bits: UInt32 = 1) { lyrebird_request_stop(context, bits) }
}
