// Functions of the embedder's that stand at guest addresses, in place of the instruction there. Generated code calls them
// without leaving itself, as it calls the translator's own helpers.

import CLyrebird
import LyrebirdIR

/// A function of two numbers. It runs while its CPU counts as inside generated code: it must not block, fault, or use floating
/// point, whose mode is the guest's.
public typealias HostFunction = @convention(c) (UInt64, UInt64) -> UInt64

/// Which functions a machine has, and where.
struct HostFunctions {
    private struct Place {
        var address: UInt64
        var function: Helper
    }

    private var places: [Place] = []
    /// By number. A number is never given to another function: code that is no longer valid may still be running.
    private var functions: [HostFunction] = []
    /// From the lowest place to the highest: most translations are none of its business.
    private var span: (low: UInt64, high: UInt64) = (.max, 0)

    /// The function in place of the instruction at an address.
    @inline(__always)
    func function(at address: UInt64) -> Helper? {
        guard address >= span.low, address <= span.high else { return nil }
        return places.first { $0.address == address }?.function
    }

    /// How many of `count` bytes behind an address come before the next place.
    @inline(__always)
    func limit(_ count: Int, after address: UInt64) -> Int {
        guard address < span.high, address &+ UInt64(count) > span.low else { return count }
        return places.reduce(count) { least, place in
            place.address > address && place.address - address < UInt64(least) ? Int(place.address - address) : least
        }
    }

    /// - Returns: whether there was a number left for it.
    mutating func set(_ function: @escaping HostFunction, at address: UInt64) -> Bool {
        let pointer = unsafeBitCast(function, to: UInt.self)
        var number = functions.firstIndex { unsafeBitCast($0, to: UInt.self) == pointer }
        if number == nil, functions.count < Helper.functionCount {
            number = functions.count
            functions.append(function)
        }
        guard let number else { return false }
        remove(address, address &+ 1)
        places.append(Place(address: address, function: .function(number)))
        span = (min(span.low, address), max(span.high, address))
        return true
    }

    /// Removes those in a range of addresses.
    mutating func remove(_ start: UInt64, _ end: UInt64) {
        guard start <= span.high, end > span.low else { return }
        places.removeAll { $0.address >= start && $0.address < end }
        span = places.reduce((.max, 0)) { (min($0.0, $1.address), max($0.1, $1.address)) }
    }

    /// Tells a CPU where they are.
    func install(in cpu: CPUContext) {
        let offset = MemoryLayout<lyrebird_context>.offset(of: \.helpers)!
        let helpers = (UnsafeMutableRawPointer(cpu.context) + offset).assumingMemoryBound(to: UInt64.self)
        for (number, function) in functions.enumerated() {
            helpers[Int(Helper.function(number).rawValue)] = unsafeBitCast(function, to: UInt64.self)
        }
    }
}
