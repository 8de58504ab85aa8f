// Atomics, fences, counters, segment bases and what else talks to the processor rather than computes.

extension Assembler {
    // MARK: Atomics

    /// The LOCK prefix, for the instruction that follows at once: one of those that read, modify and write memory.
    @inline(__always) public mutating func lock() { byte(0xF0) }

    /// A segment's prefix, for an instruction with an implied address that follows at once.
    @inline(__always) public mutating func segment(_ segment: Memory.Segment) { byte(segment.rawValue) }

    /// Adds `register` to memory and gets what was there.
    public mutating func xadd(_ width: Width, _ memory: Memory, _ register: GPR) {
        encode(.two(0xC0).byteOrSized(width).naming(width, register), register.rawValue, memory)
    }

    /// Stores `register` if memory equals RAX, else loads RAX; ZF says which.
    public mutating func cmpxchg(_ width: Width, _ memory: Memory, _ register: GPR) {
        encode(.two(0xB0).byteOrSized(width).naming(width, register), register.rawValue, memory)
    }

    /// Stores ECX:EBX if memory equals EDX:EAX, else loads EDX:EAX; ZF says which.
    public mutating func cmpxchg8b(_ memory: Memory) { encode(.two(0xC7), 1, memory) }

    /// Stores RCX:RBX if memory equals RDX:RAX, else loads RDX:RAX; ZF says which. Memory is 16-byte aligned.
    public mutating func cmpxchg16b(_ memory: Memory) { encode(.two(0xC7).sized(.b64), 1, memory) }

    // MARK: Fences

    public mutating func mfence() { bytes(0x0F, 0xAE, 0xF0) }
    public mutating func lfence() { bytes(0x0F, 0xAE, 0xE8) }
    public mutating func sfence() { bytes(0x0F, 0xAE, 0xF8) }
    public mutating func pause() { word(0x90F3) }

    // MARK: Segment bases

    public mutating func rdfsbase(_ width: Width, _ register: GPR) { segmentBase(0, width, register) }
    public mutating func rdgsbase(_ width: Width, _ register: GPR) { segmentBase(1, width, register) }
    public mutating func wrfsbase(_ width: Width, _ register: GPR) { segmentBase(2, width, register) }
    public mutating func wrgsbase(_ width: Width, _ register: GPR) { segmentBase(3, width, register) }

    @inline(__always) private mutating func segmentBase(_ digit: UInt8, _ width: Width, _ register: GPR) {
        encode(.two(0xAE, prefix: 2).wide(width), digit, register.rawValue)
    }

    // MARK: Floating-point control

    public mutating func ldmxcsr(_ memory: Memory) { encode(.two(0xAE), 2, memory) }
    public mutating func stmxcsr(_ memory: Memory) { encode(.two(0xAE), 3, memory) }

    // MARK: Counters and identification

    /// The counter to EDX:EAX.
    public mutating func rdtsc() { word(0x310F) }
    /// The counter to EDX:EAX and the processor to ECX, after what came before.
    public mutating func rdtscp() { bytes(0x0F, 0x01, 0xF9) }
    public mutating func cpuid() { word(0xA20F) }
    public mutating func xgetbv() { bytes(0x0F, 0x01, 0xD0) }

    // MARK: Traps and system calls

    public mutating func syscall() { word(0x050F) }
    public mutating func ud2() { word(0x0B0F) }
    public mutating func int3() { byte(0xCC) }

    @inline(__always) private mutating func bytes(_ first: UInt8, _ second: UInt8, _ third: UInt8) {
        byte(first)
        byte(second)
        byte(third)
    }
}
