// Loops: a jump back is counted, out of line, until its loop is hot. Then the loop is translated as a whole, in a form that only
// such jumps may enter, and they are linked to it. The translation of the head by itself stays for everybody else.

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

    /// A counted link's loop is hot.
    /// - Returns: the loop's translation, if the link may enter it; nil if it goes to the head's own.
    func loop(enteredBy number: Int) -> Int? {
        let link = links[number]
        let source = translations[Int(link.source)]
        let head = target(ofStubAt: Int(link.stub))
        let mode = source.mode & ~UInt16(Variant.entry)
        guard let found = loops[LoopKey(pc: head, mode: mode)] ?? translateLoop(head, mode) else {
            return nil
        }
        // The flags that go round are made from what this comparison compared.
        guard found.comparisonPC.map({ $0 >= source.pc && $0 < source.pc &+ UInt64(source.guestBytes) }) ?? true
        else { return nil }
        return translations[found.translation].isValid ? found.translation : nil
    }

    private func translateLoop(_ head: UInt64, _ mode: UInt16) -> Loop? {
        guard functions.function(at: head) == nil else { return nil }
        let start = options.measuresTime ? lyrebird_counter(0, 0) : 0
        prepareUnit(head, UInt32(mode), TranslationPlan(limit: options.unitLimit))
        let read = fetch(head, asLoop: true)
        let code = GuestCode(pc: head, bytes: UnsafeRawBufferPointer(start: codeBuffer.baseAddress, count: read))
        guard architecture.liftLoop(code, mode: UInt32(mode) & ~Variant.all, into: &unit) else { return nil }
        guard !instruments.touches(head..<head &+ UInt64(unit.guestBytes)) else { return nil }
        // The blocks have just gone round, so their code is watched, unless they have to compare it.
        guard isKept(head), isKept(head &+ UInt64(unit.guestBytes) &- 1) else { return nil }
        optimizer.runLoop(&unit, layout)
        guard
            let compiled = generator.compile(
                unit, hot: cache.hotAssembler, cold: cache.coldAssembler, firstLink: links.count)
        else { return nil }
        let loop = Loop(translation: translations.count, comparisonPC: unit.comparisonPC)
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
