// Generated from Spec/x86.decode by Scripts/generators/x86_decode.py; do not edit.

extension Row {
    /// The mnemonic where it is not the row's; for operand sizes of 16, 32 and 64 bits, parted by slashes.
    var printedMnemonic: StaticString? {
        switch number {
        case 63: "pusha/pushad"
        case 64: "popa/popad"
        case 72: "insb"
        case 73: "insw/insd/insd"
        case 74: "outsb"
        case 75: "outsw/outsd/outsd"
        case 124: "cbw/cwde/cdqe"
        case 125: "cwd/cdq/cqo"
        case 126, 264: "call"
        case 127: "wait"
        case 128: "pushf/pushfd/pushfq"
        case 129: "popf/popfd/popfq"
        case 136: "movsb"
        case 137: "movsw/movsd/movsq"
        case 138: "cmpsb"
        case 139: "cmpsw/cmpsd/cmpsq"
        case 142: "stosb"
        case 143: "stosw/stosd/stosq"
        case 144: "lodsb"
        case 145: "lodsw/lodsd/lodsq"
        case 146: "scasb"
        case 147: "scasw/scasd/scasq"
        case 176, 177: "retf"
        case 181: "iret/iretd/iretq"
        case 217: "xlatb"
        case 221: "jcxz/jecxz/jrcxz"
        case 228, 266: "jmp"
        case 474: "sysret/sysret/sysretq"
        case 529: "fxsave/fxsave/fxsave64"
        case 530: "fxrstor/fxrstor/fxrstor64"
        case 533: "xsave/xsave/xsave64"
        case 534: "xrstor/xrstor/xrstor64"
        case 535: "xsaveopt/xsaveopt/xsaveopt64"
        case 577: "cmpxchg8b/cmpxchg8b/cmpxchg16b"
        case 578: "xrstors/xrstors/xrstors64"
        case 579: "xsavec/xsavec/xsavec64"
        case 580: "xsaves/xsaves/xsaves64"
        case 823, 824, 886, 887: "movd/movd/movq"
        case 825, 888: "vmovd/vmovd/vmovq"
        case 1373: "pextrd/pextrd/pextrq"
        case 1385: "pinsrd/pinsrd/pinsrq"
        default: nil
        }
    }
}
