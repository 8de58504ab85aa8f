// Code that changes, for guests whose CPUs notice it by themselves (x86). What code has been translated from is watched:
//
// - Memory of its own that the guest may write is write-protected on the host. The first store faults, the page's translations go,
//   and the store is made again.
// - A page whose code writes to the page itself, or which has been written often since its code was translated, stays writable.
//   Translations from it compare the code's bytes whenever they are entered, and leave behind an instruction that stores to them.
// - Shared memory may be written through another mapping: it is compared as well.
//
// Whoever may not write is not watched: to change the rights of a mapping drops its translations anyway.

import CLyrebird
import LyrebirdIR

/// The pages of private memory that code was translated from while the guest could write there.
struct WatchedPages {
    enum State { case open, protected, compared }

    private struct Page {
        var state: State
        /// Times that it was written while it was protected.
        var writes = 0
    }

    /// By page number.
    private var pages: [UInt64: Page] = [:]
    /// After so many writes a page has as much data as code.
    private static let patience = 16

    func state(of page: UInt64) -> State? { pages[page]?.state }

    mutating func protect(_ page: UInt64) { pages[page, default: Page(state: .open)].state = .protected }

    /// The page is about to be written, or was found protected.
    mutating func open(_ page: UInt64, forever: Bool) {
        guard var found = pages[page] else { return }
        found.writes += 1
        found.state = forever || found.writes >= Self.patience ? .compared : .open
        pages[page] = found
    }

    mutating func remove(_ page: UInt64) { pages[page] = nil }

    var protected: [UInt64] { pages.filter { $0.value.state == .protected }.map(\.key) }
    func all(in range: Range<UInt64>) -> [UInt64] { pages.keys.filter(range.contains) }
    var isEmpty: Bool { pages.isEmpty }
}

extension Engine {
    /// Before code is read from memory: sees to it that nobody changes it unnoticed. The lock is held.
    /// - Returns: whether the translation has to compare it.
    func watch(_ address: UInt64) -> Bool {
        guard architecture.noticesChangedCode, let region = memory.region(at: address) else { return false }
        if region.isShared { return true }
        guard region.rights.contains(.write) else { return false }
        let page = address >> 12
        switch watched.state(of: page) {
        case .compared: return true
        case .protected: return false
        case .open, nil:
            // A host that refuses leaves the page writable.
            guard memory.setWritable(page, false) else { return true }
            watched.protect(page)
            return false
        }
    }

    /// Whether code at an address cannot change unnoticed. The lock is held.
    func isKept(_ address: UInt64) -> Bool {
        guard architecture.noticesChangedCode, let region = memory.region(at: address) else { return true }
        if region.isShared { return false }
        return !region.rights.contains(.write) || watched.state(of: address >> 12) == .protected
    }

    /// Whether a fault is a store to a page that is write-protected for the translator's sake, or was a moment ago: the store can be
    /// made again then.
    /// - Parameter source: the guest code that the faulting translation was made from.
    func codeWasWritten(at address: UInt64, by source: Range<UInt64>) -> Bool {
        locked {
            let page = address >> 12
            guard let state = watched.state(of: page), memory.region(at: address)?.rights.contains(.write) == true
            else {
                return false
            }
            return state != .protected || open(page, forever: source.overlaps(page << 12..<(page &+ 1) << 12))
        }
    }

    /// - Returns: whether the host let it be opened.
    @discardableResult
    private func open(_ page: UInt64, forever: Bool) -> Bool {
        invalidateLocked(page << 12, (page &+ 1) << 12)
        guard memory.setWritable(page, true) else { return false }
        watched.open(page, forever: forever)
        return true
    }

    /// Before somebody else than translated code writes: what code was translated from in a range may be written again.
    /// The lock is held.
    func openCodeLocked(_ start: UInt64, _ end: UInt64) {
        guard architecture.noticesChangedCode, start < end else { return }
        for page in watched.all(in: start >> 12..<(end &+ 4095) >> 12) where watched.state(of: page) == .protected {
            open(page, forever: false)
        }
    }

    /// Before a range's mapping changes: drops what was translated from there, and nothing there is watched any more. The lock is held.
    public func forgetCodeLocked(_ start: UInt64, _ end: UInt64) {
        invalidateLocked(start, end)
        guard !watched.isEmpty, start < end else { return }
        for page in watched.all(in: start >> 12..<(end &+ 4095) >> 12) {
            if watched.state(of: page) == .protected { open(page, forever: false) }
            watched.remove(page)
        }
    }

    /// The host's kernel would not write to guest memory: opens all that is protected.
    /// - Returns: whether anything was, so that it may write now.
    public func openAll() -> Bool {
        locked {
            let pages = watched.protected
            for page in pages { open(page, forever: false) }
            return !pages.isEmpty
        }
    }

    /// A translation found that the code it was made from is another now.
    /// - Parameter entered: the variant that generated code was entered by, which may be the one.
    func codeHasChanged(_ cpu: CPUContext, _ entered: UInt32) {
        locked {
            for mode in [cpu.mode, cpu.mode | entered] {
                let number = index.translation(pc: cpu.pc, mode: mode)
                if number >= 0 { drop(number) }
            }
            let key = LoopKey(pc: cpu.pc, mode: UInt16(cpu.mode & ~Variant.entry))
            if let loop = loops[key] { drop(loop.translation) }
        }
    }
}
