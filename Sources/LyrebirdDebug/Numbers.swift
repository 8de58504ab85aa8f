// Numbers of the protocol: hexadecimal text, which the peer may have written in any way it likes, and gdb's own numbers for signals.

/// A packet's text, read from the left.
struct PacketText {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }
    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    /// Takes a prefix, if it is there.
    mutating func skip(_ text: StaticString) -> Bool {
        let matches = text.withUTF8Buffer { rest.starts(with: $0) }
        if matches { rest = rest.dropFirst(text.utf8CodeUnitCount) }
        return matches
    }

    /// A number of up to 64 bits in hexadecimal; nil if there is no digit, or more than fit.
    mutating func number() -> UInt64? {
        var value: UInt64 = 0
        var count = 0
        while let byte = rest.first, let digit = hexDigit(byte) {
            guard value >> 60 == 0 else { return nil }
            value = value << 4 | UInt64(digit)
            count += 1
            rest = rest.dropFirst()
        }
        return count > 0 ? value : nil
    }

    /// Two numbers with a comma between.
    mutating func pair() -> (UInt64, UInt64)? {
        guard let first = number(), skip(","), let second = number() else { return nil }
        return (first, second)
    }

    /// The name of a thread: nil for all of them, 0 for any.
    mutating func thread() -> ThreadName? {
        if skip("-1") { return .all }
        guard let number = number(), let id = Int(exactly: number) else { return nil }
        return id == 0 ? .any : .one(id)
    }

    /// All that is left, two digits a byte; nil if it is something else.
    func bytes() -> [UInt8]? {
        guard rest.count % 2 == 0 else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(rest.count / 2)
        var at = rest.startIndex
        while at < rest.endIndex {
            guard let high = hexDigit(rest[at]), let low = hexDigit(rest[at + 1]) else { return nil }
            result.append(high << 4 | low)
            at += 2
        }
        return result
    }

    /// What stands before the next such byte, or all of it.
    /// - Parameter isTaken: whether that byte is taken, too.
    mutating func word(before end: Character, isTaken: Bool = true) -> ArraySlice<UInt8> {
        let found = rest.firstIndex(of: end.asciiValue!) ?? rest.endIndex
        defer { rest = rest[min(found + (isTaken ? 1 : 0), rest.endIndex)...] }
        return rest[..<found]
    }
}

enum ThreadName: Equatable {
    case all, any
    case one(Int)
}

func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

private let digits = Array("0123456789abcdef".utf8)

/// Two digits a byte.
func hex(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(2 * bytes.underestimatedCount)
    for byte in bytes {
        result.append(digits[Int(byte >> 4)])
        result.append(digits[Int(byte & 15)])
    }
    return result
}

func hex(_ number: UInt64) -> String { String(number, radix: 16) }

/// gdb's numbers for signals (include/gdb/signals.def), which are the same for all systems.
enum GDBSignal {
    /// By Linux's number, from 1 on; 143 is "unknown".
    private static let numbers: [UInt8] = [
        1, 2, 3, 4, 5, 6, 10, 8, 9, 30, 11, 31, 13, 14, 15, 143, 20, 19, 17, 18, 21, 22, 16, 24, 25, 26, 27, 28, 23, 32,
        12,
    ]

    /// - Parameter signal: Linux's number.
    static func number(of signal: Int32) -> Int {
        switch signal {
        case 1...31: Int(numbers[Int(signal) - 1])
        case 32: 77
        case 33...63: Int(signal) + 12
        case 64: 78
        default: 143
        }
    }

    /// Linux's number; nil if there is none, 0 for 0.
    static func signal(_ number: UInt64) -> Int32? {
        switch number {
        case 0: 0
        case 45...75: Int32(number) - 12
        case 77: 32
        case 78: 64
        case 143: nil
        default: numbers.firstIndex { $0 == number }.map { Int32($0) + 1 }
        }
    }
}
