// Links: exits to a known address, which are patched to jump to its translation as soon as there is one.

import CLyrebird
import LyrebirdIR
import LyrebirdX64

extension Engine {
    /// A link's stub was reached: the link is made if the target is there.
    func followLink(_ cpu: CPUContext, ranIn: Int) {
        guard options.chains else { return }
        let stub = UnsafeRawPointer(bitPattern: UInt(cpu.context.pointee.exit_word))!
        locked {
            // After a flush in between the link is gone.
            guard ranIn == generation else { return }
            let number = Int((stub - 4).loadUnaligned(as: UInt32.self) & ~LinkSite.inBlockBit)
            guard links[number].linkedTo < 0 || links[number].counting == .active else { return }
            let source = translations[Int(links[number].source)]
            guard source.isValid else { return }
            if links[number].counting == .active {
                unlink(number)
                links.base[number].counting = .done
                switch hotJump(number) {
                case .loop(let loop): return connect(number, to: loop)
                case .joined: return
                case .neither: break
                }
            }
            let linkMode = linkMode(of: number, from: UInt32(source.mode) & ~Variant.entry)
            let target = index.translation(pc: cpu.pc, mode: linkMode)
            if target >= 0 { connect(number, to: target) }
        }
    }

    func connect(_ number: Int, to target: Int) {
        if links[number].counting == .wanted { beginCounting(number, to: target) }
        if links[number].counting == .done { patch(links[number], to: translations[target]) }
        links.base[number].linkedTo = Int32(target)
        links.base[number].next = translations[target].incoming
        translations.base[target].incoming = Int32(number)
        statistics.linked += 1
    }

    func patch(_ link: Link, to target: Translation) {
        let site = cache.writable + Int(link.site)
        let start = UnsafeRawPointer(cache.writable + Int(target.hotStart))
        if !link.isFromHome {
            Assembler.patch(site, to: start)
        } else if target.homeEntry > 0 {
            Assembler.patch(site, to: start + Int(target.homeEntry))
        } else {
            let stub = cache.writable + Int(link.stub)
            Assembler.patch(stub - LinkSite.wayDisplacement, to: start)
            Assembler.patch(site, to: UnsafeRawPointer(stub - LinkSite.wayFromHome))
        }
    }

    /// The mode of what a link goes to, `mode` being what its translation's others go to.
    func linkMode(of number: Int, from mode: UInt32) -> UInt32 {
        links[number].isInBlock && instruments.watchesBlocks ? mode | Variant.inBlock : mode
    }

    /// Takes a link out of the list of those that go where it goes.
    func unlink(_ number: Int) {
        let target = Int(links[number].linkedTo)
        guard target >= 0 else { return }
        var at = Int(translations[target].incoming)
        if at == number {
            translations.base[target].incoming = links[number].next
        } else {
            while Int(links[at].next) != number { at = Int(links[at].next) }
            links.base[at].next = links[number].next
        }
        links.base[number].linkedTo = -1
        links.base[number].next = -1
    }

    /// The translation whose hot code has the offset, -1 if there is none. Translations are in order of both codes.
    func translationContaining(hot offset: Int) -> Int {
        var low = 0
        var high = translations.count
        while low < high {
            let middle = (low + high) / 2
            if Int(translations[middle].hotStart) <= offset { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return -1 }
        let found = translations[low - 1]
        return offset < Int(found.hotStart + found.hotSize) ? low - 1 : -1
    }
}
