// What the translator makes of guest code, as text: for `lyrebird explain`, golden files and whoever reads generated code.

import CLyrebird
import LyrebirdIR

/// One translation, stage by stage.
public struct Explanation: Sendable {
    public var pc: UInt64
    public var guestBytes: Int
    public var guestInstructions: Int
    /// The IR as lifted and as optimised.
    public var lifted: String
    public var optimized: String
    /// Host code: the main path, and what is out of line. The addresses are those at which it was assembled.
    public var hot: [UInt8]
    public var cold: [UInt8]
    public var hotAddress: UInt64
    public var coldAddress: UInt64
}

extension Engine {
    /// Translates what is at a guest address without installing it: by itself, or as the head of a loop. nil where nothing can be
    /// fetched, or there is no loop.
    public func explain(pc: UInt64, mode: UInt32 = 0, asLoop: Bool = false) -> Explanation? {
        locked { explainLocked(pc: pc, mode: mode, asLoop: asLoop) }
    }
}
