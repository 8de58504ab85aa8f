// What makes translations go: code that has changed, and a cache that is full. A flush waits until nobody is in generated code.

import CLyrebird
import Glibc
import LyrebirdIR
import LyrebirdX64

extension Engine {
    /// Drops the translations made from a range of guest memory, through whatever mapping they were made.
    public func invalidate(_ start: UInt64, _ end: UInt64) {
        locked { invalidateLocked(start, end) }
    }

    public func invalidateLocked(_ start: UInt64, _ end: UInt64) {
        guard translations.count > 0, start < end else { return }
        var page = start & ~4095
        while page < end {
            let key = memory.pageKey(page)
            dropPage(key, page: page, start, end)
            page &+= 4096
            if page == 0 { break }
        }
    }

    /// Drops what of a page's translations overlaps the range; of a shared object's page, all. What is dropped leaves the page's
    /// list, so that code which is rewritten again and again does not make it longer and longer.
    func dropPage(_ key: UInt64, page: UInt64, _ start: UInt64, _ end: UInt64) {
        guard let place = pages.existingPlace(of: key) else { return }
        var at = pages.head(at: place)
        var kept: Int32 = -1
        while at >= 0 {
            let translation = translations[Int(at)]
            let isFirst = translation.pages.0 == place
            let next = isFirst ? translation.nextInPage.0 : translation.nextInPage.1
            if translation.isValid, translation.overlaps(start, end) || key >> 63 != 0 { drop(Int(at)) }
            if translations[Int(at)].isValid {
                if isFirst {
                    translations.base[Int(at)].nextInPage.0 = kept
                } else {
                    translations.base[Int(at)].nextInPage.1 = kept
                }
                kept = at
            }
            at = next
        }
        _ = pages.replaceHead(at: place, with: kept)
    }

    func drop(_ number: Int) {
        translations.base[number].isValid = false
        lyrebird_store_release(changes, changes.pointee &+ 1)
        let translation = translations[number]
        let key = LoopKey(pc: translation.pc, mode: translation.mode)
        if loops[key]?.translation == number {
            loops[key] = nil
            // Whoever is going round in it would never see that it is gone.
            for cpu in cpus { cpu.requestStop(Self.loopBit) }
        } else {
            index.remove(pc: translation.pc, mode: UInt32(translation.mode))
        }
        var link = translation.incoming
        while link >= 0 {
            let next = links[Int(link)].next
            let stub = UnsafeRawPointer(cache.writable + Int(links[Int(link)].stub))
            Assembler.patch(cache.writable + Int(links[Int(link)].site), to: stub)
            links.base[Int(link)].linkedTo = -1
            links.base[Int(link)].next = -1
            if links[Int(link)].counting == .active { links.base[Int(link)].counting = .wanted }
            link = next
        }
        translations.base[number].incoming = -1
        lyrebird_fence()
        for cpu in cpus { cpu.forget(pc: translation.pc) }
        statistics.invalidated += 1
    }

    /// Waits until no CPU is in generated code, and none goes on there. The lock is held.
    func stopAll() {
        lyrebird_store32(stopTheWorld, 1)
        lyrebird_store_release(changes, changes.pointee &+ 1)
        for cpu in cpus { lyrebird_note_stop(cpu.context, 2) }
        // CPUs that come back from hooks and functions look at their tables without a fence of their own.
        if hasBarrier { _ = lyrebird_membarrier() }
        // Who is not inside sees `stopTheWorld` when it wants to be.
        for cpu in cpus where lyrebird_load32(Self.insideField(cpu.context)) != 0 { lyrebird_close_polls(cpu.context) }
        waitForAll()
        // Who called a function since the first count has seen that one.
        lyrebird_store_release(changes, changes.pointee &+ 1)
    }

    func waitForAll() {
        for cpu in cpus {
            while lyrebird_load32(Self.insideField(cpu.context)) == 1 { sched_yield() }
        }
    }

    func goOn() {
        for cpu in cpus { _ = lyrebird_and32(Self.stopField(cpu.context), ~2) }
        lyrebird_store32(stopTheWorld, 0)
    }

    /// Makes a change that generated code must not meet half made: no CPU is in it meanwhile, and who has called a function from there looks
    /// again when that returns. The lock is held.
    func whileNobodyRuns<T, Failure: Error>(_ change: () throws(Failure) -> T) throws(Failure) -> T {
        stopAll()
        defer { goOn() }
        return try change()
    }

    /// The first code that computes is about to be there: from here on the flags in MXCSR count, and those that are there do not. The
    /// lock is held.
    func beginFloat() {
        whileNobodyRuns {
            usesFloat = true
            for cpu in cpus {
                cpu.context.pointee.left_mxcsr = cpu.context.pointee.mxcsr
                cpu.context.pointee.float_is_used = 1
                cpu.context.pointee.mxcsr_is_guests = 1
            }
        }
    }

    /// Forgets every translation and uses the memory again. The lock is held; waits until no CPU is in generated code.
    func flush() {
        stopAll()
        // Those that ask the embedder find their translations gone when they go on, and need their state then.
        for cpu in cpus where cpu.context.pointee.is_suspended != 0 { rebuildAside(cpu) }
        // Who has come back meanwhile leaves.
        waitForAll()
        cache.reset()
        translations.removeAll()
        links.removeAll()
        frames.removeAll()
        pages.removeAll()
        index.removeAll()
        loops.removeAll()
        counters.removeAll()
        generation += 1
        statistics.flushes += 1
        instruments.retireNamed()
        goOn()
        freeRetiredHooks()
    }

    /// Forgets every translation.
    public func flushAll() { locked { flush() } }
}
