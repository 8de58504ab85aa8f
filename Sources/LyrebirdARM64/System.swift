// C4.1.93 Branches, exception generating and system instructions: hints, barriers, cache maintenance and the system registers
// that user mode has.

import LyrebirdIR

/// What the identification registers say that user mode may read.
enum SystemRegisterValue {
    /// CTR_EL0 (D24.2.34): lines of 64 bytes, write-back and exclusives granules likewise. IDC: what is stored need not be
    /// cleaned to be seen by instruction fetch. DIC is 0: IC IVAU says which translations are stale.
    static let cacheType: UInt64 = 1 << 31 | 1 << 28 | 4 << 24 | 4 << 20 | 4 << 16 | 3 << 14 | 4
    /// DCZID_EL0: DC ZVA clears 64 bytes.
    static let zeroBlock: UInt64 = 4
    /// CNTFRQ_EL0: the counter is in nanoseconds.
    static let counterFrequency: UInt64 = 1_000_000_000
    /// FPCR's bits that can be written: AHP, DN, FZ, RMode, FZ16. There are no trapped floating-point exceptions.
    static let fpcrMask: UInt64 = 0x07C8_0000
    /// FPSR's bits that can be written: QC and the cumulative exceptions.
    static let fpsrMask: UInt64 = 0x0800_009F
}

extension Lifter {
    // MARK: Hints

    mutating func nop(_ i: Hint) {}
    mutating func yield(_ i: Hint) {}
    mutating func wfe(_ i: Hint) {}
    mutating func wfi(_ i: Hint) {
        unit.exitTrap(pc, .halt, payload: 4)
        ended = true
    }
    mutating func sev(_ i: Hint) {}
    mutating func sevl(_ i: Hint) {}
    mutating func csdb(_ i: Hint) {}
    mutating func hint(_ i: Hint) {}
    mutating func esb(_ i: Hint) {}
    mutating func psbCsync(_ i: Hint) {}
    mutating func tsbCsync(_ i: Hint) {}
    mutating func bti(_ i: BranchTarget) {}

    // MARK: Barriers

    mutating func clrex(_ i: Barrier) { unit.set(ARM64State.exclusiveAddress, const(.max)) }
    mutating func dsb(_ i: Barrier) { unit.fence() }

    /// A barrier of loads (CRm = xx01) or of stores (xx10) asks for what the IR's plain accesses give anyway: the only
    /// reordering they allow is that of a load before an earlier store.
    mutating func dmb(_ i: Barrier) {
        if i.crm & 3 == 0 || i.crm & 3 == 3 { unit.fence() }
    }

    /// What follows may have been changed: it is fetched anew.
    mutating func isb(_ i: Barrier) { exit(pc &+ 4) }
    mutating func sb(_ i: Barrier) {}

    // MARK: System instructions

    mutating func icIVAU(_ i: CacheMaintenance) {
        setTrapOperand(x(i.rt))
        unit.exitTrap(pc &+ 4, .invalidateCode)
        ended = true
    }

    mutating func dcZVA(_ i: CacheMaintenance) {
        let address = unit.and(x(i.rt), const(~63))
        let zero = unit.vconst(low: 0, high: 0)
        for part in 0..<4 {
            unit.store(MemoryAccess(size: 4), address, zero, disp: Int32(part &* 16))
        }
    }

    // The guest's memory is coherent, so cleaning does nothing.
    mutating func dcCVAC(_ i: CacheMaintenance) {}
    mutating func dcCVAU(_ i: CacheMaintenance) {}
    mutating func dcCVAP(_ i: CacheMaintenance) {}
    mutating func dcCVADP(_ i: CacheMaintenance) {}
    mutating func dcCIVAC(_ i: CacheMaintenance) {}

    /// What Linux answers when user mode reads an identification register, which traps (Documentation/arm64/
    /// cpu-feature-registers.rst): the fields that it exports of those it has, and zero for the others in their places.
    mutating func mrsIdentification(_ i: SystemRegister) {
        guard let value = IdentificationRegister.value(crm: i.crm, op2: i.op2) else {
            return undefinedInstruction(i.word)
        }
        setX(i.rt, const(value))
    }

    // MARK: What is not for user mode

    /// Whether a register or an operation that has no row of its own is one of the levels above (C5.1.2), or one that EL1 may open to
    /// user mode and Linux does not: those of debugging, and the counters, timers and context numbers (CRn 9, 13, 14).
    static func namesSystem(_ encoding: Encoding, _ word: UInt32) -> Bool {
        let level = word >> 16 & 7
        let group = word >> 12 & 15
        switch encoding {
        case .sys, .sysl: return level != 3
        case .mrs, .msr: return level != 3 || word >> 19 & 1 == 0 || group == 9 || group == 13 || group == 14
        default: return false
        }
    }

    // MARK: System register move

    mutating func mrsNZCV(_ i: SystemRegisterMove) { setRegister(i.rt, false, nzcv()) }
    mutating func msrNZCV(_ i: SystemRegisterMove) { setNZCV(register(i.rt, false)) }

    mutating func mrsFPCR(_ i: SystemRegisterMove) { setX(i.rt, unit.get(.i64, ARM64State.fpcr)) }

    /// The slot has what was there when generated code was entered; the cumulative exceptions have the IR's bits, but for denormal
    /// operands, and QC a slot of its own.
    mutating func mrsFPSR(_ i: SystemRegisterMove) {
        let raised = unit.and(unit.floatFlags(), const32(0x9F))
        let flags = unit.zext(.i64, from: .i32, raised)
        let exceptions = unit.or(unit.get(.i64, ARM64State.fpsr), flags)
        setX(i.rt, unit.or(exceptions, unit.shl(saturation(), const(27))))
    }

    mutating func mrsTPIDR(_ i: SystemRegisterMove) { setX(i.rt, unit.get(.i64, ARM64State.tpidr)) }

    /// Linux keeps it for the kernel; user mode reads zero.
    mutating func mrsTPIDRRO(_ i: SystemRegisterMove) { setX(i.rt, const(0)) }
    mutating func mrsCTR(_ i: SystemRegisterMove) { setX(i.rt, const(SystemRegisterValue.cacheType)) }
    mutating func mrsDCZID(_ i: SystemRegisterMove) { setX(i.rt, const(SystemRegisterValue.zeroBlock)) }
    mutating func mrsCNTFRQ(_ i: SystemRegisterMove) { setX(i.rt, const(SystemRegisterValue.counterFrequency)) }

    mutating func mrsCNTVCT(_ i: SystemRegisterMove) {
        let zero = const(0)
        setX(i.rt, unit.call(.counter, zero, zero))
    }

    mutating func msrFPCR(_ i: SystemRegisterMove) {
        let value = unit.and(x(i.rt), const(SystemRegisterValue.fpcrMask))
        unit.set(ARM64State.fpcr, value)
        unit.exitTrap(pc &+ 4, .modeChange)
        ended = true
    }

    mutating func msrFPSR(_ i: SystemRegisterMove) {
        let value = x(i.rt)
        unit.set(ARM64State.fpsr, unit.and(value, const(SystemRegisterValue.fpsrMask & ~(1 << 27))))
        setSaturation(unit.and(unit.shr(value, const(27)), const(1)))
        unit.clearFloatFlags()
        exit(pc &+ 4)
    }

    mutating func mrsSSBS(_ i: SystemRegisterMove) { setX(i.rt, processorState(.ssbs)) }
    mutating func mrsDIT(_ i: SystemRegisterMove) { setX(i.rt, processorState(.dit)) }
    mutating func msrSSBS(_ i: SystemRegisterMove) { setProcessorState(.ssbs, x(i.rt)) }
    mutating func msrDIT(_ i: SystemRegisterMove) { setProcessorState(.dit, x(i.rt)) }

    // By CRm's lowest bit.
    mutating func msrSSBSImmediate(_ i: ProcessorState) {
        setProcessorState(.ssbs, const(i.crm & 1 == 0 ? 0 : .max))
    }
    mutating func msrDITImmediate(_ i: ProcessorState) {
        setProcessorState(.dit, const(i.crm & 1 == 0 ? 0 : .max))
    }

    /// Fields of PSTATE by their bits in SPSR.
    private enum ProcessorStateBit: UInt64 { case ssbs = 0x1000, dit = 0x100_0000 }

    private mutating func processorState(_ bit: ProcessorStateBit) -> Value {
        unit.and(unit.get(.i64, ARM64State.processorState), const(bit.rawValue))
    }

    private mutating func setProcessorState(_ bit: ProcessorStateBit, _ value: Value) {
        let others = unit.and(unit.get(.i64, ARM64State.processorState), const(~bit.rawValue))
        unit.set(ARM64State.processorState, unit.or(others, unit.and(value, const(bit.rawValue))))
    }

    mutating func msrTPIDR(_ i: SystemRegisterMove) { unit.set(ARM64State.tpidr, x(i.rt)) }
}
