// Which host code was made from which guest code: for profilers, which see addresses of the host's.

import LyrebirdRuntime

/// Host code that can be executed from now on.
public struct TranslatedCode {
    /// What host code may be made from.
    public enum Kind: Sendable {
        /// A chain of basic blocks.
        case blocks
        /// A loop, translated as a whole.
        case loop
        /// Nothing: what all translations share, the ways in and out.
        case stubs
    }

    /// What it is made from.
    public let kind: Kind
    /// Address of its first guest instruction, and bytes of guest code from there on; 0 of stubs.
    public let guestAddress: UInt64
    public let guestSize: Int
    /// The main path, where it is executed.
    public let mainPath: UnsafeRawBufferPointer
    /// What is out of line (side exits, links, slow cases). Empty if it was made before somebody asked.
    public let outOfLine: UnsafeRawBufferPointer

    init(_ code: InstalledCode) {
        kind =
            switch code.kind {
            case .blocks: .blocks
            case .loop: .loop
            case .stubs: .stubs
            }
        guestAddress = code.pc
        guestSize = code.guestBytes
        mainPath = code.hot
        outOfLine = code.cold
    }

    /// Its parts that have any bytes, with names made from one for the guest's code: as it is, with ".loop", and with ".cold" behind.
    public func parts(named name: String) -> [(name: String, code: UnsafeRawBufferPointer)] {
        let main = kind == .stubs ? "lyrebird stubs" : kind == .loop ? name + ".loop" : name
        return [(main, mainPath), (main + ".cold", outOfLine)].filter { !$0.1.isEmpty }
    }
}

extension Machine {
    /// Calls a function for all translations that are there, and for each that is made from now on. An address can be used again, when
    /// the memory for translations was full and all of them have been dropped.
    /// - Parameter handler: called in the middle of translating, by any thread that runs a CPU: it must not use the machine. The code's
    ///   bytes are there for as long as the call takes. nil to end it.
    public func setTranslationHandler(_ handler: (@Sendable (TranslatedCode) -> Void)?) {
        engine.setTranslationHandler(handler.map { handler in { handler(TranslatedCode($0)) } })
    }
}
