// The stack a program starts with, read back as its start-up code would.

import Testing

@testable import LyrebirdLinux

@Suite struct InitialStackTests {
    private let top: UInt64 = 0x7f_ffff_f000

    private func build(_ arguments: [String], _ environment: [String]) -> InitialStack {
        InitialStack.build(
            top: top, arguments: arguments.map { Array($0.utf8) }, environment: environment.map { Array($0.utf8) },
            name: Array("./program".utf8), platform: "aarch64", random: Array(1...16),
            auxiliary: [.init(kind: .pageSize, value: 4096), .init(kind: .entry, value: 0x1234)])
    }

    /// Reads the stack by address.
    private struct Reader {
        let stack: InitialStack

        func word(_ address: UInt64) -> UInt64 { stack.bytes.integer(at: Int(address - stack.pointer)) }

        func string(_ address: UInt64) -> String {
            String(decoding: stack.bytes[Int(address - stack.pointer)...].prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    @Test(arguments: 0..<9) func hasTheKernelsLayout(count: Int) {
        let arguments = (0..<count).map { "argument \($0)" }
        let environment = (0..<(9 - count)).map { "V\($0)=\($0)" }
        let stack = build(arguments, environment)
        let reader = Reader(stack: stack)
        #expect(stack.pointer % 16 == 0)
        #expect(stack.pointer + UInt64(stack.bytes.count) == top)
        #expect(reader.word(top - 8) == 0)

        var next = stack.pointer
        func take() -> UInt64 {
            defer { next += 8 }
            return reader.word(next)
        }
        #expect(take() == UInt64(count))
        for argument in arguments { #expect(reader.string(take()) == argument) }
        #expect(take() == 0)
        for variable in environment { #expect(reader.string(take()) == variable) }
        #expect(take() == 0)

        var auxiliary: [UInt64: UInt64] = [:]
        while true {
            let kind = take()
            let value = take()
            if kind == 0 { break }
            auxiliary[kind] = value
        }
        #expect(auxiliary[6] == 4096)
        #expect(auxiliary[9] == 0x1234)
        #expect(reader.string(auxiliary[15]!) == "aarch64")
        #expect(reader.string(auxiliary[31]!) == "./program")
        let random = auxiliary[25]!
        #expect(random > stack.pointer)
        #expect(Array(stack.bytes[Int(random - stack.pointer)...].prefix(16)) == Array(1...16))
        #expect(stack.auxiliaryVector.count == (auxiliary.count + 1) * 16)
    }

    @Test func stringsAreInOneRow() {
        // Programs that change their title rely on it: arguments, environment and file name without gaps.
        let stack = build(["a", "bc"], ["X=1", "Y="])
        let start = Int(stack.argumentStrings.lowerBound - stack.pointer)
        let text = String(decoding: stack.bytes[start...], as: UTF8.self)
        #expect(text == "a\0bc\0X=1\0Y=\0./program\0" + String(repeating: "\0", count: 8))
        #expect(stack.argumentStrings.count == 5)
        #expect(stack.argumentStrings.upperBound == stack.environmentStrings.lowerBound)
        #expect(stack.environmentStrings.count == 7)
    }
}
