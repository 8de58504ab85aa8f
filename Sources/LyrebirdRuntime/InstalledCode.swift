// What a profiler is told: which host code was made from which guest code, when it is installed.

import LyrebirdX64

/// Host code that has just become executable. The buffers are the executable view of the code region.
public struct InstalledCode {
    public enum Kind {
        case blocks
        /// A loop as a whole.
        case loop
        /// What all translations share: the ways in and out.
        case stubs
    }

    public let kind: Kind
    public let pc: UInt64
    public let guestBytes: Int
    public let hot: UnsafeRawBufferPointer
    /// Empty where it is not known.
    public let cold: UnsafeRawBufferPointer
}

/// Called with the lock held.
public typealias TranslationHandler = (InstalledCode) -> Void

extension Engine {
    /// Tells a handler of all code that is there, and of what is installed from now on. nil for nobody.
    public func setTranslationHandler(_ handler: TranslationHandler?) {
        locked {
            translationHandler = handler
            guard let handler else { return }
            let nothing = executable(0, 0)
            handler(
                InstalledCode(kind: .stubs, pc: 0, guestBytes: 0, hot: executable(0, cache.hotBase), cold: nothing))
            for number in 0..<translations.count where translations[number].isValid {
                let translation = translations[number]
                let isLoop = loops[LoopKey(pc: translation.pc, mode: translation.mode)]?.translation == number
                handler(
                    InstalledCode(
                        kind: isLoop ? .loop : .blocks, pc: translation.pc, guestBytes: Int(translation.guestBytes),
                        hot: executable(Int(translation.hotStart), Int(translation.hotSize)), cold: nothing))
            }
        }
    }

    func executable(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: cache.executable + start, count: count)
    }
}
