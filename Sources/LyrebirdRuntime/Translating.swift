// From guest code to host code: what is fetched, lifted, optimised, generated and, but for those who only want to look, installed.

import CLyrebird
import LyrebirdIR
import LyrebirdPasses
import LyrebirdX64

/// What has become of code that was not translated yet.
enum TranslationResult {
    case translated
    /// It was interpreted, and the CPU is where that went.
    case interpreted
    /// The same, and it ended in a trap.
    case trapped(TrapReason, payload: UInt32)
    /// There is nothing to translate.
    case missing(EngineExit)
}

extension Engine {
    /// Translates what is at the CPU's pc, or interprets it if it is executed for the first time.
    func translate(_ cpu: CPUContext, _ mode: UInt32) -> TranslationResult {
        mutex.lock()
        defer { mutex.unlock() }
        let pc = cpu.pc
        if index.hotStart(pc: pc, mode: mode) != 0 { return .translated }
        let start = options.measuresTime ? lyrebird_counter(0, 0) : 0
        var plan = plan(pc, mode)
        var comparesCode = watch(pc)
        var first = mode & Variant.all == 0 && instruments.isEmpty ? firstRuns : nil
        if let runs = first, !runs.take(pc) { first = nil }
        var lastWatched = pc
        var read = fetch(pc, upTo: plan.reach)
        let alignment = UInt64(1) << UInt64(options.generator.codeAlignment)
        if pc & (alignment - 1) != 0 { return .missing(.trap(.fetch, payload: 2)) }
        if read < Int(alignment), plan.reach < Int(alignment) { read = fetchFirst(pc, &plan) }
        if read < Int(alignment) { return .missing(missingCode(cpu, pc)) }
        while true {
            prepareUnit(pc, mode, plan)
            unit.comparesCode = comparesCode
            let code = GuestCode(pc: pc, bytes: UnsafeRawBufferPointer(start: codeBuffer.baseAddress, count: read))
            if plan.isStopPoint {
                liftStopPoint(pc)
                comparesCode = false
            } else {
                lift(code, mode: mode, limit: plan.limit)
            }
            let last = pc &+ UInt64(max(unit.guestBytes, 1)) &- 1
            if last >> 12 != lastWatched >> 12, architecture.noticesChangedCode {
                // It goes on in a page that nobody watched while it was read.
                lastWatched = last
                if watch(last) { comparesCode = true }
                read = fetch(pc, upTo: plan.reach)
                continue
            }
            if unit.guestBytes == 0 {
                // A breakpoint inside of an instruction is none.
                if plan.reach < Int.max {
                    read = fetchFirst(pc, &plan)
                    continue
                }
                return .missing(missingCode(cpu, pc &+ UInt64(read)))
            }
            if let runs = first, !comparesCode, functions.function(at: pc) == nil, unit.isPlain {
                if let result = interpret(cpu, runs) { return result }
                first = nil
            }
            let entry = entry(pc, mode, plan)
            optimizeBlocks()
            if unit.loopsToStart { cache.alignLoop() }
            if let compiled = generator.compile(
                unit, code: UnsafeRawBufferPointer(rebasing: codeBuffer[..<(comparesCode ? unit.guestBytes : 0)]),
                entry: entry, hot: cache.hotAssembler, cold: cache.coldAssembler, firstLink: links.count)
            {
                install(compiled, pc: pc, mode: mode)
                break
            }
            // Too little room: in the region, or in the generator's arenas if the region is fresh.
            if isCacheFresh {
                precondition(plan.limit > 1, "the code cache is too small for one instruction")
                plan.limit /= 2
            } else {
                flush()
            }
        }
        if options.measuresTime { statistics.translationTime += lyrebird_counter(0, 0) - start }
        return .translated
    }

    /// Fetches the first instruction as if there were no breakpoint inside of it.
    func fetchFirst(_ pc: UInt64, _ plan: inout TranslationPlan) -> Int {
        plan.reach = .max
        plan.limit = 1
        return fetch(pc)
    }

    /// An instruction is not all there. Where its first byte is, the first one that is not is the trap's operand, and the payload
    /// has 4 added.
    func missingCode(_ cpu: CPUContext, _ address: UInt64) -> EngineExit {
        let payload: UInt32 = memory.region(at: address) != nil ? 1 : 0
        if address == cpu.pc { return .trap(.fetch, payload: payload) }
        (cpu.state + layout.entries[layout.trapOperand.index].offset).storeBytes(of: address, as: UInt64.self)
        return .trap(.fetch, payload: payload | 4)
    }

    func explainLocked(pc: UInt64, mode: UInt32, asLoop: Bool) -> Explanation? {
        var plan = asLoop ? TranslationPlan(limit: options.unitLimit) : plan(pc, mode)
        // Who only looks has executed nothing.
        plan.isCovered = false
        let read = fetch(pc, asLoop: asLoop, upTo: plan.reach)
        guard read > 0 else { return nil }
        prepareUnit(pc, mode, plan)
        let code = GuestCode(pc: pc, bytes: UnsafeRawBufferPointer(start: codeBuffer.baseAddress, count: read))
        if asLoop {
            guard architecture.liftLoop(code, mode: mode, into: &unit) else { return nil }
        } else {
            lift(code, mode: mode, limit: plan.limit)
        }
        let entry = entry(pc, mode, plan)
        let printer = Printer(layout: layout)
        let lifted = printer.text(of: unit)
        if asLoop {
            optimizer.runLoop(&unit, layout)
        } else {
            optimizeBlocks()
        }
        let optimized = printer.text(of: unit)
        let hot = cache.hotAssembler
        let cold = cache.coldAssembler
        guard let compiled = generator.compile(unit, entry: entry, hot: hot, cold: cold, firstLink: links.count) else {
            return nil
        }
        let offset = cache.executableOffset
        return Explanation(
            pc: pc, guestBytes: unit.guestBytes, guestInstructions: unit.guestInstructions, lifted: lifted,
            optimized: optimized, hot: [UInt8](UnsafeBufferPointer(start: hot.cursor, count: compiled.hotBytes)),
            cold: [UInt8](UnsafeBufferPointer(start: cold.cursor, count: compiled.coldBytes)),
            hotAddress: UInt64(UInt(bitPattern: hot.cursor + offset)),
            coldAddress: UInt64(UInt(bitPattern: cold.cursor + offset)))
    }

    /// Translates what is at a guest address without installing it, and adds what each stage took.
    func measureStagesLocked(pc: UInt64, mode: UInt32, _ times: inout StageTimes) {
        let start = lyrebird_counter(0, 0)
        let read = fetch(pc)
        let fetched = lyrebird_counter(0, 0)
        guard read > 0 else { return }
        unit.reset(pc: pc)
        let code = GuestCode(pc: pc, bytes: UnsafeRawBufferPointer(start: codeBuffer.baseAddress, count: read))
        lift(code, mode: mode, limit: options.unitLimit)
        let lifted = lyrebird_counter(0, 0)
        optimizeBlocks()
        let optimized = lyrebird_counter(0, 0)
        let compiled = generator.compile(
            unit, hot: cache.hotAssembler, cold: cache.coldAssembler, firstLink: links.count)
        let generated = lyrebird_counter(0, 0)
        // The rest of the region may be too small, and part of a time is none.
        guard compiled != nil else { return }
        times.translations += 1
        times.guestInstructions += unit.guestInstructions
        times.fetching += fetched - start
        times.lifting += lifted - fetched
        times.optimizing += optimized - lifted
        times.generating += generated - optimized
    }

    /// Guest address and mode of each translation that is there and valid.
    var placesOfTranslations: [(pc: UInt64, mode: UInt32)] {
        (0..<translations.count).compactMap { number in
            let translation = translations[number]
            return translation.isValid ? (translation.pc, UInt32(translation.mode)) : nil
        }
    }

    func lift(_ code: GuestCode, mode: UInt32, limit: Int) {
        if let function = functions.function(at: code.pc) {
            liftFunction(function, at: code.pc, into: &unit)
        } else {
            architecture.lift(code, mode: mode & ~Variant.all, into: &unit, limit: limit)
        }
    }

    @inline(__always)
    func optimizeBlocks() {
        if options.optimizesAllBlocks || optimizer.isPromising(unit) { optimizer.run(&unit) }
    }

    /// Copies guest code to the buffer; the bytes that could be fetched.
    func fetch(_ pc: UInt64, asLoop: Bool = false, upTo reach: Int = .max) -> Int {
        let limit = min(reach, asLoop ? Int(LoopBody.reach) : codeLimit)
        generator.leavingAccesses = leavingAccesses(from: pc, limit)
        return fetch(pc, into: UnsafeMutableRawBufferPointer(rebasing: codeBuffer[..<limit]))
    }

    func fetch(_ pc: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let available = memory.executableBytes(at: pc, limit: functions.limit(buffer.count, after: pc))
        guard available > 0, TranslationIndex.holds(pc), let region = memory.region(at: pc) else { return 0 }
        generator.comparedCodeOffset = region.delta &- memory.base
        let host = UnsafeRawPointer(bitPattern: UInt(pc &+ region.delta))
        return available - lyrebird_copy(buffer.baseAddress, host, available)
    }

    /// Those of the instructions that have met a device that may be in a translation.
    func leavingAccesses(from pc: UInt64, _ limit: Int) -> [LeavingAccess] {
        guard !leavingAccesses.isEmpty else { return [] }
        return Array(leavingAccesses[firstLeavingAccess(from: pc)...].prefix { $0.pc &- pc < UInt64(limit) })
    }

    func firstLeavingAccess(from pc: UInt64) -> Int {
        var low = 0
        var high = leavingAccesses.count
        while low < high {
            let middle = (low + high) / 2
            if leavingAccesses[middle].pc >= pc { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Host code of the main path of each translation that is there.
    public func translatedCode() -> [[UInt8]] {
        locked {
            (0..<translations.count).map { number in
                let translation = translations[number]
                return [UInt8](
                    UnsafeBufferPointer(
                        start: cache.writable + Int(translation.hotStart), count: Int(translation.hotSize)))
            }
        }
    }
}
