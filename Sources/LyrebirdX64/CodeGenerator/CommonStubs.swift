// The code that all translations share: the way in from C, the ways out, and calls of host functions. Made once for each
// translation cache, by the same assembler as everything else.

import CLyrebird
import LyrebirdIR

/// Why generated code returned to its caller.
public enum ExitKind: UInt32, Sendable {
    /// A link that is not made yet (or a poll): the context's exit word is the address of its stub.
    case link
    /// An indirect jump that the table does not know: the context's pc is its target.
    case miss
    /// The context's exit word is payload << 32 | `TrapReason`, its pc where to go on.
    case trap
    /// A host fault: the signal handler saved the host's registers.
    case fault
    /// A memory access that generated code does not make itself: as a fault, but for what it is. The context's `access_site` says where.
    case access
    /// Hooks were called, and the unit may not go on as it is: the runtime knows where.
    case hook
    /// An access was called for, and the unit may not go on. As `access`.
    case accessCall
}

/// Addresses of the shared code in the writable mapping, but for `enter`, which is called.
public struct CommonStubs: @unchecked Sendable {
    /// `UInt32 enter(context, host code)`; as executed.
    public let enter: UnsafeRawPointer
    /// Where the signal handler goes on after a fault; as executed.
    public let fault: UnsafeRawPointer
    /// The way out with a guest pc in RCX; as executed. It fills the prediction stack above its top, so that a return that
    /// matches there by accident is looked up.
    public let miss: UnsafeRawPointer
    let exitLink: UnsafeRawPointer
    let exitMiss: UnsafeRawPointer
    let exitTrap: UnsafeRawPointer
    let exitAccess: UnsafeRawPointer
    /// The same for units whose state is all in memory (UnitEntry.swift).
    let exitLinkFromHome: UnsafeRawPointer
    let exitTrapFromHome: UnsafeRawPointer
    /// Store the pinned slots, and load them, and return. All else is kept.
    let storePins: UnsafeRawPointer
    let loadPins: UnsafeRawPointer
    /// Calls the runtime for an access, the return address being that behind an `AccessRecord`, and returns if it has been made. Every
    /// register is kept.
    let accessCall: UnsafeRawPointer
    /// `UInt32 resume(context, 0)`: goes on behind an access for which generated code was left; as executed.
    public let resume: UnsafeRawPointer
    /// Where the region starts, from which places in it are counted.
    let start: UnsafeRawPointer
    /// Calls hooks, RAX being the address of a `lyrebird_hook_record`, and returns if the unit goes on. All of guest state is in memory.
    let hook: UnsafeRawPointer
    /// The same with fences.
    let fencedHook: UnsafeRawPointer
    /// Calls the embedder's function that the exit word names, and goes on at its caller if that is all there is to it.
    let hostFunction: UnsafeRawPointer
    private let helpers: UnsafeRawPointer
    private let helperStride: Int

    func helperCall(_ number: Int) -> UnsafeRawPointer { helpers + number &* helperStride }

    static let calleeSaved: [GPR] = [.rbx, .rbp, .r12, .r13, .r14, .r15]
    static let callerSaved: [GPR] = [.rax, .rcx, .rdx, .rsi, .rdi, .r8, .r9, .r10, .r11]

    /// Emits the shared code.
    /// - Parameter executableOffset: from the writable mapping to the executable one.
    public init(into assembler: inout Assembler, contract: RegisterContract, executableOffset: Int) {
        var a = assembler
        start = UnsafeRawPointer(a.cursor)
        let avx = contract.features.contains(.avx)
        func loadPins(_ a: inout Assembler, storing: Bool) {
            for slot in contract.pinned {
                let register = contract.registerOfSlot[Int(slot)]
                let memory = Memory(base: .rbp, displacement: contract.displacement[Int(slot)])
                switch (register >= 16, storing) {
                case (false, false): a.mov(.b64, GPR(register), memory)
                case (false, true): a.mov(.b64, memory, GPR(register))
                case (true, false):
                    if avx {
                        a.avx(.movups, XMM(register - 16), memory)
                    } else {
                        a.sse(.movups, XMM(register - 16), memory)
                    }
                case (true, true):
                    if avx {
                        a.avx(.movupsStore, memory, XMM(register - 16))
                    } else {
                        a.sse(.movupsStore, memory, XMM(register - 16))
                    }
                }
            }
        }

        /// Host code finds the unit as the ABI has it: empty, with the control word of FNINIT.
        func putX87Away(_ a: inout Assembler) {
            guard let image = contract.x87Image else { return }
            a.cmp(.b32, ContextField.x87IsLoaded, imm: 0)
            let away = a.jccForward(.e)
            a.fnsave(image)
            a.mov(.b32, ContextField.x87IsLoaded, imm: 0)
            a.bind(away)
        }

        /// To read and to write MXCSR takes some nanoseconds each. A guest that computes nothing needs neither.
        func skipIfHosts(_ a: inout Assembler) -> ForwardLabel {
            a.cmp(.b32, ContextField.mxcsrIsGuests, imm: 0)
            return a.jccForward(.e)
        }

        /// From the guest's modes and stack to the host's.
        func enterHost(_ a: inout Assembler) {
            putX87Away(&a)
            // Legacy SSE in host code is slow while there is something above.
            if avx { a.vzeroupper() }
            let isHosts = skipIfHosts(&a)
            a.stmxcsr(ContextField.leftMXCSR)
            a.ldmxcsr(ContextField.hostMXCSR)
            a.bind(isHosts)
            a.mov(.b64, ContextField.predictionRSP, .rsp)
            a.mov(.b64, .rsp, ContextField.hostRSP)
        }

        let stateDisplacement = Int32(RegisterContract.stateOffset + RegisterContract.bias)

        /// From C; RAX is the second argument then.
        func enterFrame(_ a: inout Assembler) {
            for register in Self.calleeSaved { a.push(register) }
            a.sub(.b64, .rsp, imm: 8)
            a.mov(.b64, .rax, .rsi)
            a.lea(.b64, .rbp, Memory(base: .rdi, displacement: stateDisplacement))
            a.mov(.b64, ContextField.hostRSP, .rsp)
            a.mov(.b64, .rsp, ContextField.predictionRSP)
        }

        /// As the signal handler does it.
        func saveRegisters(_ a: inout Assembler) {
            for n in 0..<16 { a.mov(.b64, ContextField.faultGPR.advanced(by: Int32(8 * n)), GPR(UInt8(n))) }
            for n in 0..<16 {
                let memory = ContextField.faultXMM.advanced(by: Int32(16 * n))
                if avx {
                    a.avx(.movupsStore, memory, XMM(UInt8(n)))
                } else {
                    a.sse(.movupsStore, memory, XMM(UInt8(n)))
                }
            }
        }

        /// From the guest's modes to the host's for a function that goes back soon. To write MXCSR costs more than to see that it is right:
        /// a guest that rounds as the host does, functions that do not compute.
        func borrowHost(_ a: inout Assembler) {
            if avx { a.vzeroupper() }
            let isHosts = skipIfHosts(&a)
            a.stmxcsr(ContextField.leftMXCSR)
            a.mov(.b32, .rcx, ContextField.mxcsr)
            a.cmp(.b32, .rcx, ContextField.hostMXCSR)
            let roundsAlike = a.jccForward(.e)
            a.ldmxcsr(ContextField.hostMXCSR)
            a.bind(roundsAlike)
            a.bind(isHosts)
            a.mov(.b64, ContextField.predictionRSP, .rsp)
        }

        func giveBack(_ a: inout Assembler) {
            a.mov(.b64, .rsp, ContextField.predictionRSP)
            let isHosts = skipIfHosts(&a)
            a.stmxcsr(ContextField.hookMXCSR)
            a.mov(.b32, .rcx, ContextField.hookMXCSR)
            a.cmp(.b32, .rcx, ContextField.leftMXCSR)
            let isAsLeft = a.jccForward(.e)
            a.ldmxcsr(ContextField.leftMXCSR)
            a.bind(isAsLeft)
            a.bind(isHosts)
        }

        a.align(to: 64)
        enter = UnsafeRawPointer(a.cursor) + executableOffset
        enterFrame(&a)
        a.mov(.b32, .rcx, ContextField.floatIsUsed)
        a.mov(.b32, ContextField.mxcsrIsGuests, .rcx)
        a.test(.b32, .rcx, .rcx)
        let isUnused = a.jccForward(.e)
        a.ldmxcsr(ContextField.mxcsr)
        a.bind(isUnused)
        loadPins(&a, storing: false)
        a.jmp(.rax)

        // The way out for clean exits; the kind is in EAX.
        a.align(to: 16)
        let leave = UnsafeRawPointer(a.cursor)
        loadPins(&a, storing: true)
        let leaveWithoutPins = UnsafeRawPointer(a.cursor)
        enterHost(&a)
        let leaveFrame = UnsafeRawPointer(a.cursor)
        a.add(.b64, .rsp, imm: 8)
        for register in Self.calleeSaved.reversed() { a.pop(register) }
        a.ret()

        /// With the word that says more in RAX.
        func exit(_ kind: ExitKind, by way: UnsafeRawPointer, _ a: inout Assembler) -> UnsafeRawPointer {
            let start = UnsafeRawPointer(a.cursor)
            a.mov(.b64, ContextField.exitWord, .rax)
            a.mov(.b32, .rax, imm: Int32(kind.rawValue))
            a.jmp(to: way)
            return start
        }
        exitLink = exit(.link, by: leave, &a)

        exitMiss = UnsafeRawPointer(a.cursor)
        miss = exitMiss + executableOffset
        a.mov(.b64, ContextField.pc, .rcx)
        a.mov(.b32, .rax, imm: Int32(ExitKind.miss.rawValue))
        a.jmp(to: leave)

        exitTrap = exit(.trap, by: leave, &a)

        fault = UnsafeRawPointer(a.cursor) + executableOffset
        a.mov(.b32, .rax, imm: Int32(ExitKind.fault.rawValue))
        a.jmp(to: leaveWithoutPins)

        // No frame state names the host's flags at an access that is checked.
        exitAccess = UnsafeRawPointer(a.cursor)
        saveRegisters(&a)
        a.mov(.b32, .rax, imm: Int32(ExitKind.access.rawValue))
        a.jmp(to: leaveWithoutPins)

        exitLinkFromHome = exit(.link, by: leaveWithoutPins, &a)
        exitTrapFromHome = exit(.trap, by: leaveWithoutPins, &a)

        a.align(to: 64)
        storePins = UnsafeRawPointer(a.cursor)
        loadPins(&a, storing: true)
        a.ret()

        a.align(to: 64)
        self.loadPins = UnsafeRawPointer(a.cursor)
        loadPins(&a, storing: false)
        a.cmp(.b32, ContextField.mxcsrIsGuests, imm: 0)
        let isGuests = a.jccForward(.ne)
        a.cmp(.b32, ContextField.floatIsUsed, imm: 0)
        let computesNothing = a.jccForward(.e)
        Self.takeMXCSR(&a)
        a.bind(isGuests)
        a.bind(computesNothing)
        a.ret()

        // Hooks are Swift closures, called by Swift's convention: the context in R13, what is thrown in R12, all else as in C. What it
        // keeps is free, since nothing of the guest's is in registers.
        let (error, context, call, pc, changes) = (GPR.r12, GPR.r13, GPR.rbx, GPR.r14, GPR.r15)
        func field<Root, Value>(_ base: GPR, _ path: KeyPath<Root, Value>) -> Memory {
            let offset: Int = MemoryLayout<Root>.offset(of: path)!
            return Memory(base: base, displacement: Int32(offset))
        }

        a.align(to: 16)
        let hookFailed = UnsafeRawPointer(a.cursor)
        a.mov(.b64, ContextField.hookError, error)
        a.mov(.b32, ContextField.inside, imm: 1)
        a.mfence()
        let hookLeaves = UnsafeRawPointer(a.cursor)
        a.mov(.b64, ContextField.hookedPC, pc)
        a.ldmxcsr(ContextField.hostMXCSR)
        // What the return address was for is over.
        a.add(.b64, ContextField.predictionRSP, imm: 8)
        a.mov(.b32, .rax, imm: Int32(ExitKind.hook.rawValue))
        a.jmp(to: leaveFrame)

        /// From the first store to `inside` to the second one nobody waits for this CPU. Whoever removes a hook puts another function
        /// in its place, and whoever drops translations counts that, before it looks at `inside`: one of the two sees the other.
        func emitHook(_ a: inout Assembler, isFenced: Bool) -> UnsafeRawPointer {
            a.align(to: 16)
            let aside = UnsafeRawPointer(a.cursor)
            putX87Away(&a)
            let isHosts = skipIfHosts(&a)
            a.stmxcsr(ContextField.leftMXCSR)
            a.ldmxcsr(ContextField.hostMXCSR)
            a.mov(.b32, ContextField.mxcsrIsGuests, imm: 0)
            a.bind(isHosts)
            let back = a.jmpForward(near: true)
            a.align(to: 64)
            let start = UnsafeRawPointer(a.cursor)
            // What follows it is `mxcsr_is_guests`.
            a.cmp(.b64, ContextField.x87IsLoaded, imm: 0)
            a.jcc(.ne, to: aside)
            a.bind(back)
            if avx { a.vzeroupper() }
            a.mov(.b64, ContextField.predictionRSP, .rsp)
            a.mov(.b64, .rsp, ContextField.hostRSP)
            a.mov(.b64, pc, field(.rax, \lyrebird_hook_record.pc))
            a.lea(.b64, call, Memory(base: .rax, displacement: Int32(MemoryLayout<lyrebird_hook_record>.size)))
            a.mov(.b64, ContextField.guestPC, pc)
            a.mov(.b64, .rcx, ContextField.changes)
            a.mov(.b64, changes, Memory(base: .rcx))
            a.mov(.b32, ContextField.inside, imm: 2)
            if isFenced { a.mfence() }
            a.mov(.b64, .rax, field(call, \lyrebird_hook_call.hook))
            let next = UnsafeRawPointer(a.cursor)
            a.mov(.b64, .rdi, ContextField.embedder)
            a.mov(.b64, .rsi, pc)
            a.mov(.b64, .rdx, field(call, \lyrebird_hook_call.size))
            a.mov(.b64, context, field(.rax, \lyrebird_hook.context))
            a.xor(.b32, error, error)
            a.call(field(.rax, \lyrebird_hook.function))
            a.test(.b64, error, error)
            a.jcc(.ne, to: hookFailed)
            a.cmp(.b64, ContextField.guestPC, pc)
            a.jcc(.ne, to: hookFailed)
            a.add(.b64, call, imm: Int32(MemoryLayout<lyrebird_hook_call>.size))
            a.mov(.b64, .rax, field(call, \lyrebird_hook_call.hook))
            a.test(.b64, .rax, .rax)
            a.jcc(.ne, to: next)
            a.mov(.b32, ContextField.inside, imm: 1)
            if isFenced { a.mfence() }
            // A flush counts, asks all CPUs to stop, and counts again when nobody is inside.
            a.mov(.b64, .rcx, ContextField.changes)
            a.cmp(.b64, changes, Memory(base: .rcx))
            a.jcc(.ne, to: hookLeaves)
            a.cmp(.b32, ContextField.stop, imm: 0)
            a.jcc(.ne, to: hookLeaves)
            a.mov(.b64, .rsp, ContextField.predictionRSP)
            a.ret()
            return start
        }

        hook = emitHook(&a, isFenced: false)
        fencedHook = emitHook(&a, isFenced: true)

        if contract.memory == .checked {
            a.align(to: 64)
            accessCall = UnsafeRawPointer(a.cursor)
            saveRegisters(&a)
            if contract.x87Image != nil {
                a.mov(.b32, .rax, ContextField.x87IsLoaded)
                a.mov(.b32, ContextField.accessX87, .rax)
                putX87Away(&a)
            }
            borrowHost(&a)
            a.mov(.b64, .rsi, Memory(base: .rsp))
            a.mov(.b64, .rsp, ContextField.hostRSP)
            a.lea(.b64, .rdi, Memory(base: .rbp, displacement: -stateDisplacement))
            a.call(ContextField.accessFunction)
            a.test(.b32, .rax, .rax)
            let isMade = a.jccForward(.e)
            a.ldmxcsr(ContextField.hostMXCSR)
            a.add(.b64, ContextField.predictionRSP, imm: 8)
            a.mov(.b32, .rax, imm: Int32(ExitKind.accessCall.rawValue))
            a.jmp(to: leaveFrame)
            a.bind(isMade)
            giveBack(&a)
            let goOn = UnsafeRawPointer(a.cursor)
            if let image = contract.x87Image {
                a.cmp(.b32, ContextField.accessX87, imm: 0)
                let isAway = a.jccForward(.e)
                a.frstor(image)
                a.mov(.b32, ContextField.x87IsLoaded, imm: 1)
                a.bind(isAway)
            }
            for n in 0..<16 {
                let memory = ContextField.faultXMM.advanced(by: Int32(16 * n))
                if avx { a.avx(.movups, XMM(UInt8(n)), memory) } else { a.sse(.movups, XMM(UInt8(n)), memory) }
            }
            for n in 0..<16 where GPR(UInt8(n)) != .rsp && GPR(UInt8(n)) != .rbp {
                a.mov(.b64, GPR(UInt8(n)), ContextField.faultGPR.advanced(by: Int32(8 * n)))
            }
            a.ret()

            a.align(to: 16)
            resume = UnsafeRawPointer(a.cursor) + executableOffset
            enterFrame(&a)
            let isHosts = skipIfHosts(&a)
            a.ldmxcsr(ContextField.leftMXCSR)
            a.bind(isHosts)
            a.mov(.b64, .rax, ContextField.resumeAddress)
            a.push(.rax)
            a.jmp(to: goOn)
        } else {
            accessCall = exitAccess
            resume = enter
        }

        a.align(to: 64)
        hostFunction = UnsafeRawPointer(a.cursor)
        a.mov(.b64, ContextField.exitWord, .rax)
        loadPins(&a, storing: true)
        enterHost(&a)
        a.lea(.b64, .rdi, Memory(base: .rbp, displacement: -stateDisplacement))
        a.call(ContextField.callFunction)
        a.test(.b32, .rax, .rax)
        let returned = a.jccForward(.e)
        a.mov(.b32, .rax, imm: Int32(ExitKind.trap.rawValue))
        a.jmp(to: leaveFrame)
        a.bind(returned)
        a.mov(.b64, .rsp, ContextField.predictionRSP)
        let isHosts = skipIfHosts(&a)
        a.ldmxcsr(ContextField.leftMXCSR)
        a.bind(isHosts)
        loadPins(&a, storing: false)
        // A return of the guest's, as at the end of its own functions.
        a.mov(.b64, .rcx, ContextField.pc)
        a.cmp(.b64, .rcx, Memory(base: .rsp, displacement: 8))
        let mispredicted = a.jccForward(.ne)
        a.ret()
        a.bind(mispredicted)
        a.mov(.b64, .rsp, ContextField.predictionTop)
        a.jmp(ContextField.callTarget)

        a.align(to: 64)
        helpers = UnsafeRawPointer(a.cursor)
        var stride = 0
        for number in 0..<Int(LYREBIRD_HELPERS) {
            let start = a.cursor
            Self.emitHelperCall(&a, number, avx)
            a.align(to: 64)
            stride = a.cursor - start
        }
        helperStride = stride
        assembler = a
    }

    /// What a unit with hooks does that computes.
    static func takeMXCSR(_ a: inout Assembler) {
        a.ldmxcsr(ContextField.leftMXCSR)
        a.mov(.b32, ContextField.mxcsrIsGuests, imm: 1)
    }

    /// The number of the helper that computes what the context's floating-point words say, and keeps its stub's callers
    /// from loading arguments.
    static let floatHelper = Int(LYREBIRD_HELPERS) - 1

    var floatCall: UnsafeRawPointer { helperCall(Self.floatHelper) }

    /// Keeps every register; argument and result words are in the context.
    private static func emitHelperCall(_ a: inout Assembler, _ number: Int, _ avx: Bool) {
        for (n, register) in callerSaved.enumerated() {
            a.mov(.b64, ContextField.savedGPR.advanced(by: Int32(8 * n)), register)
        }
        for n in 0..<16 {
            let memory = ContextField.savedXMM.advanced(by: Int32(16 * n))
            if avx { a.avx(.movupsStore, memory, XMM(UInt8(n))) } else { a.sse(.movupsStore, memory, XMM(UInt8(n))) }
        }
        if avx { a.vzeroupper() }
        a.mov(.b64, ContextField.predictionRSP, .rsp)
        a.mov(.b64, .rsp, ContextField.hostRSP)
        if number == floatHelper {
            a.lea(.b64, .rdi, ContextField.floatWords)
            a.mov(.b64, .rsi, ContextField.floatOperation)
        } else {
            a.mov(.b64, .rdi, ContextField.helperArguments)
            a.mov(.b64, .rsi, ContextField.helperArguments.advanced(by: 8))
        }
        a.call(ContextField.helpers.advanced(by: Int32(8 * number)))
        a.mov(.b64, ContextField.helperResult, .rax)
        a.mov(.b64, .rsp, ContextField.predictionRSP)
        for (n, register) in callerSaved.enumerated() {
            a.mov(.b64, register, ContextField.savedGPR.advanced(by: Int32(8 * n)))
        }
        for n in 0..<16 {
            let memory = ContextField.savedXMM.advanced(by: Int32(16 * n))
            if avx { a.avx(.movups, XMM(UInt8(n)), memory) } else { a.sse(.movups, XMM(UInt8(n)), memory) }
        }
        a.ret()
    }
}
