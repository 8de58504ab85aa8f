// Accesses for which generated code calls the runtime: to devices that a function answers for, to memory above the window, and to what
// somebody watches. The host's registers are put aside as they are; the access is made, and generated code goes on behind it.
//
// Guest state is then as at a fault: some of it in host registers, some of it in the place of something else. Nobody needs it as long as
// nobody looks, so that it is rebuilt only when a function of the embedder's asks for it, beside what generated code goes on with. If
// that is changed, or something else happens because of which generated code may not go on (a function throws, translations were
// dropped, a stop), the CPU leaves. The guest instruction is then interpreted, and what it has accessed by calls is not accessed again.

import CLyrebird
import Glibc
import LyrebirdIR
import LyrebirdX64

/// What a CPU knows of the region that it accessed last, and whom it tells of accesses.
struct NearMemory {
    /// Of the engine's mappings, when this was so.
    var version: UInt64 = 0
    var start: UInt64 = 0
    /// The last address.
    var last: UInt64 = 0
    var delta: UInt64 = 0
    var isReadable = false
    var isWritable = false
    var isDevice = false
    /// Who answers for it, without a count: the engine keeps them.
    var handler: Unmanaged<DeviceHandler>?
    /// Whom to tell, kept by `keeper`.
    var hooks: UnsafeBufferPointer<Unmanaged<AccessHook>> { keeper?.hooks ?? UnsafeBufferPointer(start: nil, count: 0) }
    var keeper: AccessHookList?
}

/// Hooks to walk without counting who has them.
final class AccessHookList {
    private let all: [AccessHook]
    let hooks: UnsafeBufferPointer<Unmanaged<AccessHook>>

    init(_ all: [AccessHook]) {
        self.all = all
        let copy = UnsafeMutableBufferPointer<Unmanaged<AccessHook>>.allocate(capacity: all.count)
        for (n, hook) in all.enumerated() { copy.initializeElement(at: n, to: .passUnretained(hook)) }
        hooks = UnsafeBufferPointer(copy)
    }

    deinit { hooks.deallocate() }
}

/// An access that was made for generated code.
struct MadeAccess {
    var address: UInt64
    var size: Int
    var isWrite: Bool
    /// What was read.
    var value: UInt128
    /// How many accesses of the instruction came before.
    var ordinal: Int
}

extension CPUContext {
    /// What generated code calls. - Returns: 0 to go on behind the access.
    static let accessFunction: @convention(c) (UnsafeMutablePointer<lyrebird_context>, UnsafeRawPointer) -> UInt32 = {
        Unmanaged<CPUContext>.fromOpaque(UnsafeRawPointer(bitPattern: UInt($0.pointee.owner))!)
            ._withUnsafeGuaranteedRef { [returnAddress = $1] cpu in
                cpu.makeAccess(AccessRecord(returnAddress: returnAddress)) ? 0 : 1
            }
    }

    /// Makes an access. - Returns: whether generated code may go on.
    private func makeAccess(_ record: AccessRecord) -> Bool {
        let kind = record.kind
        pc = record.pc
        calledPC = record.pc
        context.pointee.access_site = UInt64(record.site)
        context.pointee.is_rebuilt = 0
        context.pointee.is_suspended = 1
        guard kind.isDescribed else { return false }
        if kind.ordinal == 0 { context.pointee.accesses_made = 0 }
        let address = general(record.base).pointee &+ UInt64(bitPattern: Int64(record.displacement))
        let size = 1 &<< kind.size
        if kind.isAligned, address & UInt64(size &- 1) != 0 { return false }
        let changes = lyrebird_load_acquire(engine._withUnsafeGuaranteedRef { $0.changes })
        let isWrite = kind.isWrite
        var value = isWrite ? operand(record, size) : 0
        // The record may go away meanwhile.
        guard isNear(address, size) else { return false }
        asked = nil
        let isMade = near.isDevice ? ask(address, size, isWrite, &value) : access(address, size, isWrite, &value, kind)
        guard isMade else {
            if asked != nil { suspend(record, kind, changes) }
            return false
        }
        let goesOn = mayGoOn(since: changes)
        if !goesOn || !kind.isOnly {
            note(MadeAccess(address: address, size: size, isWrite: isWrite, value: value, ordinal: kind.ordinal))
        }
        guard goesOn else { return false }
        if !isWrite { setOperand(record, kind, value) }
        context.pointee.is_suspended = 0
        return true
    }

    // MARK: Operands

    @inline(__always) private func general(_ number: UInt8) -> UnsafeMutablePointer<UInt64> {
        savedGeneral + Int(number)
    }

    @inline(__always) private func vector(_ number: UInt8) -> UnsafeMutablePointer<UInt64> {
        savedVectors + 2 &* (Int(number) &- 16)
    }

    @inline(__always) static func cut(_ value: UInt64, _ size: Int) -> UInt64 {
        size >= 8 ? value : value & (1 &<< UInt64(8 &* size) &- 1)
    }

    /// What is stored.
    @inline(__always) private func operand(_ record: AccessRecord, _ size: Int) -> UInt128 {
        let register = record.operand
        if register == AccessRecord.immediate {
            return UInt128(Self.cut(UInt64(bitPattern: Int64(record.number)), size))
        }
        if register < 16 { return UInt128(Self.cut(general(register).pointee, size)) }
        let low = vector(register)[0]
        return size < 16 ? UInt128(Self.cut(low, size)) : UInt128(vector(register)[1]) &<< 64 | UInt128(low)
    }

    /// Puts what was loaded where the code finds it behind the access.
    @inline(__always) private func setOperand(_ record: AccessRecord, _ kind: AccessRecord.Kind, _ value: UInt128) {
        let register = record.operand
        let low = UInt64(truncatingIfNeeded: value)
        if register >= 16 {
            vector(register)[0] = low
            vector(register)[1] = UInt64(truncatingIfNeeded: value &>> 64)
        } else if kind.isSigned64 || kind.isSigned32 {
            let shift = 64 &- (8 &<< UInt64(kind.size))
            let extended = UInt64(bitPattern: Int64(bitPattern: low &<< shift) &>> Int64(shift))
            general(register).pointee = kind.isSigned64 ? extended : extended & 0xFFFF_FFFF
        } else {
            general(register).pointee = low
        }
    }

    // MARK: Memory and devices

    /// Whether an access is all in one region, which `near` says what it is.
    @inline(__always) private func isNear(_ address: UInt64, _ size: Int) -> Bool {
        let last = address &+ UInt64(size &- 1)
        if lyrebird_load_acquire(mappingVersion) == near.version, address >= near.start, last <= near.last,
            last >= address
        {
            return true
        }
        return comeNear(address, last) && isStillNear
    }

    /// Whether what is near is so still, after a function or the engine's lock: memory that is about to be unmapped waits for this CPU, or
    /// is seen to be.
    private var isStillNear: Bool {
        engine._withUnsafeGuaranteedRef { lyrebird_load32($0.stopTheWorld) == 0 }
            && lyrebird_load_acquire(mappingVersion) == near.version
    }

    @inline(never) private func comeNear(_ address: UInt64, _ last: UInt64) -> Bool {
        beginFunction()
        defer { endFunction() }
        return engine._withUnsafeGuaranteedRef { engine in
            engine.locked {
                near = NearMemory()
                guard last >= address, let region = engine.memory.region(at: address), last < region.end else {
                    return false
                }
                near.version = mappingVersion.pointee
                near.start = region.start
                near.last = region.end &- 1
                near.delta = region.delta
                near.isDevice = region.device >= 0
                near.isReadable = region.rights.hostProtection & 1 != 0
                near.isWritable = region.rights.contains(.write)
                if near.isDevice { near.handler = engine.devices[Int(region.device)].map { .passUnretained($0) } }
                if !engine.accessHooks.isEmpty { near.keeper = AccessHookList(engine.accessHooks) }
                return true
            }
        }
    }

    /// Asks the device that is near.
    private func ask(_ address: UInt64, _ size: Int, _ isWrite: Bool, _ value: inout UInt128) -> Bool {
        // The interpreter asks in words, and tells hooks.
        guard size <= 8, near.keeper == nil else { return false }
        guard let handler = near.handler else {
            asked = DeviceAccess(
                address: address, size: size, isWrite: isWrite, value: UInt64(truncatingIfNeeded: value))
            return false
        }
        beginFunction()
        defer { endFunction() }
        do {
            if isWrite {
                try handler._withUnsafeGuaranteedRef {
                    try $0.write(address, size, UInt64(truncatingIfNeeded: value))
                }
            } else {
                value = UInt128(Self.cut(try handler._withUnsafeGuaranteedRef { try $0.read(address, size) }, size))
            }
            return true
        } catch {
            hookError = error
            return false
        }
    }

    /// Accesses the memory that is near.
    private func access(
        _ address: UInt64, _ size: Int, _ isWrite: Bool, _ value: inout UInt128, _ kind: AccessRecord.Kind
    ) -> Bool {
        let host = UnsafeMutableRawPointer(bitPattern: UInt(address &+ near.delta))
        guard isWrite else {
            guard near.isReadable, lyrebird_copy(&value, host, size) == 0 else { return false }
            return tell(address, size, isWrite: false, value)
        }
        guard near.isWritable, tell(address, size, isWrite: true, value) else { return false }
        // Those who were told may have changed what is there, and code may have been translated from it.
        if near.keeper != nil && !isStillNear || lyrebird_copy(host, &value, size) != 0 {
            beginFunction()
            defer { endFunction() }
            guard engine._withUnsafeGuaranteedRef({ $0.write(address, &value, size) }) == 0 else { return false }
        }
        if kind.isOrdered { lyrebird_fence() }
        return true
    }

    /// Tells those who want to know, 8 bytes at a time. - Returns: false if one of them throws.
    private func tell(_ address: UInt64, _ size: Int, isWrite: Bool, _ value: UInt128) -> Bool {
        guard near.keeper != nil else { return true }
        let hooks = near.hooks
        for offset in stride(from: 0, to: size, by: 8) {
            let part = DeviceAccess(
                address: address &+ UInt64(offset), size: min(size &- offset, 8), isWrite: isWrite,
                value: UInt64(truncatingIfNeeded: offset == 0 ? value : value &>> 64))
            let last = part.address &+ UInt64(part.size &- 1)
            for hook in hooks {
                let goesOn = hook._withUnsafeGuaranteedRef { hook in
                    guard hook.wants(part.address, last, isWrite: isWrite) else { return true }
                    beginFunction()
                    defer { endFunction() }
                    do {
                        try hook.call(self, part)
                        return true
                    } catch {
                        hookError = error
                        return false
                    }
                }
                guard goesOn else { return false }
            }
        }
        return true
    }

    // MARK: Functions of the embedder's

    /// Nobody waits for the CPU from here on: it may wait for anything, the engine's lock as well.
    @inline(__always) private func beginFunction() {
        lyrebird_store_release32(Engine.insideField(context), 3)
        engine._withUnsafeGuaranteedRef { $0.hasBarrier ? lyrebird_compiler_fence() : lyrebird_fence() }
    }

    /// The translation may be gone: see `mayGoOn`.
    @inline(__always) private func endFunction() {
        lyrebird_store_release32(Engine.insideField(context), 1)
        engine._withUnsafeGuaranteedRef { $0.hasBarrier ? lyrebird_compiler_fence() : lyrebird_fence() }
    }

    /// - Parameter changes: how many translations had been dropped before.
    @inline(__always) private func mayGoOn(since changes: UInt64) -> Bool {
        engine._withUnsafeGuaranteedRef { engine in
            context.pointee.stop == 0 && lyrebird_load_acquire(engine.changes) == changes && pc == calledPC
                && lyrebird_load32(engine.stopTheWorld) == 0 && (context.pointee.is_rebuilt == 0 || !isChanged)
        }
    }

    // MARK: Accesses that have been made

    private func note(_ access: MadeAccess) {
        if made == nil { made = .allocate(capacity: AccessRecord.Kind.ordinals) }
        var count = Int(context.pointee.accesses_made)
        // Where the ones before it are not called for, nobody says that the instruction starts over.
        if count > 0, madePC != calledPC || made![count &- 1].ordinal >= access.ordinal { count = 0 }
        made![count] = access
        madePC = calledPC
        madeSite = context.pointee.access_site
        context.pointee.accesses_made = UInt32(count &+ 1)
    }

    /// Whether accesses of the instruction at an address have been made.
    func hasMade(at pc: UInt64) -> Bool { context.pointee.accesses_made != 0 && madePC == pc }

    func forgetMade() { context.pointee.accesses_made = 0 }

    /// What an access of the instruction at the pc gave, if it has been made.
    func made(_ ordinal: Int, _ address: UInt64, _ size: Int, isWrite: Bool) -> UInt128? {
        guard hasMade(at: pc) else { return nil }
        for n in 0..<Int(context.pointee.accesses_made) where made![n].ordinal == ordinal {
            let access = made![n]
            return access.address == address && access.size == size && access.isWrite == isWrite ? access.value : nil
        }
        return nil
    }

    // MARK: Leaving for a device

    /// `run` is left for the value of a device. If nobody changes anything, generated code goes on behind the access.
    private func suspend(_ record: AccessRecord, _ kind: AccessRecord.Kind, _ changes: UInt64) {
        suspended = (record, kind, changes)
        answer = 0
    }

    /// The device that `run` is left for.
    func takeAsked() -> DeviceAccess? {
        defer { asked = nil }
        return asked
    }

    /// Whether generated code can go on where it was left for a device, if no translation is dropped.
    func isResumable() -> Bool {
        pc == calledPC && counts == (mode & Variant.counted != 0) && (context.pointee.is_rebuilt == 0 || !isChanged)
    }

    /// Makes the access that generated code was left for, if its translation is there.
    func prepareToResume() -> Bool {
        let (record, kind, changes) = suspended!
        guard lyrebird_load_acquire(engine._withUnsafeGuaranteedRef { $0.changes }) == changes else { return false }
        let value = UInt128(Self.cut(answer, 1 &<< kind.size))
        if !kind.isOnly {
            let address = general(record.base).pointee &+ UInt64(bitPattern: Int64(record.displacement))
            note(
                MadeAccess(
                    address: address, size: 1 &<< kind.size, isWrite: kind.isWrite, value: value, ordinal: kind.ordinal)
            )
        }
        if !kind.isWrite { setOperand(record, kind, value) }
        context.pointee.resume_address = UInt64(UInt(bitPattern: record.returnAddress))
        context.pointee.is_suspended = 0
        suspended = nil
        return true
    }

    /// Generated code does not go on where it was left for a device: the state is as before the instruction, which knows the answer.
    func settle() {
        guard context.pointee.is_suspended != 0, lyrebird_load32(Engine.insideField(context)) != 3 else { return }
        _ = rebuiltState()
        let isRead = !suspended!.kind.isWrite
        suspended = nil
        if let variant = takeRebuiltState() { keepEntryVariant(variant, at: calledPC) }
        _ = takeFloatFlags()
        engine._withUnsafeGuaranteedRef { engine in
            if emulator == nil { emulator = AccessEmulator(engine, self) }
            emulator!.takeOver(calledPC, answer: answer, awaitsMore: isRead)
        }
    }

    // MARK: State

    /// Guest state at a call, exact; made if nobody has looked yet. What is changed there counts.
    public func rebuiltState() -> UnsafeMutableRawPointer {
        if context.pointee.is_rebuilt == 0 {
            engine._withUnsafeGuaranteedRef { engine in engine.locked { engine.rebuildAside(self) } }
        }
        return rebuilt!
    }

    /// Somebody has changed the rebuilt state.
    private var isChanged: Bool { memcmp(rebuilt!, rebuilt! + stateSize, stateSize) != 0 }

    /// The CPU leaves: its state is what has been rebuilt, if that is so.
    func takeRebuiltState() -> UInt32? {
        context.pointee.is_suspended = 0
        guard lyrebird_load32(rebuiltField) != 0 else { return nil }
        context.pointee.is_rebuilt = 0
        liveState.copyMemory(from: rebuilt!, byteCount: stateSize)
        return rebuiltVariant
    }
}

extension Engine {
    /// Rebuilds the state of a CPU that is at a call, beside what generated code goes on with. The lock is held.
    func rebuildAside(_ cpu: CPUContext) {
        guard cpu.context.pointee.is_rebuilt == 0 else { return }
        let size = layout.size
        if cpu.rebuilt == nil { cpu.rebuilt = .allocate(byteCount: 2 * size, alignment: 16) }
        let state = cpu.rebuilt!
        state.copyMemory(from: cpu.liveState, byteCount: size)
        cpu.context.pointee.fault_rip = cpu.context.pointee.code_start + cpu.context.pointee.access_site
        let place = rebuildState(cpu, into: state)
        cpu.rebuiltVariant = place.variant
        if place.countedEarly > 0 { cpu.addRemaining(place.countedEarly, in: state) }
        let flags = cpu.floatFlags
        if flags != 0 { architecture.addFloatFlags(flags, to: state) }
        (state + size).copyMemory(from: state, byteCount: size)
        lyrebird_store_release32(cpu.rebuiltField, 1)
    }
}
