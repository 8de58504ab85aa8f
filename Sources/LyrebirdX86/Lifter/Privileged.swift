// What user mode may not do, and whoever embeds a CPU may want: ports and HLT. All else that is privileged is a trap.

import LyrebirdIR

extension Lifter {
    mutating func privileged(_ i: DecodedInstruction) {
        switch i.mnemonic {
        case .in: setRegister(General.rax, portIn(port(i.operand(1), i), i.operand(0).size))
        case .out: portOut(port(i.operand(0), i), register(General.rax, i.operand(1).size), i.operand(1).size)
        case .ins:
            beginRound(i)
            let size = i.operand(0).size
            store(portIn(port(i.operand(1), i), size), address(of: i.operand(0), i))
            advance(General.rdi, i, size)
            endRound(i)
        case .outs:
            beginRound(i)
            let size = i.operand(1).size
            let value = load(size, address(of: i.operand(1), i))
            portOut(port(i.operand(0), i), value, size)
            advance(General.rsi, i, size)
            endRound(i)
        case .hlt: trap(.halt, payload: UInt32(i.length))
        default: trap(.privileged)
        }
    }

    /// DX, or a number.
    private mutating func port(_ operand: Operand, _ i: DecodedInstruction) -> Value {
        operand.kind == .immediate
            ? const32(UInt32(truncatingIfNeeded: i.immediate) & 0xFF)
            : unit.zext(.i32, from: .i16, register(General.rdx, 2))
    }

    private mutating func portIn(_ port: Value, _ size: UInt8) -> Value {
        unit.portIn(type(size), MemoryAccess(size: UInt8(size.trailingZeroBitCount)), port)
    }

    private mutating func portOut(_ port: Value, _ value: Value, _ size: UInt8) {
        unit.portOut(MemoryAccess(size: UInt8(size.trailingZeroBitCount)), port, value)
    }
}
