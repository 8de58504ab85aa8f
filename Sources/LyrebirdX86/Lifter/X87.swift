// SDM volume 1, chapter 8 Programming with the x87 FPU. Nearly all instructions are the IR's as they are (rows tagged x87); what is
// here is control, and the image of the state. Whether all exceptions are masked is part of a translation's key: only where they
// are not is there anything to wait for.

import LyrebirdIR

extension Lifter {
    mutating func x87(_ i: DecodedInstruction) {
        if isMMX(i) { return mmx(i) }
        let isControl = Lifter.isX87Control(i.mnemonic)
        if !isControl { waitForX87() }
        let operand = i.operand(0)
        let isMemory = operand.kind == .memory
        let code = X87Code(
            i.opcodeByte, reg: i.modRM >> 3, rm: i.modRM, memory: isMemory ? operand.size : 0)
        switch (i.opcodeByte, code.reg) {
        case _ where isMemory:
            let place = address(i)
            if stores(code) {
                unit.x87Store(place.base, disp: place.displacement, code: code.operand)
            } else {
                unit.x87Load(place.base, disp: place.displacement, code: code.operand)
            }
        // FCMOVcc; FCOMI and its kin.
        case (0xDA, 0...3), (0xDB, 0...3): unit.x87Select(flags(), code: code.operand)
        case (0xDB, 5...6), (0xDF, 5...6): setFlags(unit.x87Flags(code: code.operand))
        default: unit.x87(code: code.operand)
        }
        if !isControl { notePointers(i) }
    }

    /// What neither waits for exceptions nor is kept as the last instruction.
    private static func isX87Control(_ mnemonic: Mnemonic) -> Bool {
        switch mnemonic {
        case .fnstcw, .fnstsw, .fnclex, .feni, .fdisi, .fsetpm: true
        default: false
        }
    }

    /// FST, FIST, FISTTP, FBSTP, FNSTCW and FNSTSW, by the opcode map.
    private func stores(_ code: X87Code) -> Bool {
        code.opcode & 1 != 0 && ((1...3).contains(code.reg) || code.reg == 7 || code.opcode == 0xDF && code.reg == 6)
    }

    /// An exception that is pending comes before what waits for it.
    mutating func waitForX87() {
        guard unmasksX87 else { return }
        let pending = unit.and(unit.x87Status(), const32(0x80))
        trap(.floatingPoint, payload: 16, where: .ne, unit.flags(pending))
    }

    private mutating func notePointers(_ i: DecodedInstruction) {
        unit.set(X86State.x87Instruction, const(pc))
        guard unmasksX87 else { return }
        unit.set(X86State.x87Opcode, const(UInt64(i.opcodeByte & 7) << 8 | UInt64(i.modRM)))
        if i.operand(0).kind == .memory { unit.set(X86State.x87Operand, effectiveAddress(i)) }
    }

    mutating func fwait(_ i: DecodedInstruction) { waitForX87() }

    /// To AX.
    mutating func fnstsw(_ i: DecodedInstruction) {
        let status = unit.x87Status()
        write(i.operand(0), unit.trunc(.i16, status), i)
    }

    mutating func fldcw(_ i: DecodedInstruction) {
        waitForX87()
        let control = zeroExtended(load(2, address(i)), to: .i32)
        unit.x87Control(control)
        followMasks(control)
    }

    /// A control word is loaded: leaves if that changes the key.
    mutating func followMasks(_ control: Value) {
        let masks = UInt32(X87Control.masks)
        let difference = unit.flags(unit.sub(unit.and(control, const32(masks)), const32(masks)))
        changeMode(where: unmasksX87 ? .eq : .ne, difference)
    }

    /// All exceptions are masked now.
    private mutating func maskAll() {
        if unmasksX87 { changeMode() }
    }

    mutating func fninit(_ i: DecodedInstruction) {
        unit.x87(code: X87Code(0xDB, 0xE3).operand)
        clearPointers()
        maskAll()
    }

    mutating func clearPointers() {
        for slot in [X86State.x87Instruction, X86State.x87Operand, X86State.x87Opcode] { unit.set(slot, const(0)) }
    }

    // MARK: The environment, and all of the state

    mutating func fnstenv(_ i: DecodedInstruction) {
        storeEnvironment(joined(address(i)), i)
        let control = unit.x87Image(.i32, offset: Int32(X87Image.control))
        setImage(unit.or(control, const32(UInt32(X87Control.masks))), X87Image.control)
        maskAll()
    }

    mutating func fldenv(_ i: DecodedInstruction) {
        waitForX87()
        let environment = loadEnvironment(joined(address(i)), i)
        setEnvironment(environment)
        followMasks(environment[0])
    }

    mutating func fnsave(_ i: DecodedInstruction) {
        let place = joined(address(i))
        storeEnvironment(place, i)
        let stack = environmentSize(i)
        for n in 0..<10 {
            let words = unit.x87Image(.i64, offset: Int32(X87Image.stack + 8 * n))
            store(words, Address(base: place, displacement: Int32(stack + 8 * n)))
        }
        initialize()
        clearPointers()
        maskAll()
    }

    /// What FNINIT does, but for the pointers; registers keep what is in them.
    mutating func initialize() {
        setImage(const32(UInt32(X87Control.initial)), X87Image.control)
        setImage(const32(0), X87Image.status)
        setImage(const32(UInt32(X87Control.emptyTags)), X87Image.tags)
    }

    mutating func frstor(_ i: DecodedInstruction) {
        waitForX87()
        let place = joined(address(i))
        let environment = loadEnvironment(place, i)
        let stack = environmentSize(i)
        let words = (0..<10).map { load(8, Address(base: place, displacement: Int32(stack + 8 * $0))) }
        for n in 0..<10 { setImage(words[n], X87Image.stack + 8 * n) }
        setEnvironment(environment)
        followMasks(environment[0])
    }

    mutating func setImage(_ value: Value, _ offset: Int) { unit.x87SetImage(value, offset: Int32(offset)) }

    /// Seven words, of 16 bits where that is the operand size.
    private func environmentSize(_ i: DecodedInstruction) -> Int { i.operandSize == 2 ? 14 : 28 }

    /// Selectors are zero, as CPUs have it that do not keep them. The words of 16 bits have no opcode.
    private mutating func storeEnvironment(_ place: Value, _ i: DecodedInstruction) {
        let size = i.operandSize == 2 ? 2 : 4
        func at(_ number: Int) -> Address { Address(base: place, displacement: Int32(size * number)) }
        for (number, offset) in [X87Image.control, X87Image.status, X87Image.tags].enumerated() {
            let word = unit.x87Image(.i32, offset: Int32(offset))
            let wide = unit.or(word, const32(0xFFFF_0000))
            store(size == 2 ? unit.trunc(.i16, word) : wide, at(number))
        }
        let type: Type = size == 2 ? .i16 : .i32
        let opcode = unit.shl(unit.trunc(.i32, unit.get(.i64, X86State.x87Opcode)), const32(16))
        store(unit.trunc(type, unit.get(.i64, X86State.x87Instruction)), at(3))
        store(size == 2 ? const(.i16, 0) : opcode, at(4))
        store(unit.trunc(type, unit.get(.i64, X86State.x87Operand)), at(5))
        store(const(type, 0xFFFF_0000), at(6))
    }

    /// Control, status and tags, and the pointers: instruction, opcode, operand.
    private mutating func loadEnvironment(_ place: Value, _ i: DecodedInstruction) -> [Value] {
        let size: UInt8 = i.operandSize == 2 ? 2 : 4
        var words: [Value] = []
        for number in 0..<7 {
            let value = load(size, Address(base: place, displacement: Int32(size) * Int32(number)))
            words.append(zeroExtended(value, to: .i32))
        }
        let opcode = size == 2 ? const32(0) : unit.and(unit.shr(words[4], const32(16)), const32(0x7FF))
        return [words[0], words[1], words[2], words[3], opcode, words[5]]
    }

    private mutating func setEnvironment(_ words: [Value]) {
        setImage(words[0], X87Image.control)
        setImage(words[1], X87Image.status)
        setImage(words[2], X87Image.tags)
        loadImage()
        let slots = [X86State.x87Instruction, X86State.x87Opcode, X86State.x87Operand]
        for number in 0..<3 { unit.set(slots[number], unit.zext(.i64, from: .i32, words[3 + number])) }
    }

    /// The unit makes tags and summary bits anew when it loads its image; to read the status is as good as anything for that.
    mutating func loadImage() { _ = unit.x87Status() }
}
