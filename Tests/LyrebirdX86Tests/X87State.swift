// The x87 and MMX registers of a case: what FXSAVE stores of them, and how that is drawn at random.

import Lyrebird
import LyrebirdIR
import LyrebirdX86

struct X87State: Equatable {
    var control: UInt16 = 0x37F
    /// With TOP.
    var status: UInt16 = 0
    /// A bit for each physical register that is not empty.
    var tags: UInt8 = 0
    /// ST(0) to ST(7), 80 bits each.
    var stack = [UInt128](repeating: 0, count: 8)

    /// Bytes of the area that FXSAVE stores, up to the vectors.
    static let size = 160
    private static let stackOffset = 32

    init() {}

    init(area at: UnsafeMutableRawPointer) {
        control = at.load(as: UInt16.self)
        status = at.load(fromByteOffset: 2, as: UInt16.self)
        tags = at.load(fromByteOffset: 4, as: UInt8.self)
        let mask = UInt128(1) << 80 - 1
        stack = (0..<8).map { at.loadUnaligned(fromByteOffset: Self.stackOffset + 16 * $0, as: UInt128.self) & mask }
    }

    func store(area at: UnsafeMutableRawPointer) {
        at.initializeMemory(as: UInt8.self, repeating: 0, count: Self.size)
        at.storeBytes(of: control, as: UInt16.self)
        at.storeBytes(of: status, toByteOffset: 2, as: UInt16.self)
        at.storeBytes(of: tags, toByteOffset: 4, as: UInt8.self)
        for (index, value) in stack.enumerated() {
            at.storeBytes(of: value, toByteOffset: Self.stackOffset + 16 * index, as: UInt128.self)
        }
    }

    /// As FNSAVE has them: two bits each, 3 for empty.
    private var wideTags: UInt16 {
        get { (0..<8).reduce(0) { $0 | (tags >> UInt8($1) & 1 == 0 ? 3 : 0) << UInt16(2 * $1) } }
        set { tags = (0..<8).reduce(0) { $0 | (newValue >> UInt16(2 * $1) & 3 == 3 ? 0 : 1) << UInt8($1) } }
    }

    /// Of a unit's state.
    init(image at: UnsafeMutableRawPointer) {
        control = at.loadUnaligned(fromByteOffset: X87Image.control, as: UInt16.self)
        status = at.loadUnaligned(fromByteOffset: X87Image.status, as: UInt16.self)
        wideTags = at.loadUnaligned(fromByteOffset: X87Image.tags, as: UInt16.self)
        stack = (0..<8).map {
            let place = at + X87Image.stack + 10 * $0
            return UInt128(place.loadUnaligned(as: UInt64.self))
                | UInt128(place.loadUnaligned(fromByteOffset: 8, as: UInt16.self)) << 64
        }
    }

    func store(image at: UnsafeMutableRawPointer) {
        at.storeBytes(of: control, toByteOffset: X87Image.control, as: UInt16.self)
        at.storeBytes(of: status, toByteOffset: X87Image.status, as: UInt16.self)
        at.storeBytes(of: wideTags, toByteOffset: X87Image.tags, as: UInt16.self)
        for (index, value) in stack.enumerated() {
            let place = at + X87Image.stack + 10 * index
            place.storeBytes(of: UInt64(truncatingIfNeeded: value), as: UInt64.self)
            place.storeBytes(of: UInt16(truncatingIfNeeded: value >> 64), toByteOffset: 8, as: UInt16.self)
        }
    }

    init(_ cpu: CPU) {
        control = UInt16(cpu[.x87Control])
        status = UInt16(cpu[.x87Status])
        wideTags = UInt16(cpu[.x87Tags])
        stack = (0..<8).map { UInt128(cpu[.x87Significand($0)]) | UInt128(cpu[.x87Exponent($0)]) << 64 }
    }

    func load(into cpu: CPU) {
        cpu[.x87Control] = UInt64(control)
        cpu[.x87Status] = UInt64(status)
        cpu[.x87Tags] = UInt64(wideTags)
        for number in 0..<8 {
            cpu[.x87Significand(number)] = UInt64(truncatingIfNeeded: stack[number])
            cpu[.x87Exponent(number)] = UInt64(truncatingIfNeeded: stack[number] >> 64)
        }
    }

    func differences(from other: X87State) -> [String] {
        var result: [String] = []
        if control != other.control { result.append("x87 control \(hex(control)), not \(hex(other.control))") }
        if status != other.status { result.append("x87 status \(hex(status)), not \(hex(other.status))") }
        if tags != other.tags { result.append("x87 tags \(hex(tags)), not \(hex(other.tags))") }
        for number in 0..<8 where stack[number] != other.stack[number] {
            result.append("st(\(number)): \(hex(stack[number])), not \(hex(other.stack[number]))")
        }
        return result
    }

    var description: String {
        "x87 control \(hex(control)) status \(hex(status)) tags \(hex(tags)) \(stack.map { hex($0) }.joined(separator: " "))"
    }

    // MARK: Random ones

    init(random: inout SplitMix) {
        func chance(_ n: UInt64, of all: UInt64) -> Bool { random.next() % all < n }
        let word = UInt16(truncatingIfNeeded: random.next())
        // Rounding and precision; one of four precisions is reserved.
        control = 0x7F | (chance(1, of: 2) ? 0x300 : word & 0xF00)
        if control & 0x300 == 0x100 { control |= 0x300 }
        if chance(1, of: 12) { control &= ~(UInt16(truncatingIfNeeded: random.next()) & 0x3F) }
        let top = UInt16(truncatingIfNeeded: random.next() % 8)
        status = top << 11 | UInt16(truncatingIfNeeded: random.next()) & 0x4700
        if chance(1, of: 3) { status |= UInt16(truncatingIfNeeded: random.next()) & 0x7F }
        if chance(2, of: 3) { status &= ~(~control & 0x3F) }
        // An exception that is not masked is pending, and the unit was once busy with it.
        if status & ~control & 0x3F != 0 { status |= 0x8080 }
        switch random.next() % 4 {
        case 0: tags = UInt8(truncatingIfNeeded: random.next())
        case 1: tags = .max << UInt8(random.next() % 8)
        default: tags = .max
        }
        stack = (0..<8).map { _ in Self.number(&random) }
    }

    /// Numbers near one, integers, the least and the greatest ones, zeros, infinities, NaNs, and what is none of all.
    private static func number(_ random: inout SplitMix) -> UInt128 {
        let sign = UInt128(random.next() & 1) << 79
        let fraction = random.next()
        let one: UInt64 = 1 << 63
        func make(_ exponent: UInt64, _ significand: UInt64) -> UInt128 {
            sign | UInt128(exponent & 0x7FFF) << 64 | UInt128(significand)
        }
        switch random.next() % 12 {
        case 0: return make(0, 0)
        case 1: return make(0x7FFF, one | (random.next() & 1 == 0 ? 0 : fraction))
        case 2: return make(0, fraction)
        case 3: return make(0x7FFE - random.next() % 4, one | fraction)
        case 4: return make(1 + random.next() % 70, one | fraction)
        case 5: return make(0x3FFF + random.next() % 64, one | fraction << (random.next() % 64))
        case 6: return make(0x3FFF + random.next() % 20, one)
        case 7: return make(random.next(), fraction)
        case 8: return make(0x7FFF, fraction)
        default: return make(0x3FFF - 40 + random.next() % 80, one | fraction)
        }
    }
}
