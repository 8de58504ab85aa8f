// Leaving blocks and units. At an exit every slot goes home: dirty ones to memory, pinned ones to their registers. What is
// emitted for that changes nothing in the allocator, so that a side exit is emitted where it stands and the main path goes on.

import LyrebirdIR

/// A jump inside the unit whose target is not placed yet.
struct PendingJump {
    var label: ForwardLabel
    var next: Int32
}

extension CodeGenerator {
    mutating func selectControl(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        switch i.opcode {
        case .exitJump:
            goHome()
            restoreCarry()
            emitExitJump(i, unit)
        case .exitIndirect: selectExitIndirect(i, unit)
        case .exitTrap:
            goHome()
            restoreCarry()
            emitExitTrap(i)
        case .jump where isLoop && !goesOn(i.a, unit): leaveInLoop(i.a, stageArguments(i.a, unit), unit)
        case .jump:
            let target = Int(unit.pool[Int(i.a)])
            if blockStates[target].onlyExit >= 0 {
                goHome()
                emitOnlyExit(blockStates[target].onlyExit, unit)
            } else if blockStates[target].address != nil || blockStates[target].chain != currentChain {
                let staged = stageArguments(i.a, unit)
                goHome()
                passArguments(i.a, staged, unit)
                jump(to: target)
            } else {
                passInPlace(i.a, unit)
            }
        default:
            if isLoop { selectBranchInLoop(i, unit) } else { selectBranch(index, i, unit) }
        }
    }

    // MARK: Branches

    private mutating func selectBranch(_ index: Int, _ i: Instruction, _ unit: borrowing Unit) {
        let flags = Int(values[Int(i.a)].representative)
        let then = Int(unit.pool[Int(i.b)])
        let other = Int(unit.pool[Int(i.c)])
        let thenExit = blockStates[then].onlyExit
        let otherExit = blockStates[other].onlyExit
        if thenExit >= 0, otherExit < 0, blockStates[other].address == nil,
            blockStates[other].chain == currentChain
        {
            // A side exit: the way there is out of line.
            let condition = useCondition(i.condition, of: flags, unit)
            let taken = hot.jccForward(condition, near: true)
            swap(&hot, &cold)
            hot.bind(taken)
            goHome()
            emitOnlyExit(thenExit, unit, isOutOfLine: true)
            swap(&hot, &cold)
            passInPlace(i.c, unit)
            return
        }
        // All else leaves the chain on both sides: home first, then the jump. Going home leaves the host's flags alone.
        let stagedThen = stageArguments(i.b, unit)
        let stagedElse = stageArguments(i.c, unit)
        settleFlags(butFor: flags, unit)
        let condition = useCondition(i.condition, of: flags, unit)
        goHome()
        if thenExit >= 0, otherExit >= 0 {
            let exits = (unit.instructions[Int(thenExit)], unit.instructions[Int(otherExit)])
            if exits.0.opcode == .exitTrap || exits.1.opcode == .exitTrap {
                let taken = hot.jccForward(condition, near: true)
                swap(&hot, &cold)
                hot.bind(taken)
                emitOnlyExit(thenExit, unit, isOutOfLine: true)
                swap(&hot, &cold)
                emitOnlyExit(otherExit, unit)
                return
            }
            let backward = exits.0.immediate <= unit.startPC
            // The loop's way back polls, which destroys flags, so the other way is taken first.
            if backward {
                emitConditionalExit(condition.inverted, exits.1)
                emitExitJump(exits.0, unit)
            } else {
                emitConditionalExit(condition, exits.0)
                emitExitJump(exits.1, unit)
            }
            return
        }
        if stagedThen >= 0 {
            let taken = hot.jccForward(condition, near: true)
            swap(&hot, &cold)
            hot.bind(taken)
            passArguments(i.b, stagedThen, unit)
            jump(to: then)
            swap(&hot, &cold)
        } else {
            jump(to: then, if: condition, unit)
        }
        if otherExit >= 0 {
            emitOnlyExit(otherExit, unit)
        } else {
            passArguments(i.c, stagedElse, unit)
            jump(to: other)
        }
    }

    private mutating func jump(to target: Int, if condition: Condition, _ unit: borrowing Unit) {
        if blockStates[target].onlyExit >= 0 {
            let skip = hot.jccForward(condition.inverted, near: true)
            emitOnlyExit(blockStates[target].onlyExit, unit)
            hot.bind(skip)
        } else if let address = blockStates[target].address {
            hot.jcc(condition, to: UnsafeRawPointer(address))
        } else {
            addPending(target, hot.jccForward(condition, near: true))
        }
    }

    mutating func jump(to target: Int) {
        if let address = blockStates[target].address {
            hot.jmp(to: UnsafeRawPointer(address))
        } else {
            addPending(target, hot.jmpForward(near: true))
        }
    }

    mutating func addPending(_ target: Int, _ label: ForwardLabel) {
        guard pendingCount < Self.pendingCapacity else {
            overflowed = true
            return
        }
        pending[pendingCount] = PendingJump(label: label, next: blockStates[target].pending)
        blockStates[target].pending = Int32(pendingCount)
        pendingCount &+= 1
    }

    /// The block that comes next is the one that the last instruction jumps to.
    mutating func dropJump(to id: Int) {
        let at = blockStates[id].pending
        guard at >= 0, pending[Int(at)].label.site == hot.cursor - 4, hot.cursor[-5] == 0xE9 else { return }
        blockStates[id].pending = pending[Int(at)].next
        hot.cursor -= 5
    }

    /// Makes the jumps that wait for a block come here.
    mutating func bindPending(_ id: Int) {
        var at = blockStates[id].pending
        while at >= 0 {
            hot.bind(pending[Int(at)].label)
            at = pending[Int(at)].next
        }
        blockStates[id].pending = -1
    }

    // Arguments reach the spill slots of the parameters in two steps: to slots of their own before the branch, where they
    // can still be found, and to the parameters' on the edge that is taken. An argument may be a parameter of the same block,
    // and another edge may pass others.

    /// Copies the arguments of an edge to consecutive spill slots. - Returns: the first, -1 if there are no arguments.
    mutating func stageArguments(_ edge: UInt32, _ unit: borrowing Unit) -> Int {
        let arguments = Int(unit.pool[Int(edge) &+ 1])
        guard arguments > 0 else { return -1 }
        let staged = takeSpills(arguments)
        let first = Int(unit.blocks[Int(unit.pool[Int(edge)])].start)
        for n in 0..<arguments {
            let value = Int(values[Int(unit.pool[Int(edge) &+ 2 &+ n])].representative)
            copyToSpill(value, unit.instructions[first &+ n].type, staged &+ n, unit)
            if values[first &+ n].spill < 0 { values[first &+ n].spill = Int16(takeSpill()) }
        }
        return staged
    }

    /// Everything is home: RAX is free.
    mutating func passArguments(_ edge: UInt32, _ staged: Int, _ unit: borrowing Unit) {
        guard staged >= 0 else { return }
        let first = Int(unit.blocks[Int(unit.pool[Int(edge)])].start)
        for n in 0..<Int(unit.pool[Int(edge) &+ 1]) {
            let from = RegisterContract.spill(staged &+ n)
            let to = RegisterContract.spill(Int(values[first &+ n].spill))
            hot.mov(.b64, .rax, from)
            hot.mov(.b64, to, .rax)
            guard unit.instructions[first &+ n].type == .v128 else { continue }
            hot.mov(.b64, .rax, from.advanced(by: 8))
            hot.mov(.b64, to.advanced(by: 8), .rax)
        }
    }

    /// Writes the arguments of the only edge into a block that goes on with the allocator's state.
    mutating func passInPlace(_ edge: UInt32, _ unit: borrowing Unit) {
        let first = Int(unit.blocks[Int(unit.pool[Int(edge)])].start)
        for n in 0..<Int(unit.pool[Int(edge) &+ 1]) {
            values[first &+ n].spill = Int16(takeSpill())
            let value = Int(values[Int(unit.pool[Int(edge) &+ 2 &+ n])].representative)
            copyToSpill(value, unit.instructions[first &+ n].type, Int(values[first &+ n].spill), unit)
        }
    }

    private mutating func copyToSpill(_ value: Int, _ type: Type, _ spill: Int, _ unit: borrowing Unit) {
        let memory = RegisterContract.spill(spill)
        switch type {
        case .v128:
            let register = useVector(value)
            storeVector(memory, register)
            unlock(register.rawValue &+ 16)
        case .flags:
            let scratch = scratchGeneral()
            regain(value, unit)
            saveFlagsIfHeld(Int32(truncatingIfNeeded: value))
            if values[value].isConstant {
                hot.mov(.b32, scratch, imm: Int32(truncatingIfNeeded: constants(value)))
            } else {
                hot.movzx(.b32, scratch, .b16, home(of: value))
            }
            hot.mov(.b64, memory, scratch)
            unlock(scratch.rawValue)
        default:
            let register = useGeneral(value)
            hot.mov(.b64, memory, register)
            // What is above an i32 must be zero, and may not be.
            if type != .i64 { hot.mov(.b32, memory.advanced(by: 4), imm: 0) }
            unlock(register.rawValue)
        }
    }

    // MARK: Home

    /// Brings every slot to where the contract wants it. Only emits: the allocator's state stays that of before. Leaves the
    /// host's flags alone.
    mutating func goHome() { goHome(outer) }

    /// - Parameter lost: slots whose content nobody wants there.
    mutating func goHome(_ home: Pins, lost: SlotSet = SlotSet()) {
        let away = strayed | moved
        let leaving = dirty & away & ~lost
        let regained = regainAtExit(leaving)
        storeDirtyRegisters(leaving, home)
        movePinned(home, away & home.set & ~lost)
        storeTheRest(leaving, home, regained)
    }

    /// Dirty slots whose content is in a register, and which have no register of their own.
    private mutating func storeDirtyRegisters(_ leaving: SlotSet, _ home: Pins) {
        var rest = leaving
        while case let slot = rest.popFirst(), slot >= 0 {
            guard home.registerOfSlot[slot] == 0xFF else { continue }
            let value = Int(slots[slot].bound)
            let register = values[value].register
            guard register != 0xFF, !isStoredAsConstant(value) else { continue }
            if register >= 16 {
                storeVector(slotMemory(slot), XMM(register &- 16))
            } else {
                hot.mov(contract.types[slot] == .i64 ? .b64 : .b32, slotMemory(slot), GPR(register))
            }
        }
    }

    /// Pinned slots to their registers: a parallel move. First what goes from register to register, cycles by exchange, then
    /// what comes from memory or is a constant.
    private mutating func movePinned(_ home: Pins, _ away: SlotSet) {
        var rest = SlotSet()
        var displaced = 0
        var all = away
        while case let slot = all.popFirst(), slot >= 0 {
            let bound = slots[slot].bound
            let register = bound >= 0 ? values[Int(bound)].register : 0xFF
            if register == 0xFF {
                rest.insert(slot)
            } else if register != home.registerOfSlot[slot] {
                displaced &+= 1
            }
        }
        if displaced > 0 { moveDisplaced(displaced, home, away) }
        while case let slot = rest.popFirst(), slot >= 0 {
            let register = home.registerOfSlot[slot]
            let value = Int(slots[slot].bound)
            if value >= 0, values[value].isConstant, dirty.contains(slot) {
                if register >= 16 {
                    materializeVector(value, XMM(register &- 16))
                } else {
                    hot.movImmediate(GPR(register), constantBits[value])
                }
                continue
            }
            let isDirty = dirty.contains(slot)
            let memory = isDirty ? self.home(of: value) : slotMemory(slot)
            if register >= 16 {
                loadVector(XMM(register &- 16), memory)
            } else {
                hot.mov(isDirty ? homeWidth(value) : width(contract.types[slot]), GPR(register), memory)
            }
        }
    }

    /// Pinned slots that are in other registers than their own.
    private mutating func moveDisplaced(_ displaced: Int, _ target: Pins, _ away: SlotSet) {
        // source[r]: the register whose content must come to r; readers[r]: how many registers still want what is in r.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 &* HostRegister.count) { buffer in
            let source = buffer.baseAddress!
            let readers = source + HostRegister.count
            for n in 0..<(2 &* HostRegister.count) { buffer[n] = 0 }
            for n in 0..<HostRegister.count { source[n] = 0xFF }
            var pendingMoves = displaced
            for slot in target.slots where away.contains(Int(slot)) {
                let home = Int(target.registerOfSlot[Int(slot)])
                let bound = slots[Int(slot)].bound
                guard bound >= 0 else { continue }
                let register = values[Int(bound)].register
                if register == 0xFF || Int(register) == home { continue }
                source[home] = register
                readers[Int(register)] &+= 1
            }
            while pendingMoves > 0 {
                var progress = false
                for slot in target.slots {
                    let home = Int(target.registerOfSlot[Int(slot)])
                    guard source[home] != 0xFF, readers[home] == 0 else { continue }
                    moveRegister(UInt8(home), source[home])
                    readers[Int(source[home])] &-= 1
                    source[home] = 0xFF
                    pendingMoves &-= 1
                    progress = true
                }
                if progress || pendingMoves == 0 { continue }
                // Only cycles are left: exchange a register with its source, and who wanted one now wants the other.
                for slot in target.slots {
                    let home = target.registerOfSlot[Int(slot)]
                    let other = source[Int(home)]
                    guard other != 0xFF else { continue }
                    exchangeRegisters(home, other)
                    source[Int(home)] = 0xFF
                    readers[Int(other)] &-= 1
                    pendingMoves &-= 1
                    for slot in target.slots where source[Int(target.registerOfSlot[Int(slot)])] == home {
                        let reader = Int(target.registerOfSlot[Int(slot)])
                        readers[Int(home)] &-= 1
                        if UInt8(reader) == other {
                            source[reader] = 0xFF
                            pendingMoves &-= 1
                        } else {
                            source[reader] = other
                            readers[Int(other)] &+= 1
                        }
                    }
                    break
                }
            }
        }
    }

    private mutating func moveRegister(_ to: UInt8, _ from: UInt8) {
        if to >= 16 {
            moveVector(XMM(to &- 16), XMM(from &- 16))
        } else {
            hot.mov(.b64, GPR(to), GPR(from))
        }
    }

    private mutating func exchangeRegisters(_ a: UInt8, _ b: UInt8) {
        if a >= 16 {
            // Three exclusive ors: no vector register is free for certain.
            exchangeVectors(XMM(a &- 16), XMM(b &- 16))
        } else {
            hot.xchg(.b64, GPR(a), GPR(b))
        }
    }

    /// Zeros are stored two at a time, as VZEROUPPER leaves them, rather than from where one of them is.
    private mutating func isStoredAsConstant(_ value: Int) -> Bool { hasAVX && isZero(value) }

    /// Dirty slots that are constants, in other memory, or in the host's flags. RAX and RDX are free by now; RCX may have an
    /// exit's target.
    private mutating func storeTheRest(_ leaving: SlotSet, _ home: Pins, _ regained: RegainedFlags) {
        var rest = leaving
        var packed: Int32 = -1
        // The constant that the scratch register has.
        var scratched = -1
        while case let slot = rest.popFirst(), slot >= 0 {
            guard home.registerOfSlot[slot] == 0xFF else { continue }
            let value = Int(slots[slot].bound)
            guard values[value].register == 0xFF || isStoredAsConstant(value) else { continue }
            let memory = slotMemory(slot)
            if contract.types[slot] == .flags {
                if regained.stored.contains(slot) { continue }
                if regained.value == value {
                    packHostFlags()
                    hot.mov(.b16, memory, .rax)
                } else if holds(Int32(truncatingIfNeeded: value)) {
                    if packed != Int32(truncatingIfNeeded: value) {
                        packFlags(Int32(truncatingIfNeeded: value))
                        packed = Int32(truncatingIfNeeded: value)
                    }
                    hot.mov(.b16, memory, .rax)
                } else if values[value].isConstant {
                    hot.mov(.b16, memory, imm: Int32(truncatingIfNeeded: constantBits[value]))
                } else {
                    hot.movzx(.b32, .rdx, .b16, self.home(of: value))
                    hot.mov(.b16, memory, .rdx)
                }
            } else if contract.types[slot] == .v128 {
                if hasAVX, isZero(value), rest.contains(slot &+ 1), contract.types[slot &+ 1] == .v128,
                    isZero(Int(slots[slot &+ 1].bound)), home.registerOfSlot[slot &+ 1] == 0xFF,
                    contract.displacement[slot &+ 1] == contract.displacement[slot] &+ 16
                {
                    // The host's VEX clears what is above.
                    if scratched != value { materializeVector(value, Self.scratchXMM) }
                    hot.avx(.movupsStore, memory, Self.scratchXMM, L256: true)
                    rest.remove(slot &+ 1)
                    scratched = value
                    continue
                }
                if !values[value].isConstant {
                    loadVector(Self.scratchXMM, self.home(of: value))
                } else if scratched != value {
                    materializeVector(value, Self.scratchXMM)
                }
                scratched = values[value].isConstant ? value : -1
                storeVector(memory, Self.scratchXMM)
            } else if values[value].isConstant {
                if let small = smallConstant(value, contract.types[slot]) {
                    hot.mov(contract.types[slot] == .i64 ? .b64 : .b32, memory, imm: small)
                } else {
                    hot.movImmediate(.rdx, constantBits[value])
                    hot.mov(.b64, memory, .rdx)
                }
            } else {
                hot.mov(homeWidth(value), .rdx, self.home(of: value))
                hot.mov(contract.types[slot] == .i64 ? .b64 : .b32, memory, .rdx)
            }
        }
    }

    /// Holds nothing at exits, when dirty vectors have been stored: the first register that no slot is pinned to.
    static let scratchXMM: XMM = .xmm0

    // MARK: Exits

    /// A jump to another translation, everything being home.
    mutating func emitExitJump(_ i: Instruction, _ unit: borrowing Unit, isOutOfLine: Bool = false) {
        let target = i.immediate
        if i.aux == ExitHint.call.rawValue, options.predictReturns {
            let returnTo = UInt64(unit.pool[Int(i.c)]) | UInt64(unit.pool[Int(i.c) &+ 1]) &<< 32
            let poll = emitPoll(target, isOutOfLine, unit)
            pushPrediction(returnTo, .rcx)
            let site = hot.callPatchable(to: UnsafeRawPointer(hot.cursor))
            addLink(site, poll: poll, target: target)
            emitReturnPoint(returnTo)
            return
        }
        let isCall = i.aux == ExitHint.call.rawValue
        let goesBack = target <= unit.startPC
        let poll = goesBack || isCall ? emitPoll(target, isOutOfLine, unit) : nil
        addLink(
            hot.jmpPatchable(to: UnsafeRawPointer(hot.cursor)), poll: poll, target: target,
            closesLoop: goesBack && !isCall, isInBlock: i.aux == ExitHint.middle.rawValue)
    }

    /// Leaves for the runtime, everything being home.
    private mutating func emitExitTrap(_ i: Instruction) {
        let isFunction = i.aux == TrapReason.hostFunction.rawValue
        if isFunction { loadPins() }
        hot.movImmediate(.rax, i.immediate)
        hot.mov(.b64, ContextField.pc, .rax)
        hot.movImmediate(.rax, Self.exitWord(TrapReason(rawValue: i.aux)!, i.c))
        hot.jmp(to: isFunction ? stubs.hostFunction : exitTrap)
    }

    static func exitWord(_ reason: TrapReason, _ payload: UInt32) -> UInt64 {
        UInt64(payload) &<< 32 | UInt64(reason.rawValue)
    }

    var exitTrap: UnsafeRawPointer { isHome ? stubs.exitTrapFromHome : stubs.exitTrap }

    /// From the contract of units with hooks to that of all others.
    private mutating func loadPins() { if isHome { hot.call(to: stubs.loadPins) } }

    /// What a block that is nothing but an exit does, everything being home.
    mutating func emitOnlyExit(_ position: Int32, _ unit: borrowing Unit, isOutOfLine: Bool = false) {
        let i = unit.instructions[Int(position)]
        if i.opcode == .exitTrap { emitExitTrap(i) } else { emitExitJump(i, unit, isOutOfLine: isOutOfLine) }
    }

    private mutating func emitConditionalExit(_ condition: Condition, _ i: Instruction) {
        addLink(hot.jccPatchable(condition, to: UnsafeRawPointer(hot.cursor)), poll: nil, target: i.immediate)
    }

    /// Where a predicted return comes back to: drops the key and goes on with the caller.
    private mutating func emitReturnPoint(_ returnTo: UInt64) {
        hot.lea(.b64, .rsp, Memory(base: .rsp, displacement: 8))
        addLink(hot.jmpPatchable(to: UnsafeRawPointer(hot.cursor)), poll: nil, target: returnTo)
        // Whoever returns has loaded the pinned slots.
        links[linkCount &- 1].isFromHome = false
    }

    private mutating func pushPrediction(_ returnTo: UInt64, _ scratch: GPR) {
        if let small = Int32(exactly: Int64(bitPattern: returnTo)) {
            hot.push(imm: small)
        } else {
            hot.movImmediate(scratch, returnTo)
            hot.push(scratch)
        }
    }

    /// Asks whether to stop, everything being home: on the way by a load from the page that is closed then. There are no frame states of what is
    /// out of line, and none of exits from loops that say where C is: these compare the stop word.
    /// - Returns: the displacement of a jump, which is filled in with the stub's address; nil if the poll has none.
    private mutating func emitPoll(
        _ target: UInt64, _ isOutOfLine: Bool, _ unit: borrowing Unit
    ) -> UnsafeMutablePointer<UInt8>? {
        if isOutOfLine || isLoop {
            hot.cmp(.b32, ContextField.stop, imm: 0)
            return hot.jccForward(.ne, near: true).site
        }
        logExit(target, unit)
        hot.test(.b32, ContextField.pollPage.advanced(by: RegisterContract.exitPoll), .rax)
        return nil
    }

    mutating func addLink(
        _ site: UnsafeMutablePointer<UInt8>, poll: UnsafeMutablePointer<UInt8>?, target: UInt64,
        closesLoop: Bool = false, isInBlock: Bool = false
    ) {
        links[linkCount] = LinkSite(
            site: site, stub: site, poll: poll, target: target, closesLoop: closesLoop, isInBlock: isInBlock,
            isFromHome: isHome)
        linkCount &+= 1
    }

    /// Stubs of all links, in the cold code: each tells the runtime its own address, before which stand the guest's target
    /// (8 bytes) and the link's number (4), with `LinkSite.inBlockBit`.
    mutating func emitLinkStubs(first: Int) {
        for n in 0..<linkCount {
            if links[n].isFromHome {
                cold.align(to: 4)
                cold.shortNop(2)
                cold.call(to: stubs.loadPins)
                cold.jmp(rel32: 0)
            }
            cold.quad(links[n].target)
            cold.long(UInt32(truncatingIfNeeded: first &+ n) | (links[n].isInBlock ? LinkSite.inBlockBit : 0))
            let stub = cold.cursor
            cold.lea(.rax, ripRelativeTo: UnsafeRawPointer(stub))
            cold.jmp(to: links[n].isFromHome ? stubs.exitLinkFromHome : stubs.exitLink)
            links[n].stub = stub
            Assembler.patch(links[n].site, to: UnsafeRawPointer(stub))
            if let poll = links[n].poll {
                let distance = Int32(stub - (poll + 4))
                UnsafeMutableRawPointer(poll).storeBytes(of: distance, as: Int32.self)
            }
        }
    }

    /// An exit to an address in a value: by the prediction stack, then by the table.
    private mutating func selectExitIndirect(_ i: Instruction, _ unit: borrowing Unit) {
        let value = Int(values[Int(i.a)].representative)
        // The address goes to RCX, where going home does not touch it.
        if values[value].register != GPR.rcx.rawValue { reserve(.rcx) }
        if values[value].register != 0xFF {
            if values[value].register != GPR.rcx.rawValue { hot.mov(.b64, .rcx, GPR(values[value].register)) }
        } else if values[value].isConstant {
            hot.movImmediate(.rcx, constantBits[value])
        } else {
            hot.mov(.b64, .rcx, home(of: value))
        }
        goHome()
        restoreCarry()
        loadPins()
        if i.aux == ExitHint.return.rawValue, options.predictReturns {
            hot.cmp(.b64, .rcx, Memory(base: .rsp, displacement: 8))
            let miss = hot.jccForward(.ne)
            hot.ret()
            hot.bind(miss)
            hot.mov(.b64, .rsp, ContextField.predictionTop)
        } else if i.aux == ExitHint.call.rawValue, options.predictReturns {
            let returnTo = UInt64(unit.pool[Int(i.b)]) | UInt64(unit.pool[Int(i.b) &+ 1]) &<< 32
            pushPrediction(returnTo, .rax)
            // The look-up runs as a function of its own, whose return address is the predicted one.
            hot.call(rel32: 0)
            let lookup = ForwardLabel(site: hot.cursor - 4, isNear: true)
            emitReturnPoint(returnTo)
            hot.bind(lookup)
        }
        emitTableLookup()
    }

    /// table[(pc >> shift) & mask]: guest pc, host address.
    private mutating func emitTableLookup() {
        hot.mov(.b64, .rax, ContextField.table)
        hot.mov(.b32, .rdx, .rcx)
        let mask = Int32((1 &<< options.tableBits &- 1) &<< options.tableShift)
        hot.and(.b32, .rdx, imm: mask)
        // An entry is 16 bytes: the masked pc is the index, shifted.
        let entry = Memory(base: .rax, index: .rdx, scale: UInt8(4 &- options.tableShift))
        hot.cmp(.b64, .rcx, entry)
        hot.jcc(.ne, rel32: 0)
        let distance = Int32(stubs.exitMiss - UnsafeRawPointer(hot.cursor))
        UnsafeMutableRawPointer(hot.cursor - 4).storeBytes(of: distance, as: Int32.self)
        hot.jmp(entry.advanced(by: 8))
    }

    // MARK: Code that may have changed

    /// At the unit's start, where everything is home and RAX and RCX are free: leaves if memory has not the code any more.
    mutating func compareCode(_ unit: borrowing Unit) {
        instructionPC = unit.startPC
        let changed = cold.cursor
        cold.movImmediate(.rax, unit.startPC)
        cold.mov(.b64, ContextField.pc, .rax)
        cold.movImmediate(.rax, Self.exitWord(.codeChanged, unit.isInBlock ? TrapReason.inBlock : 0))
        cold.jmp(to: exitTrap)
        hot.movImmediate(.rcx, unit.startPC &+ comparedCodeOffset)
        if hasAVX, comparedCode.count >= 16 { return compareVectors(changed, unit) }
        var at = 0
        while at < comparedCode.count {
            // The last bytes by two words that overlap, if there are as many.
            let rest = comparedCode.count &- at
            let width: Width = rest >= 8 || comparedCode.count >= 8 ? .b64 : rest >= 4 ? .b32 : rest >= 2 ? .b16 : .b8
            let place = width == .b64 ? min(at, comparedCode.count &- 8) : at
            let plain = Memory(base: .rcx, displacement: Int32(truncatingIfNeeded: place))
            let memory = contract.memory != .identity ? plain.gs : plain
            switch width {
            case .b64: hot.movImmediate(.rax, comparedCode.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            case .b32:
                hot.movImmediate(.rax, UInt64(comparedCode.loadUnaligned(fromByteOffset: place, as: UInt32.self)))
            case .b16:
                hot.movImmediate(.rax, UInt64(comparedCode.loadUnaligned(fromByteOffset: place, as: UInt16.self)))
            case .b8: hot.movImmediate(.rax, UInt64(comparedCode[place]))
            }
            site(unit)
            hot.cmp(width, .rax, memory)
            hot.jcc(.ne, to: UnsafeRawPointer(changed))
            at = place &+ (1 &<< Int(width.rawValue))
        }
    }

    /// Likewise, 16 or 32 bytes at a time, the last by two that overlap.
    private mutating func compareVectors(_ changed: UnsafeMutablePointer<UInt8>, _ unit: borrowing Unit) {
        let copy = cold.cursor
        for byte in comparedCode { cold.byte(byte) }
        let isLong = comparedCode.count >= 32
        let size = isLong ? 32 : 16
        var at = 0
        while at < comparedCode.count {
            let place = min(at, comparedCode.count &- size)
            let plain = Memory(base: .rcx, displacement: Int32(truncatingIfNeeded: place))
            site(unit)
            hot.avx(.movups, Self.scratchXMM, contract.memory != .identity ? plain.gs : plain, L256: isLong)
            hot.avx(.xorps, Self.scratchXMM, Self.scratchXMM, Memory(ripRelative: 0), L256: isLong)
            let distance = Int32(copy + place - hot.cursor)
            UnsafeMutableRawPointer(hot.cursor - 4).storeBytes(of: distance, as: Int32.self)
            hot.avx(.ptest, Self.scratchXMM, Self.scratchXMM, L256: isLong)
            hot.jcc(.ne, to: UnsafeRawPointer(changed))
            at &+= size
        }
    }

    // MARK: Helpers

    /// A host function, through a stub that keeps every register but RAX.
    mutating func selectCall(_ index: Int, _ i: Instruction) {
        clobberFlags()
        // What the embedder's functions do with the unit, nobody knows.
        if i.aux != Helper.counter.rawValue { storeX87() }
        let first = useGeneral(Int(values[Int(i.a)].representative))
        let second = useGeneral(Int(values[Int(i.b)].representative))
        hot.mov(.b64, ContextField.helperArguments, first)
        hot.mov(.b64, ContextField.helperArguments.advanced(by: 8), second)
        hot.call(to: stubs.helperCall(Int(i.aux)))
        let result = allocateGeneral(for: index)
        hot.mov(.b64, result, ContextField.helperResult)
        hostFlags = -1
    }
}
