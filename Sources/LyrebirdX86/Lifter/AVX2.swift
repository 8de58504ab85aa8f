// SDM volume 1, 14.6: what AVX2 has beyond wider forms: broadcasts, permutations over both halves, shifts of each lane by its own
// amount, memory under a mask, and gathers.

import LyrebirdIR

extension Lifter {
    // MARK: Broadcasts and halves

    mutating func vpbroadcastb(_ i: DecodedInstruction) { broadcastInteger(i, .b) }
    mutating func vpbroadcastw(_ i: DecodedInstruction) { broadcastInteger(i, .h) }
    mutating func vpbroadcastd(_ i: DecodedInstruction) { broadcastInteger(i, .s) }
    mutating func vpbroadcastq(_ i: DecodedInstruction) { broadcastInteger(i, .d) }

    private mutating func broadcastInteger(_ i: DecodedInstruction, _ lane: Lane) {
        let all = unit.vbroadcast(lane, xmm(i.operand(1), i))
        setVector(i.operand(0), Vector(low: all, high: i.operand(0).size == 32 ? all : nil), i)
    }

    mutating func vbroadcasti128(_ i: DecodedInstruction) { vbroadcastf128(i) }
    mutating func vinserti128(_ i: DecodedInstruction) { vinsertf128(i) }
    mutating func vextracti128(_ i: DecodedInstruction) { vextractf128(i) }
    mutating func vperm2i128(_ i: DecodedInstruction) { vperm2f128(i) }

    // MARK: Permutations

    mutating func vpermd(_ i: DecodedInstruction) { permuteWords(i) }
    mutating func vpermps(_ i: DecodedInstruction) { permuteWords(i) }

    private mutating func permuteWords(_ i: DecodedInstruction) {
        let source = vector(i.operand(2), i)
        let order = vector(i.operand(1), i)
        guard let upper = source.high, let highOrder = order.high else { return undefinedInstruction() }
        let low = unit.vpermute2(source.low, upper, order.low)
        let high = unit.vpermute2(source.low, upper, highOrder)
        setVector(i.operand(0), Vector(low: low, high: high), i)
    }

    mutating func vpermq(_ i: DecodedInstruction) { permuteDoublewords(i) }
    mutating func vpermpd(_ i: DecodedInstruction) { permuteDoublewords(i) }

    /// Two bits of the immediate for each quadword.
    private mutating func permuteDoublewords(_ i: DecodedInstruction) {
        let source = vector(i.operand(1), i)
        guard let upper = source.high else { return undefinedInstruction() }
        func pair(_ lifter: inout Lifter, _ order: Int64) -> Value {
            let (first, second) = (order & 3, order >> 2 & 3)
            let (a, b) = (first > 1 ? upper : source.low, second > 1 ? upper : source.low)
            let numbers = Int32(truncatingIfNeeded: first & 1 | second << 1 & 2)
            return a == b && numbers == 2 ? a : lifter.unit.vshuffle(.d, a, b, order: numbers)
        }
        let low = pair(&self, i.immediate)
        let high = pair(&self, i.immediate >> 4)
        setVector(i.operand(0), Vector(low: low, high: high), i)
    }

    mutating func vpblendd(_ i: DecodedInstruction) { blend(i, .s) }

    // MARK: Shifts

    mutating func vpsllvd(_ i: DecodedInstruction) { combine(i) { $0.unit.vshlEach(.s, $1, $2) } }
    mutating func vpsllvq(_ i: DecodedInstruction) { combine(i) { $0.unit.vshlEach(.d, $1, $2) } }
    mutating func vpsrlvd(_ i: DecodedInstruction) { combine(i) { $0.unit.vshrEach(.s, $1, $2) } }
    mutating func vpsrlvq(_ i: DecodedInstruction) { combine(i) { $0.unit.vshrEach(.d, $1, $2) } }
    mutating func vpsravd(_ i: DecodedInstruction) { combine(i) { $0.unit.vsarEach(.s, $1, $2) } }

    // MARK: Memory under a mask

    mutating func vpmaskmovd(_ i: DecodedInstruction) { moveMasked(i, .s) }
    mutating func vpmaskmovq(_ i: DecodedInstruction) { moveMasked(i, .d) }

    // MARK: Gathers

    mutating func vpgatherdd(_ i: DecodedInstruction) { gather(i, .s, .s) }
    mutating func vpgatherdq(_ i: DecodedInstruction) { gather(i, .s, .d) }
    mutating func vpgatherqd(_ i: DecodedInstruction) { gather(i, .d, .s) }
    mutating func vpgatherqq(_ i: DecodedInstruction) { gather(i, .d, .d) }
    mutating func vgatherdps(_ i: DecodedInstruction) { gather(i, .s, .s) }
    mutating func vgatherdpd(_ i: DecodedInstruction) { gather(i, .s, .d) }
    mutating func vgatherqps(_ i: DecodedInstruction) { gather(i, .d, .s) }
    mutating func vgatherqpd(_ i: DecodedInstruction) { gather(i, .d, .d) }

    /// What the loads of a gather have in common. Each has two halves, but the index of few lanes is in the lower one.
    private struct Gather {
        var instruction: DecodedInstruction
        var indexLane: Lane
        var lane: Lane
        var destination: Int
        var mask: Int
        var indices: InlineArray<2, Value>
        var masks: InlineArray<2, Value>
        var zero: Value
    }

    /// Loads the lanes whose mask has its highest bit set, in order. Where that is all of them, as programs mostly want it, nothing is
    /// asked on the way.
    private mutating func gather(_ i: DecodedInstruction, _ indexLane: Lane, _ lane: Lane) {
        let count = (i.prefixes.contains(.wide) ? 256 : 128) / max(indexLane.bits, lane.bits)
        let (destination, mask) = (Int(i.operand(0).number), Int(i.operand(2).number))
        let gather = Gather(
            instruction: i, indexLane: indexLane, lane: lane, destination: destination, mask: mask,
            indices: [xmm(i.index), upper(i.index)], masks: [xmm(UInt8(mask)), upper(UInt8(mask))], zero: zeroVector())
        var signs = unit.vmask(lane, gather.masks[0])
        if count > lane.count {
            signs = unit.or(signs, unit.shl(unit.vmask(lane, gather.masks[1]), const32(UInt32(lane.count))))
        }
        let (all, some, end) = (unit.makeBlock(), unit.makeBlock(), unit.makeBlock())
        let wanted = (UInt32(1) << UInt32(count)) &- 1
        let isAll = different(unit.and(signs, const32(wanted)), const32(wanted))
        let (allEdge, someEdge) = (unit.edge(all), unit.edge(some))
        unit.branch(.eq, isAll, then: allEdge, else: someEdge)
        unit.place(all)
        for n in 0..<count { loadLane(n, gather) }
        unit.jump(unit.edge(end))
        unit.place(some)
        for n in 0..<count {
            let (then, next) = (unit.makeBlock(), unit.makeBlock())
            let isWanted = unit.flags(unit.and(signs, const32(1 << UInt32(n))))
            let (thenEdge, nextEdge) = (unit.edge(then), unit.edge(next))
            unit.branch(.ne, isWanted, then: thenEdge, else: nextEdge)
            unit.place(then)
            loadLane(n, gather)
            unit.jump(unit.edge(next))
            unit.place(next)
        }
        unit.jump(unit.edge(end))
        unit.place(end)
        unit.set(X86State.xmm(mask), gather.zero)
        unit.set(X86State.upper(mask), gather.zero)
        let written = count * lane.bits / 8
        if written < 32 { unit.set(X86State.upper(destination), gather.zero) }
        if written < 16 {
            let low = unit.get(.v128, X86State.xmm(destination))
            unit.set(X86State.xmm(destination), unit.vblend(.d, gather.zero, low, mask: 1))
        }
    }

    /// One lane of a gather. The masks before it are cleared when it is loaded, so that after a fault what has been done is not
    /// done again.
    private mutating func loadLane(_ n: Int, _ gather: Gather) {
        let (half, place) = (n / gather.lane.count, n % gather.lane.count)
        if half == 1 { unit.set(X86State.xmm(gather.mask), gather.zero) }
        if n > 0 {
            let done = (Int32(1) << Int32(place)) &- 1
            let rest =
                place == 0 ? gather.masks[half] : unit.vblend(gather.lane, gather.masks[half], gather.zero, mask: done)
            unit.set(half == 0 ? X86State.xmm(gather.mask) : X86State.upper(gather.mask), rest)
        }
        let (indexHalf, indexPlace) = (n / gather.indexLane.count, Int32(n % gather.indexLane.count))
        let address = gatherAddress(
            gather.instruction, gather.indices[indexHalf], gather.indexLane, indexPlace)
        let value = load(UInt8(gather.lane.bits / 8), address)
        let slot = half == 0 ? X86State.xmm(gather.destination) : X86State.upper(gather.destination)
        let old = unit.get(.v128, slot)
        unit.set(slot, unit.vinsert(gather.lane, old, value, index: Int32(place)))
    }

    private mutating func gatherAddress(
        _ i: DecodedInstruction, _ indices: Value, _ lane: Lane, _ place: Int32
    ) -> Address {
        var index = unit.vextract(lane == .d ? .i64 : .i32, lane, indices, index: place)
        if lane == .s { index = unit.sext(.i64, from: .i32, index) }
        if i.scale > 0 { index = unit.shl(index, const(UInt64(i.scale))) }
        var sum = i.base == DecodedInstruction.noRegister ? index : unit.add(register(i.base), index)
        if i.displacement != 0 { sum = unit.add(sum, const(UInt64(bitPattern: Int64(i.displacement)))) }
        return Address(base: linear(addressSized(sum, i), i.segmentOverride))
    }
}
