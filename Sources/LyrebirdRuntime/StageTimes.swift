// What the stages of translating cost, found by translating again what is there: the way to the guest's code has no clocks in
// it but the one of the whole.

import CLyrebird
import LyrebirdIR

/// Nanoseconds that the stages took, over all translations that were made again.
public struct StageTimes: Sendable {
    public var translations = 0
    public var guestInstructions = 0
    /// Copying guest code, decoding and lifting it, optimising, and selecting and emitting host code.
    public var fetching: UInt64 = 0
    public var lifting: UInt64 = 0
    public var optimizing: UInt64 = 0
    public var generating: UInt64 = 0
    public init() {}
}

extension Engine {
    /// Translates over again all that is there, without installing it. Guest memory has to be as it was.
    public func measureStages() -> StageTimes {
        locked {
            var times = StageTimes()
            for place in placesOfTranslations { measureStagesLocked(pc: place.pc, mode: place.mode, &times) }
            return times
        }
    }
}
