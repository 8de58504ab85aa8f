// Loops: a jump back is counted, out of line, until its loop is hot. Then the loop is translated as a whole, in a form that only
// such jumps may enter, and they are linked to it. The translation of the head by itself stays for everybody else.
//
// Where there is no such loop, as at the end of an interpreter's operation, which jumps back to where the next one is fetched and
// from there anywhere, what ends in the jump is translated again, together with a copy of what it leads to.

import CLyrebird
import LyrebirdIR
import LyrebirdPasses
import LyrebirdX64

extension Engine {
    /// Patches a link that closes a loop: to a counter, whose end is the link's stub again.
    func beginCounting(_ number: Int, to target: Int) {
        guard options.loopThreshold > 1, let counter = counters.take(UInt32(options.loopThreshold)) else {
            links.base[number].counting = options.loopThreshold == 1 ? .active : .done
            return
        }
        var code = cache.coldAssembler
        guard code.remaining >= 64 else {
            links.base[number].counting = .done
            return
        }
        let start = code.cursor
        // Everything is home: RAX and the host's flags are free.
        code.movImmediate(.rax, UInt64(UInt(bitPattern: counter)))
        code.sub(.b32, Memory(base: .rax), imm: 1)
        let hot = code.jccForward(.e)
        code.jmp(to: UnsafeRawPointer(cache.writable + Int(translations[target].hotStart)))
        code.bind(hot)
        code.jmp(to: UnsafeRawPointer(cache.writable + Int(links[number].stub)))
        cache.commitCold(code.cursor - start)
        Assembler.patch(cache.writable + Int(links[number].site), to: UnsafeRawPointer(start))
        links.base[number].counting = .active
    }

    /// What has become of a jump that was counted.
    enum HotJump {
        /// It may enter the loop that this translation is.
        case loop(Int)
        /// What ends in it was translated again.
        case joined
        /// It goes to the head's own translation.
        case neither
    }

    func hotJump(_ number: Int) -> HotJump {
        let link = links[number]
        let source = translations[Int(link.source)]
        let head = target(ofStubAt: Int(link.stub))
        let mode = source.mode & ~UInt16(Variant.entry)
        guard let found = loops[LoopKey(pc: head, mode: mode)] ?? translateLoop(head, mode) else {
            return join(Int(link.source), with: head) ? .joined : .neither
        }
        // The flags that go round are made from what this comparison compared.
        guard found.comparisonPC.map({ $0 >= source.pc && $0 < source.pc &+ UInt64(source.guestBytes) }) ?? true
        else { return .neither }
        return translations[found.translation].isValid ? .loop(found.translation) : .neither
    }

    /// Puts a translation that goes on with what a jump at its end leads to in place of one that ends there.
    private func join(_ number: Int, with head: UInt64) -> Bool {
        let source = translations[number]
        let (pc, size) = (source.pc, Int(source.guestBytes))
        let mode = UInt32(source.mode)
        let isPlain = mode & Variant.entry == 0 && !source.isHooked && !source.isBlockwise
        guard isPlain, size > 0, size <= codeLimit, head < pc, functions.function(at: pc) == nil,
            functions.function(at: head) == nil
        else { return false }
        let start = options.measuresTime ? lyrebird_counter(0, 0) : 0
        prepareUnit(pc, mode, TranslationPlan(limit: options.unitLimit))
        let first = UnsafeMutableRawBufferPointer(rebasing: codeBuffer[..<size])
        let second = UnsafeMutableRawBufferPointer(rebasing: codeBuffer[size..<(size + codeLimit)])
        guard fetch(pc, into: first) == size else { return false }
        let read = fetch(head, into: second)
        generator.leavingAccesses = leavingAccesses(from: head, Int(pc &- head) + size)
        architecture.lift(
            GuestCode(pc: pc, bytes: UnsafeRawBufferPointer(first)),
            joining: GuestCode(pc: head, bytes: UnsafeRawBufferPointer(rebasing: second[..<read])),
            mode: mode & ~Variant.all, into: &unit, limit: options.unitLimit)
        guard unit.joinedBytes > 0, isJoinable(pc, unit.guestBytes), isJoinable(head, unit.joinedBytes) else {
            return false
        }
        optimizer.run(&unit)
        guard
            let compiled = generator.compile(
                unit, hot: cache.hotAssembler, cold: cache.coldAssembler, firstLink: links.count)
        else { return false }
        drop(number)
        install(compiled, pc: pc, mode: mode, joinedPC: head)
        statistics.joined += 1
        if options.measuresTime { statistics.translationTime += lyrebird_counter(0, 0) - start }
        return true
    }

    /// One page, whose code nobody hooks and which need not be compared.
    private func isJoinable(_ start: UInt64, _ size: Int) -> Bool {
        let last = start &+ UInt64(size) &- 1
        return start >> 12 == last >> 12 && isKept(start) && !instruments.touches(start..<last &+ 1)
    }

    /// Whether a loop notices all changes of its code when it compares that where it is entered, and checks its own stores: there is
    /// nobody else who stores, and no other way to the memory.
    private func isComparable(_ range: Range<UInt64>) -> Bool {
        cpus.count == 1
            && [range.lowerBound, range.upperBound &- 1].allSatisfy { memory.region(at: $0)?.isShared == false }
    }

    /// There is somebody else.
    func dropComparedLoops() {
        for loop in loops.values where loop.comparesCode { drop(loop.translation) }
    }

    private func translateLoop(_ head: UInt64, _ mode: UInt16) -> Loop? {
        guard functions.function(at: head) == nil else { return nil }
        let start = options.measuresTime ? lyrebird_counter(0, 0) : 0
        // The blocks have just gone round, so their code is watched, unless they have to compare it.
        var comparesCode = !isKept(head)
        while true {
            prepareUnit(head, UInt32(mode), TranslationPlan(limit: options.unitLimit))
            unit.comparesCode = comparesCode
            let read = fetch(head, asLoop: true)
            let code = GuestCode(pc: head, bytes: UnsafeRawBufferPointer(start: codeBuffer.baseAddress, count: read))
            guard architecture.liftLoop(code, mode: UInt32(mode) & ~Variant.all, into: &unit),
                !unit.innerLoops.contains(where: { loops[LoopKey(pc: $0, mode: mode)] != nil })
            else { return nil }
            if comparesCode || isKept(head &+ UInt64(unit.guestBytes) &- 1) { break }
            comparesCode = true
        }
        let range = head..<head &+ UInt64(unit.guestBytes)
        guard !instruments.touches(range), !comparesCode || isComparable(range) else { return nil }
        optimizer.runLoop(&unit, layout)
        guard
            let compiled = generator.compile(
                unit, code: UnsafeRawBufferPointer(rebasing: codeBuffer[..<(comparesCode ? unit.guestBytes : 0)]),
                hot: cache.hotAssembler, cold: cache.coldAssembler, firstLink: links.count)
        else { return nil }
        let loop = Loop(
            translation: translations.count, comparisonPC: unit.comparisonPC, comparesCode: comparesCode)
        install(compiled, pc: head, mode: UInt32(mode), isLoop: true)
        loops[LoopKey(pc: head, mode: mode)] = loop
        statistics.loops += 1
        if options.measuresTime { statistics.translationTime += lyrebird_counter(0, 0) - start }
        return loop
    }
}

/// What a loop is found by.
struct LoopKey: Hashable {
    var pc: UInt64
    var mode: UInt16
}

/// A loop that is translated.
struct Loop {
    var translation: Int
    /// The guest instruction that a way in must have executed, if any.
    var comparisonPC: UInt64?
    /// What it was made from may change without a fault.
    var comparesCode: Bool
}

/// Counters of jumps back, in memory of their own: not near code, where a write stalls those who execute it.
struct LoopCounters: ~Copyable {
    private let base: UnsafeMutablePointer<UInt32>
    private var used = 0
    private static let capacity = 1 << 16

    init() { base = Pages.allocate(4 * Self.capacity).bindMemory(to: UInt32.self, capacity: Self.capacity) }

    deinit { Pages.deallocate(UnsafeMutableRawPointer(base), 4 * Self.capacity) }

    mutating func take(_ count: UInt32) -> UnsafeMutablePointer<UInt32>? {
        guard used < Self.capacity else { return nil }
        used += 1
        base[used - 1] = count
        return base + (used - 1)
    }

    mutating func removeAll() { used = 0 }
}
