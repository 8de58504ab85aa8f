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
    private static let addressLimit: UInt64 = 0x7fff_ffff_f000

    /// Makes the system call of a place in the vsyscall page, which nothing but such a call may jump to, and returns from it:
    /// `emulate_vsyscall` in arch/x86/entry/vsyscall/vsyscall_64.c.
    func makesVsyscall(_ fault: Fault) -> Bool {
        guard let page = abi.vsyscallPage, fault.access == .execute, fault.address & ~0xc00 == page else {
            return false
        }
        let calls: [SystemCall] = [.gettimeofday, .time, .getcpu]
        let index = Int(fault.address - page) >> 10
        let stack = cpu[processor.stackPointer]
        guard calls.indices.contains(index), let caller = try? memory.load(UInt64.self, at: stack) else { return false }
        let arguments = Arguments(
            cpu[processor.arguments[0]], cpu[processor.arguments[1]], cpu[processor.arguments[2]])
        let result = pass(calls[index], arguments)
        guard result != Errno.EFAULT.result else { return false }
        cpu[processor.result] = UInt64(bitPattern: Int64(result))
        cpu.pc = caller
        cpu[processor.stackPointer] = stack &+ 8
        return true
    }
}
