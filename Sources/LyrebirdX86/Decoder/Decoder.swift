// From bytes to an instruction. The first byte's table says whether it is an opcode; the opcode's entry, whether ModRM follows,
// and the node of a small tree that prefixes, ModRM, W and L are looked up in. What an encoding does not allow is found when all
// of it has been read, as CPUs do, so that bytes that end too early are `incomplete` before they are undefined. 22 ns an
// instruction over the code of a C library.

/// What the bytes are in that mode. No more than 15 of them are looked at.
public func decode(_ bytes: UnsafeRawBufferPointer, _ mode: Mode) -> Decoded {
    var decoder = Decoder(bytes, mode)
    return decoder.decode()
}

private struct Decoder {
    private let bytes: UnsafeRawBufferPointer
    /// So many bytes may be read.
    private let limit: Int
    private let mode: Mode
    private let is64: Bool
    private var at = 0
    /// A byte beyond the limit was asked for, and zero was given.
    private var overrun = false
    private var instruction = DecodedInstruction()
    /// As the spec's rows ask for it: none, 66, F3, F2.
    private var mandatoryPrefix = 0
    private var isUndefined = false

    private static let longest = 15
    // An opcode's entry (`opcodeRoots`).
    private static let nothing: UInt32 = 0xFFFF
    private static let modRMFollows: UInt32 = 0x1_0000
    private static let isSpecial: UInt32 = 0x100_0000
    private static let ignoresMod: UInt32 = 0x200_0000

    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, _ mode: Mode) {
        self.bytes = bytes
        self.mode = mode
        limit = min(bytes.count, Decoder.longest)
        is64 = mode.codeSize == .bits64
    }

    mutating func decode() -> Decoded {
        guard let entry = readOpcode() else { return result(.undefined(.evex)) }
        let hasModRM = entry & Decoder.modRMFollows != 0
        if hasModRM { instruction.modRM = next() }
        setAddressSize()
        let leaf = findRow(entry)
        if leaf == 0xFFFF {
            readUndefined(entry)
            return result(.undefined(.noInstruction))
        }
        instruction.row = Row(number: leaf & 0x7FFF)
        let flags = instruction.row.flags
        if hasModRM && instruction.modRM < 0xC0 && !flags.contains(.ignoresMod) {
            readMemoryOperand(vectorIndex: flags.contains(.vectorIndex))
        }
        setOperandSize(flags.sizeRule)
        readImmediate(flags.immediate)
        if flags.contains(.absent) { return result(.undefined(.absent(instruction.row))) }
        if isUndefined || !isAllowed(flags) { return result(.undefined(.noInstruction)) }
        instruction.length = UInt8(truncatingIfNeeded: at)
        return result(.instruction(instruction))
    }

    /// What was found, if all the bytes of it are there.
    @inline(__always)
    private func result(_ found: Decoded) -> Decoded {
        guard overrun else { return found }
        return limit == Decoder.longest ? .tooLong : .incomplete
    }

    // MARK: Bytes

    @inline(__always)
    private mutating func next() -> UInt8 {
        guard at < limit else {
            overrun = true
            return 0
        }
        let byte = bytes[at]
        at &+= 1
        return byte
    }

    @inline(__always)
    private mutating func next<T: FixedWidthInteger>(_ type: T.Type) -> T {
        guard at &+ MemoryLayout<T>.size <= limit else {
            overrun = true
            return 0
        }
        let number = T(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: type))
        at &+= MemoryLayout<T>.size
        return number
    }

    /// The next byte, or nil where there is none: then nothing before it makes a difference.
    @inline(__always)
    private mutating func peek() -> UInt8? {
        guard at < limit else {
            overrun = true
            return nil
        }
        return bytes[at]
    }

    // MARK: Prefixes and the opcode

    /// The opcode's entry in its map; nil is EVEX.
    @inline(__always)
    private mutating func readOpcode() -> UInt32? {
        while true {
            let byte = next()
            let entry = self.entry(0, byte)
            if entry & Decoder.isSpecial == 0 { return entry }
            if readPrefix(byte) { continue }
            if byte == 0x0F { return readEscape() }
            // Behind REX these are what they were before VEX, and undefined in 64-bit mode.
            if instruction.prefixes.contains(.rex) { return entry }
            switch byte {
            case 0xC4, 0xC5:
                // LES and LDS want memory; where their ModRM says register, and in 64-bit mode, this is VEX.
                guard let following = peek(), is64 || following >= 0xC0 else { return entry }
                return readVEX(byte)
            case 0x62:
                guard let following = peek(), is64 || following >= 0xC0 else { return entry }
                readEVEX()
                return nil
            case 0x8F:
                // POP wants 0 in reg; otherwise this is AMD's XOP.
                guard let following = peek(), following & 0x38 != 0 else { return entry }
                readXOP()
                return Decoder.nothing
            default:
                return entry
            }
        }
    }

    @inline(__always)
    private mutating func entry(_ map: Int, _ opcode: UInt8) -> UInt32 {
        instruction.opcodeByte = opcode
        return opcodeRoots.withUnsafeBufferPointer { $0[map &<< 8 | Int(opcode)] }
    }

    /// Takes the byte if it is a prefix.
    private mutating func readPrefix(_ byte: UInt8) -> Bool {
        var prefixes = instruction.prefixes
        switch byte {
        case 0x66: prefixes.insert(.operandSize)
        case 0x67: prefixes.insert(.addressSize)
        case 0xF0: prefixes.insert(.lock)
        case 0xF2:
            prefixes.remove(.rep)
            prefixes.insert(.repne)
        case 0xF3:
            prefixes.remove(.repne)
            prefixes.insert(.rep)
        case 0x26, 0x2E, 0x36, 0x3E:
            // In 64-bit mode these say nothing, and do not take FS or GS back.
            if !is64 { instruction.segmentOverride = unsafeBitCast(byte &>> 3 & 3, to: Segment.self) }
        case 0x64: instruction.segmentOverride = .fs
        case 0x65: instruction.segmentOverride = .gs
        case 0x40...0x4F where is64:
            instruction.rex = byte & 15
            instruction.prefixes.insert(.rex)
            return true
        default:
            return false
        }
        // A REX that is not the last prefix says nothing.
        prefixes.remove(.rex)
        instruction.prefixes = prefixes
        instruction.rex = 0
        if prefixes.contains(.repne) {
            mandatoryPrefix = 3
        } else if prefixes.contains(.rep) {
            mandatoryPrefix = 2
        } else if prefixes.contains(.operandSize) {
            mandatoryPrefix = 1
        }
        return true
    }

    private mutating func readEscape() -> UInt32 {
        let byte = next()
        switch byte {
        case 0x38: return entry(2, next())
        case 0x3A: return entry(3, next())
        default: return entry(1, byte)
        }
    }

    /// The rest of a VEX prefix and the opcode (volume 2, 2.3.5). Prefixes that it takes the place of must not stand before it.
    private mutating func readVEX(_ first: UInt8) -> UInt32 {
        let old: Prefixes = [.operandSize, .rep, .repne, .lock]
        isUndefined = !instruction.prefixes.isDisjoint(with: old)
        instruction.prefixes.subtract(old)
        instruction.prefixes.insert(.vex)
        var map: UInt8 = 1
        var rex: UInt8 = 0
        let second = next()
        var last = second
        if first == 0xC4 {
            map = second & 31
            rex = (second ^ 0xE0) &>> 5
            last = next()
            rex |= last &>> 4 & 8
        } else {
            rex = (second ^ 0x80) &>> 5 & 4
        }
        instruction.vvvv = (last ^ 0x78) &>> 3 & 15
        if last & 4 != 0 { instruction.prefixes.insert(.wide) }
        mandatoryPrefix = Int(last & 3)
        if !is64 {
            // There are eight registers, and R and X are part of what tells VEX from LES and LDS.
            rex &= 8
        }
        instruction.rex = rex
        guard map >= 1 && map <= 3 else {
            _ = next()
            return Decoder.nothing | Decoder.modRMFollows
        }
        return entry(3 &+ Int(map), next())
    }

    /// EVEX as far as its length is the same for all opcodes.
    private mutating func readEVEX() {
        at = min(at &+ 4, limit)
        instruction.modRM = next()
        setAddressSize()
        readUndefined(Decoder.modRMFollows)
    }

    /// XOP is undefined on every CPU that is made.
    private mutating func readXOP() {
        let map = next() & 31
        _ = next()
        _ = next()
        instruction.modRM = next()
        setAddressSize()
        readUndefined(Decoder.modRMFollows)
        if map == 10 { _ = next(UInt32.self) }
    }

    // MARK: The row

    /// A row's number with the highest bit set, or 0xFFFF.
    @inline(__always)
    private func findRow(_ entry: UInt32) -> UInt16 {
        var child = UInt16(truncatingIfNeeded: entry)
        guard child < 0x8000 else { return child }
        return opcodeTree.withUnsafeBufferPointer { tree in
            repeat {
                let node = Int(child)
                child = tree[node &+ 1 &+ selector(tree[node])]
            } while child < 0x8000
            return child
        }
    }

    /// The value in a dimension, in the generator's order.
    @inline(__always)
    private func selector(_ dimension: UInt16) -> Int {
        let modRM = Int(instruction.modRM)
        switch dimension {
        case 0: return is64 ? 1 : 0
        case 1: return mandatoryPrefix
        case 2: return modRM >= 0xC0 ? 1 : 0
        case 3: return modRM &>> 3 & 7
        case 4: return modRM & 7
        case 5: return Int(instruction.rex &>> 3)
        case 6: return instruction.prefixes.contains(.wide) ? 1 : 0
        default: return Int(instruction.rex & 1)
        }
    }

    // MARK: What follows

    @inline(__always)
    private mutating func setAddressSize() {
        let other = instruction.prefixes.contains(.addressSize)
        switch mode.codeSize {
        case .bits64: instruction.addressSize = other ? 4 : 8
        case .bits32: instruction.addressSize = other ? 2 : 4
        case .bits16: instruction.addressSize = other ? 4 : 2
        }
    }

    /// Volume 1, 3.6.1, and the superscripts of the opcode maps.
    @inline(__always)
    private mutating func setOperandSize(_ rule: RowFlags.OperandSizeRule) {
        let other = instruction.prefixes.contains(.operandSize)
        switch mode.codeSize {
        case .bits32: instruction.operandSize = other ? 2 : 4
        case .bits16: instruction.operandSize = other ? 4 : 2
        case .bits64:
            let narrow = other && instruction.rex & 8 == 0
            switch rule {
            case .normal: instruction.operandSize = instruction.rex & 8 != 0 ? 8 : other ? 2 : 4
            case .default64: instruction.operandSize = narrow ? 2 : 8
            case .forced64: instruction.operandSize = 8
            case .nearBranch: instruction.operandSize = narrow && mode.shortensNearBranches ? 2 : 8
            }
        }
    }

    private mutating func readMemoryOperand(vectorIndex: Bool) {
        let mod = instruction.modRM &>> 6
        let rm = instruction.modRM & 7
        if instruction.addressSize == 2 {
            isUndefined = isUndefined || vectorIndex
            return readMemoryOperand16(mod, rm)
        }
        if rm == 4 {
            let sib = next()
            instruction.scale = sib &>> 6
            let index = sib &>> 3 & 7 | instruction.rex &<< 2 & 8
            // rSP is no index; its number as a vector is one.
            if index != 4 || vectorIndex { instruction.index = index }
            if sib & 7 != 5 || mod != 0 {
                instruction.base = sib & 7 | instruction.rex &<< 3 & 8
            } else {
                instruction.displacement = next(Int32.self)
            }
        } else {
            isUndefined = isUndefined || vectorIndex
            if rm != 5 || mod != 0 {
                instruction.base = rm | instruction.rex &<< 3 & 8
            } else {
                instruction.displacement = next(Int32.self)
                if is64 { instruction.base = DecodedInstruction.instructionPointer }
            }
        }
        if mod == 1 {
            instruction.displacement = Int32(Int8(bitPattern: next()))
        } else if mod == 2 {
            instruction.displacement = next(Int32.self)
        }
    }

    /// Volume 2, table 2-1.
    private mutating func readMemoryOperand16(_ mod: UInt8, _ rm: UInt8) {
        let none = DecodedInstruction.noRegister
        let (bx, bp, si, di): (UInt8, UInt8, UInt8, UInt8) = (3, 5, 6, 7)
        switch rm {
        case 0: (instruction.base, instruction.index) = (bx, si)
        case 1: (instruction.base, instruction.index) = (bx, di)
        case 2: (instruction.base, instruction.index) = (bp, si)
        case 3: (instruction.base, instruction.index) = (bp, di)
        case 4: instruction.base = si
        case 5: instruction.base = di
        case 6: instruction.base = mod == 0 ? none : bp
        default: instruction.base = bx
        }
        if mod == 1 {
            instruction.displacement = Int32(Int8(bitPattern: next()))
        } else if mod == 2 || rm == 6 {
            instruction.displacement = Int32(next(Int16.self))
        }
    }

    @inline(__always)
    private mutating func readImmediate(_ form: ImmediateForm) {
        switch form {
        case .none: break
        case .b: instruction.immediate = Int64(next())
        case .sb: instruction.immediate = Int64(Int8(bitPattern: next()))
        case .w: instruction.immediate = Int64(next(UInt16.self))
        case .z:
            instruction.immediate = instruction.operandSize == 2 ? Int64(next(Int16.self)) : Int64(next(Int32.self))
        default: readRareImmediate(form)
        }
    }

    private mutating func readRareImmediate(_ form: ImmediateForm) {
        switch form {
        case .v where instruction.operandSize == 8:
            instruction.immediate = next(Int64.self)
        case .v:
            readImmediate(.z)
        case .vector:
            // There are eight registers outside 64-bit mode.
            instruction.immediate = Int64(next() & (is64 ? 0xFF : 0x7F))
        case .far:
            instruction.immediate =
                instruction.operandSize == 2 ? Int64(next(UInt16.self)) : Int64(next(UInt32.self))
            instruction.secondImmediate = next(UInt16.self)
        case .offset:
            switch instruction.addressSize {
            case 2: instruction.immediate = Int64(next(UInt16.self))
            case 4: instruction.immediate = Int64(next(UInt32.self))
            default: instruction.immediate = next(Int64.self)
            }
        case .wb:
            instruction.immediate = Int64(next(UInt16.self))
            instruction.secondImmediate = UInt16(next())
        default:
            readImmediate(form)
        }
    }

    /// Reads what CPUs read before they say that no instruction has this encoding.
    private mutating func readUndefined(_ entry: UInt32) {
        let hasMemory = entry & (Decoder.modRMFollows | Decoder.ignoresMod) == Decoder.modRMFollows
        if hasMemory && instruction.modRM < 0xC0 { readMemoryOperand(vectorIndex: false) }
        setOperandSize(.normal)
        if instruction.prefixes.contains(.vex) { instruction.operandSize = 4 }
        readImmediate(unsafeBitCast(UInt8(truncatingIfNeeded: entry &>> 20 & 15), to: ImmediateForm.self))
    }

    // MARK: What is not allowed

    @inline(__always)
    private mutating func isAllowed(_ flags: RowFlags) -> Bool {
        if instruction.prefixes.contains(.lock) && !(flags.contains(.lockable) && instruction.modRM < 0xC0) {
            return false
        }
        if !flags.contains(.usesVvvv) {
            if instruction.vvvv != 0 { return false }
        } else if !is64 {
            instruction.vvvv &= 7
        }
        return !flags.contains(.checksRegisters) || hasAllowedRegisters(flags)
    }

    private func hasAllowedRegisters(_ flags: RowFlags) -> Bool {
        if flags.contains(.vectorIndex) {
            let (destination, mask, index) = (instruction.reg, instruction.vvvv, instruction.index)
            return destination != mask && mask != index && index != destination
        }
        for number in 0..<2 {
            switch instruction.method(number) {
            case .control:
                // CR0, CR2, CR3, CR4 and CR8.
                return 0x11D &>> UInt32(instruction.reg) & 1 != 0
            case .debug:
                return instruction.reg < 8
            case .segment:
                let segment = instruction.modRM &>> 3 & 7
                return segment < 6 && (segment != Segment.cs.rawValue || number != 0)
            default:
                continue
            }
        }
        return true
    }
}
