// What is known to stand above a scalar in a vector.

extension Unit {
    /// Whether a vector is zero above its lowest word or doubleword.
    /// - Parameters:
    ///   - resolve: the value that another one is a name of.
    ///   - isClean: whether that is so of the content of a slot.
    public func hasZerosAbove(
        _ value: UInt32, _ lane: Lane, depth: Int = 4, resolve: (UInt32) -> UInt32, isClean: (Int) -> Bool
    ) -> Bool {
        let value = resolve(value)
        guard depth > 0, Int(value) < count else { return false }
        func zeros(_ operand: UInt32) -> Bool {
            hasZerosAbove(operand, lane, depth: depth &- 1, resolve: resolve, isClean: isClean)
        }
        let i = instructions[Int(value)]
        switch i.opcode {
        case .copy: return zeros(i.a)
        case .get: return i.type == .v128 && isClean(Int(i.a))
        case .vconst: return isZeroAbove(Int(i.a), lane)
        case .load: return i.type == .v128 && i.access.size <= lane.rawValue
        case .vfromInt: return instructions[Int(i.a)].type.bits <= lane.bits
        case .vand: return zeros(i.a) || zeros(i.b)
        case .vor, .vxor: return zeros(i.a) && zeros(i.b)
        case .select: return i.type == .v128 && zeros(i.b) && zeros(i.c)
        case .vzipLow: return lane == .d && i.lane == .d && isZero(resolve(i.b))
        case .fconvert: return i.b <= lane.rawValue
        default: return i.opcode.isScalarFloat && i.type == .v128 && i.lane.rawValue <= lane.rawValue
        }
    }

    private func isZeroAbove(_ at: Int, _ lane: Lane) -> Bool {
        pool[at &+ 2] | pool[at &+ 3] == 0 && (lane == .d || lane == .s && pool[at &+ 1] == 0)
    }

    /// Whether a value is the vector of zeros.
    public func isZero(_ value: UInt32) -> Bool {
        let vector = instructions[Int(value)]
        guard vector.opcode == .vconst else { return false }
        let at = Int(vector.a)
        return pool[at] | pool[at &+ 1] | pool[at &+ 2] | pool[at &+ 3] == 0
    }
}

extension Opcode {
    /// One of floating point on the lowest lanes, which leaves zeros above its result.
    @inline(__always) public var isScalarFloat: Bool {
        rawValue >= Opcode.fadd.rawValue && rawValue < Opcode.vfadd.rawValue
    }
}
