// SDM volume 1, chapter 8 Programming with the x87 FPU. Nearly all instructions are the IR's as they are (rows tagged x87); what is
// here is control, and the image of the state. Whether all exceptions are masked is part of a translation's key: only where they
// are not is there anything to wait for.

import LyrebirdIR

extension Lifter {
    mutating func x87(_ i: DecodedInstruction) {
        if isMMX(i) { return mmx(i) }
        if Lifter.isNothing(i.mnemonic) { return }
        let isControl = Lifter.isX87Control(i.mnemonic)
        if !isControl { waitForX87() }
        let operand = i.operand(0)
        let isMemory = operand.kind == .memory
        let code = X87Code(
            i.opcodeByte, reg: i.modRM >> 3, rm: i.modRM, memory: isMemory ? Int(operand.size) : 0)
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
        case .fnstcw, .fnstsw, .fnclex: true
        default: false
        }
    }

    /// Of coprocessors before the 80387.
    private static func isNothing(_ mnemonic: Mnemonic) -> Bool {
        mnemonic == .feni || mnemonic == .fdisi || mnemonic == .fsetpm
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
        storeEnvironment(i, 0xD9, behind: 0)
        maskAll()
    }

    mutating func fnsave(_ i: DecodedInstruction) {
        storeEnvironment(i, 0xDD, behind: 80)
        clearPointers()
        maskAll()
    }

    mutating func fldenv(_ i: DecodedInstruction) { loadEnvironment(i, 0xD9, behind: 0) }
    mutating func frstor(_ i: DecodedInstruction) { loadEnvironment(i, 0xDD, behind: 80) }

    /// Seven words, of 16 bits where that is the operand size.
    private func wordSize(_ i: DecodedInstruction) -> UInt8 { i.operandSize == 2 ? 2 : 4 }

    /// What the unit stores as the last instruction is its own: the guest's pointers go there afterwards. Selectors are zero, as CPUs
    /// have it that do not keep them; the words of 16 bits have no opcode.
    private mutating func storeEnvironment(_ i: DecodedInstruction, _ opcode: UInt8, behind rest: Int) {
        let place = joined(address(i))
        let size = wordSize(i)
        unit.x87Store(place, disp: 0, code: X87Code(opcode, reg: 6, memory: 7 * Int(size) + rest).operand)
        let pointers = [X86State.x87Instruction, X86State.x87Opcode, X86State.x87Operand].map {
            truncated(unit.get(.i64, $0), to: type(size))
        }
        let opcode = size == 2 ? const(.i16, 0) : unit.shl(pointers[1], const32(16))
        let words = [pointers[0], opcode, pointers[2], const(type(size), 0xFFFF_0000)]
        for (number, word) in words.enumerated() {
            store(word, Address(base: place, displacement: Int32(size) * Int32(3 + number)))
        }
    }

    private mutating func loadEnvironment(_ i: DecodedInstruction, _ opcode: UInt8, behind rest: Int) {
        waitForX87()
        let place = joined(address(i))
        let size = wordSize(i)
        let words = [0, 3, 4, 5].map { number in
            load(size, Address(base: place, displacement: Int32(size) * Int32(number)))
        }
        unit.x87Load(place, disp: 0, code: X87Code(opcode, reg: 4, memory: 7 * Int(size) + rest).operand)
        unit.set(X86State.x87Instruction, zeroExtended(words[1], to: .i64))
        let last = size == 2 ? const(0) : unit.shr(zeroExtended(words[2], to: .i64), const(16))
        unit.set(X86State.x87Opcode, unit.and(last, const(0x7FF)))
        unit.set(X86State.x87Operand, zeroExtended(words[3], to: .i64))
        followMasks(zeroExtended(words[0], to: .i32))
    }

    // MARK: The image

    mutating func setImage(_ value: Value, _ offset: Int) { unit.x87SetImage(value, offset: Int32(offset)) }

    /// The unit makes tags and summary bits anew when it loads its image; to read the status is as good as anything for that.
    mutating func loadImage() { _ = unit.x87Status() }
}
