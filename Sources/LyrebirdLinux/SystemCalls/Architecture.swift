// What x86 alone has: arch_prctl(2), and the system calls that old programs make by calling an address.

import Lyrebird

extension GuestThread {
    /// `do_arch_prctl_64` in arch/x86/kernel/process_64.c, without what needs a processor that this one is not.
    func archPrctl(_ a: Arguments) throws(Errno) -> Int {
        guard let gsBase = processor.gsBase else { throw .EINVAL }
        let setGS: UInt64 = 0x1001
        let setFS: UInt64 = 0x1002
        let getFS: UInt64 = 0x1003
        let getGS: UInt64 = 0x1004
        let getCPUID: UInt64 = 0x1011
        let option = a[0] & 0xffff_ffff
        switch option {
        case setFS, setGS:
            guard a[1] < Self.addressLimit else { throw .EPERM }
            cpu[option == setFS ? processor.threadPointer : gsBase] = a[1]
            return 0
        case getFS: try store(cpu[processor.threadPointer], at: a[1])
        case getGS: try store(cpu[gsBase], at: a[1])
        case getCPUID: return 1
        default: throw .EINVAL
        }
        return 0
    }

    /// TASK_SIZE_MAX
    static let addressLimit: UInt64 = 0x7fff_ffff_f000

    /// Makes the system call of a place in the vsyscall page, and returns from it. All other places there, and arguments that the call
    /// does not like, are a signal: `emulate_vsyscall` in arch/x86/entry/vsyscall/vsyscall_64.c.
    /// - Returns: false for faults of any other kind.
    func makesVsyscall(_ fault: Fault) -> Bool {
        guard let page = abi.vsyscallPage, fault.access == .execute, fault.address & ~0xfff == page else {
            return false
        }
        // Each call, and the sizes of what its arguments point to.
        let calls: [(call: SystemCall, sizes: [UInt64])] = [
            (.gettimeofday, [16, 8]), (.time, [8]), (.getcpu, [4, 4]),
        ]
        let index = Int(fault.address & 0xc00) >> 10
        let stack = cpu[processor.stackPointer]
        guard fault.address & ~0xc00 == page, calls.indices.contains(index),
            let caller = try? memory.load(UInt64.self, at: stack)
        else {
            deliver(.badFrame)
            return true
        }
        for (place, size) in zip(processor.arguments, calls[index].sizes) where cpu[place] > Self.addressLimit - size {
            let cause = ExceptionRecord(address: cpu[place], syndrome: 6, vector: 14)
            deliver(SynchronousSignal(number: Signal.segmentation, code: 1, address: cpu[place], cause: cause))
            return true
        }
        let result = pass(
            calls[index].call,
            Arguments(cpu[processor.arguments[0]], cpu[processor.arguments[1]], cpu[processor.arguments[2]]))
        guard result != Errno.EFAULT.result else {
            deliver(.badFrame)
            return true
        }
        cpu[processor.result] = UInt64(bitPattern: Int64(result))
        cpu.pc = caller
        cpu[processor.stackPointer] = stack &+ 8
        return true
    }
}
