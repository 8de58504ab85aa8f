// SDM volume 1, 14.1 to 14.3: what AVX has beyond the VEX forms of SSE: moves between halves, broadcasts, permutations, and memory
// under a mask.

import LyrebirdIR

extension Lifter {
    // MARK: Clearing

    mutating func vzeroupper(_ i: DecodedInstruction) {
        let zero = zeroVector()
        for number in 0..<16 { unit.set(X86State.upper(number), zero) }
    }

    mutating func vzeroall(_ i: DecodedInstruction) {
        let zero = zeroVector()
        for number in 0..<16 {
            unit.set(X86State.xmm(number), zero)
            unit.set(X86State.upper(number), zero)
        }
    }

    // MARK: Broadcasts

    /// The lowest lane of a source in all lanes of the destination.
    private mutating func broadcast(_ i: DecodedInstruction, _ lane: Lane) {
        let source = xmm(i.operand(1), i)
        let all = unit.vbroadcast(lane, source)
        setVector(i.operand(0), Vector(low: all, high: i.operand(0).size == 32 ? all : nil), i)
    }

    mutating func vbroadcastss(_ i: DecodedInstruction) { broadcast(i, .s) }
    mutating func vbroadcastsd(_ i: DecodedInstruction) { broadcast(i, .d) }

    mutating func vbroadcastf128(_ i: DecodedInstruction) {
        let half = xmm(i.operand(1), i)
        setVector(i.operand(0), Vector(low: half, high: half), i)
    }

    // MARK: Halves

    mutating func vinsertf128(_ i: DecodedInstruction) {
        let half = xmm(i.operand(2), i)
        let source = vector(i.operand(1), i)
        let isHigh = i.immediate & 1 != 0
        let result = isHigh ? Vector(low: source.low, high: half) : Vector(low: half, high: source.high)
        setVector(i.operand(0), result, i)
    }

    mutating func vextractf128(_ i: DecodedInstruction) {
        let source = i.operand(1).number
        setVector(i.operand(0), Vector(low: i.immediate & 1 != 0 ? upper(source) : xmm(source)), i)
    }

    /// Each half one of the four of the sources, or zero.
    mutating func vperm2f128(_ i: DecodedInstruction) {
        let second = vector(i.operand(2), i)
        let first = vector(i.operand(1), i)
        let halves = [first.low, first.high!, second.low, second.high!]
        let zero = zeroVector()
        let low = i.immediate & 8 != 0 ? zero : halves[Int(i.immediate & 3)]
        let high = i.immediate & 0x80 != 0 ? zero : halves[Int(i.immediate >> 4 & 3)]
        setVector(i.operand(0), Vector(low: low, high: high), i)
    }

    // MARK: Permutations within halves

    mutating func vpermilps(_ i: DecodedInstruction) {
        guard i.operand(2).kind == .immediate else { return combine(i) { $0.unit.vpermute(.s, $1, $2) } }
        let order = Int32(i.immediate & 0xFF)
        transform(i) { $0.unit.vshuffle(.s, $1, $1, order: order) }
    }

    mutating func vpermilpd(_ i: DecodedInstruction) {
        guard i.operand(2).kind == .immediate else { return combine(i) { $0.unit.vpermute(.d, $1, $2) } }
        let source = vector(i.operand(1), i)
        let low = unit.vshuffle(.d, source.low, source.low, order: Int32(i.immediate & 3))
        var high: Value?
        if let upper = source.high { high = unit.vshuffle(.d, upper, upper, order: Int32(i.immediate >> 2 & 3)) }
        setVector(i.operand(0), Vector(low: low, high: high), i)
    }

    // MARK: Memory under a mask

    mutating func moveMasked(_ i: DecodedInstruction, _ lane: Lane) {
        let mask = vector(i.operand(1), i)
        if i.operand(0).kind == .memory {
            let place = joined(address(i))
            let value = vector(i.operand(2), i)
            unit.storeMasked(lane, place, value.low, mask.low)
            if let high = value.high, let bits = mask.high {
                unit.storeMasked(lane, unit.add(place, const(16)), high, bits)
            }
        } else {
            let place = joined(address(i))
            let low = unit.loadMasked(lane, place, mask.low)
            var high: Value?
            if let bits = mask.high { high = unit.loadMasked(lane, unit.add(place, const(16)), bits) }
            setVector(i.operand(0), Vector(low: low, high: high), i)
        }
    }

    mutating func vmaskmovps(_ i: DecodedInstruction) { moveMasked(i, .s) }
    mutating func vmaskmovpd(_ i: DecodedInstruction) { moveMasked(i, .d) }
}
