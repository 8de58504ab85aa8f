// C4.1.94 Loads and stores: Advanced SIMD load/store of structures. LD2 to LD4 take the elements of memory in turn to two to
// four registers. Memory is accessed in pieces as large as they come, and all of it before a register is written.

import LyrebirdIR

/// Up to four vectors, by number: of an instruction's registers, or of its memory.
private typealias Vectors = InlineArray<4, Value>

extension Lifter {
    private func noVectors() -> Vectors { Vectors(repeating: Value(0 as UInt32)) }

    // MARK: Multiple structures

    mutating func ld1Multiple(_ i: LoadStoreMultiple) { loadInOrder(i, registers(i)) }
    mutating func st1Multiple(_ i: LoadStoreMultiple) { storeInOrder(i, registers(i)) }
    mutating func ld2Multiple(_ i: LoadStoreMultiple) { loadStructures(i, 2) }
    mutating func ld3Multiple(_ i: LoadStoreMultiple) { loadStructures(i, 3) }
    mutating func ld4Multiple(_ i: LoadStoreMultiple) { loadStructures(i, 4) }
    mutating func st2Multiple(_ i: LoadStoreMultiple) { storeStructures(i, 2) }
    mutating func st3Multiple(_ i: LoadStoreMultiple) { storeStructures(i, 3) }
    mutating func st4Multiple(_ i: LoadStoreMultiple) { storeStructures(i, 4) }

    // MARK: Multiple structures (post-indexed)

    mutating func ld1MultiplePostIndex(_ i: LoadStoreMultiple) {
        loadInOrder(i, registers(i))
        postIndex(i, registers(i))
    }

    mutating func st1MultiplePostIndex(_ i: LoadStoreMultiple) {
        storeInOrder(i, registers(i))
        postIndex(i, registers(i))
    }

    mutating func ld2MultiplePostIndex(_ i: LoadStoreMultiple) {
        loadStructures(i, 2)
        postIndex(i, 2)
    }

    mutating func ld3MultiplePostIndex(_ i: LoadStoreMultiple) {
        loadStructures(i, 3)
        postIndex(i, 3)
    }

    mutating func ld4MultiplePostIndex(_ i: LoadStoreMultiple) {
        loadStructures(i, 4)
        postIndex(i, 4)
    }

    mutating func st2MultiplePostIndex(_ i: LoadStoreMultiple) {
        storeStructures(i, 2)
        postIndex(i, 2)
    }

    mutating func st3MultiplePostIndex(_ i: LoadStoreMultiple) {
        storeStructures(i, 3)
        postIndex(i, 3)
    }

    mutating func st4MultiplePostIndex(_ i: LoadStoreMultiple) {
        storeStructures(i, 4)
        postIndex(i, 4)
    }

    private mutating func postIndex(_ i: LoadStoreMultiple, _ registers: Int) {
        postIndex(i.rn, i.rm, registers &* (i.q ? 16 : 8))
    }

    /// Adds to the base a register, or the bytes that were accessed where its number is 31.
    private mutating func postIndex(_ rn: Int, _ rm: Int, _ bytes: Int) {
        let offset = rm == 31 ? const(UInt64(bytes)) : x(rm)
        setXSP(rn, unit.add(xsp(rn), offset))
    }

    /// Registers of LD1 and ST1.
    private func registers(_ i: LoadStoreMultiple) -> Int {
        switch i.opcode {
        case 0b0111: 1
        case 0b1010: 2
        case 0b0110: 3
        default: 4
        }
    }

    private mutating func loadInOrder(_ i: LoadStoreMultiple, _ count: Int) {
        let base = xsp(i.rn)
        let size = i.q ? 4 : 3
        var loaded = noVectors()
        for k in 0..<count { loaded[k] = unit.load(.v128, access(size), base, disp: Int32(k &<< size)) }
        for k in 0..<count { setV((i.rt &+ k) & 31, loaded[k]) }
    }

    private mutating func storeInOrder(_ i: LoadStoreMultiple, _ count: Int) {
        let base = xsp(i.rn)
        let size = i.q ? 4 : 3
        for k in 0..<count {
            unit.store(access(size), base, v((i.rt &+ k) & 31), disp: Int32(k &<< size))
        }
    }

    private mutating func loadStructures(_ i: LoadStoreMultiple, _ count: Int) {
        let base = xsp(i.rn)
        let bytes = count &* (i.q ? 16 : 8)
        var memory = noVectors()
        for k in 0..<count where k &* 16 < bytes {
            memory[k] = unit.load(.v128, access(bytes &- k &* 16 == 8 ? 3 : 4), base, disp: Int32(k &* 16))
        }
        let registers = separated(memory, count, i)
        for k in 0..<count { setV((i.rt &+ k) & 31, registers[k]) }
    }

    private mutating func storeStructures(_ i: LoadStoreMultiple, _ count: Int) {
        let base = xsp(i.rn)
        let bytes = count &* (i.q ? 16 : 8)
        var registers = noVectors()
        for k in 0..<count { registers[k] = v((i.rt &+ k) & 31) }
        let memory = interleaved(registers, count, i)
        for k in 0..<count where k &* 16 < bytes {
            unit.store(access(bytes &- k &* 16 == 8 ? 3 : 4), base, memory[k], disp: Int32(k &* 16))
        }
    }

    /// Registers from memory. Without q, memory is half as much and the registers' upper halves become zero.
    private mutating func separated(_ memory: Vectors, _ count: Int, _ i: LoadStoreMultiple) -> Vectors {
        let lane = lane(i.size)
        var result = noVectors()
        if count == 3 {
            for k in 0..<3 { result[k] = gathered(memory, i, lane, k, separating: true) }
            return result
        }
        let zero = i.q ? memory[0] : unit.vconst(low: 0, high: 0)
        if count == 2 {
            result[0] = unit.vunzipEven(lane, memory[0], i.q ? memory[1] : zero)
            result[1] = unit.vunzipOdd(lane, memory[0], i.q ? memory[1] : zero)
            return result
        }
        let even = unit.vunzipEven(lane, memory[0], memory[1])
        let odd = unit.vunzipOdd(lane, memory[0], memory[1])
        let evenRest = i.q ? unit.vunzipEven(lane, memory[2], memory[3]) : zero
        let oddRest = i.q ? unit.vunzipOdd(lane, memory[2], memory[3]) : zero
        result[0] = unit.vunzipEven(lane, even, evenRest)
        result[1] = unit.vunzipEven(lane, odd, oddRest)
        result[2] = unit.vunzipOdd(lane, even, evenRest)
        result[3] = unit.vunzipOdd(lane, odd, oddRest)
        return result
    }

    /// Memory from registers. Without q, only the first half of it means something.
    private mutating func interleaved(_ registers: Vectors, _ count: Int, _ i: LoadStoreMultiple) -> Vectors {
        let lane = lane(i.size)
        var result = noVectors()
        if count == 3 {
            for k in 0..<(i.q ? 3 : 2) { result[k] = gathered(registers, i, lane, k, separating: false) }
            return result
        }
        if count == 2 {
            result[0] = unit.vzipLow(lane, registers[0], registers[1])
            if i.q { result[1] = unit.vzipHigh(lane, registers[0], registers[1]) }
            return result
        }
        let even = unit.vzipLow(lane, registers[0], registers[2])
        let odd = unit.vzipLow(lane, registers[1], registers[3])
        result[0] = unit.vzipLow(lane, even, odd)
        result[1] = unit.vzipHigh(lane, even, odd)
        if i.q {
            let evenHigh = unit.vzipHigh(lane, registers[0], registers[2])
            let oddHigh = unit.vzipHigh(lane, registers[1], registers[3])
            result[2] = unit.vzipLow(lane, evenHigh, oddHigh)
            result[3] = unit.vzipHigh(lane, evenHigh, oddHigh)
        }
        return result
    }

    /// Vector k of structures of three, by looking its bytes up in each of three vectors: register k from memory where
    /// `separating`, else memory's vector k from registers.
    private mutating func gathered(
        _ sources: Vectors, _ i: LoadStoreMultiple, _ lane: Lane, _ k: Int, separating: Bool
    ) -> Value {
        let log = Int(lane.rawValue)
        let bytes = i.q ? 16 : 8
        var result: Value?
        for source in 0..<3 where i.q || !separating || source < 2 {
            var low: UInt64 = 0
            var high: UInt64 = 0
            for byte in 0..<16 {
                let within = byte & (1 &<< log &- 1)
                var found = 0xFF
                if separating {
                    let at = ((byte &>> log) &* 3 &+ k) &<< log | within
                    if byte < bytes && at &>> 4 == source { found = at & 15 }
                } else {
                    let element = (k &* 16 &+ byte) &>> log
                    if element % 3 == source && element / 3 < bytes &>> log { found = (element / 3) &<< log | within }
                }
                if byte < 8 {
                    low |= UInt64(found) &<< UInt64(byte &* 8)
                } else {
                    high |= UInt64(found) &<< UInt64(byte &* 8 &- 64)
                }
            }
            let piece = unit.vlookup(sources[source], unit.vconst(low: low, high: high))
            if let others = result {
                result = unit.vor(others, piece)
            } else {
                result = piece
            }
        }
        return result ?? sources[0]
    }

    // MARK: Single structure

    mutating func ld1Single(_ i: LoadStoreSingle) { loadLanes(i, 1) }
    mutating func ld2Single(_ i: LoadStoreSingle) { loadLanes(i, 2) }
    mutating func ld3Single(_ i: LoadStoreSingle) { loadLanes(i, 3) }
    mutating func ld4Single(_ i: LoadStoreSingle) { loadLanes(i, 4) }
    mutating func st1Single(_ i: LoadStoreSingle) { storeLanes(i, 1) }
    mutating func st2Single(_ i: LoadStoreSingle) { storeLanes(i, 2) }
    mutating func st3Single(_ i: LoadStoreSingle) { storeLanes(i, 3) }
    mutating func st4Single(_ i: LoadStoreSingle) { storeLanes(i, 4) }

    mutating func ld1SinglePostIndex(_ i: LoadStoreSingle) {
        loadLanes(i, 1)
        postIndex(i, 1)
    }

    mutating func ld2SinglePostIndex(_ i: LoadStoreSingle) {
        loadLanes(i, 2)
        postIndex(i, 2)
    }

    mutating func ld3SinglePostIndex(_ i: LoadStoreSingle) {
        loadLanes(i, 3)
        postIndex(i, 3)
    }

    mutating func ld4SinglePostIndex(_ i: LoadStoreSingle) {
        loadLanes(i, 4)
        postIndex(i, 4)
    }

    mutating func st1SinglePostIndex(_ i: LoadStoreSingle) {
        storeLanes(i, 1)
        postIndex(i, 1)
    }

    mutating func st2SinglePostIndex(_ i: LoadStoreSingle) {
        storeLanes(i, 2)
        postIndex(i, 2)
    }

    mutating func st3SinglePostIndex(_ i: LoadStoreSingle) {
        storeLanes(i, 3)
        postIndex(i, 3)
    }

    mutating func st4SinglePostIndex(_ i: LoadStoreSingle) {
        storeLanes(i, 4)
        postIndex(i, 4)
    }

    private mutating func postIndex(_ i: LoadStoreSingle, _ registers: Int) {
        postIndex(i.rn, i.rm, registers &<< Int(lane(i).rawValue))
    }

    /// A scale of 2 with the low bit of size stands for doublewords.
    private func lane(_ i: LoadStoreSingle) -> Lane { lane(i.scale == 2 && i.size & 1 != 0 ? 3 : i.scale) }

    private mutating func loadLanes(_ i: LoadStoreSingle, _ count: Int) {
        let base = xsp(i.rn)
        let lane = lane(i)
        let log = Int(lane.rawValue)
        var loaded = noVectors()
        for k in 0..<count { loaded[k] = unit.load(.i64, access(log), base, disp: Int32(k &<< log)) }
        for k in 0..<count {
            let old = v((i.rt &+ k) & 31)
            setV((i.rt &+ k) & 31, unit.vinsert(lane, old, loaded[k], index: Int32(i.byteIndex &>> log)))
        }
    }

    private mutating func storeLanes(_ i: LoadStoreSingle, _ count: Int) {
        let base = xsp(i.rn)
        let lane = lane(i)
        let log = Int(lane.rawValue)
        for k in 0..<count {
            let value = unit.vextract(.i64, lane, v((i.rt &+ k) & 31), index: Int32(i.byteIndex &>> log))
            unit.store(access(log), base, value, disp: Int32(k &<< log))
        }
    }

    // MARK: Single structure, replicated

    mutating func ld1r(_ i: LoadReplicate) { loadReplicated(i, 1) }
    mutating func ld2r(_ i: LoadReplicate) { loadReplicated(i, 2) }
    mutating func ld3r(_ i: LoadReplicate) { loadReplicated(i, 3) }
    mutating func ld4r(_ i: LoadReplicate) { loadReplicated(i, 4) }

    mutating func ld1rPostIndex(_ i: LoadReplicate) {
        loadReplicated(i, 1)
        postIndex(i.rn, i.rm, 1 &<< i.size)
    }

    mutating func ld2rPostIndex(_ i: LoadReplicate) {
        loadReplicated(i, 2)
        postIndex(i.rn, i.rm, 2 &<< i.size)
    }

    mutating func ld3rPostIndex(_ i: LoadReplicate) {
        loadReplicated(i, 3)
        postIndex(i.rn, i.rm, 3 &<< i.size)
    }

    mutating func ld4rPostIndex(_ i: LoadReplicate) {
        loadReplicated(i, 4)
        postIndex(i.rn, i.rm, 4 &<< i.size)
    }

    private mutating func loadReplicated(_ i: LoadReplicate, _ count: Int) {
        let base = xsp(i.rn)
        var loaded = noVectors()
        for k in 0..<count { loaded[k] = unit.load(.v128, access(i.size), base, disp: Int32(k &<< i.size)) }
        for k in 0..<count {
            setV((i.rt &+ k) & 31, q: i.q, unit.vbroadcast(lane(i.size), loaded[k]))
        }
    }
}
