// What the kernel knows about a file. `struct stat` is the one struct of these calls that differs between architectures.

extension GuestThread {
    func newfstatat(_ a: Arguments) throws(Errno) -> Int {
        try status(.newfstatat, try withHostPaths(.newfstatat, a), at: 2)
    }

    func fstat(_ a: Arguments) throws(Errno) -> Int { try status(.fstat, a, at: 1) }

    /// stat(2) and lstat(2).
    func stat(_ call: SystemCall, _ a: Arguments) throws(Errno) -> Int {
        try status(call, try withHostPaths(call, a), at: 1)
    }

    /// A call that writes a `struct stat` to the address in one argument.
    private func status(_ call: SystemCall, _ a: Arguments, at index: Int) throws(Errno) -> Int {
        guard let layout = abi.stat else { return pass(call, a) }
        var hostCall = a
        hostCall[index] = scratch.address(2)
        let result = pass(call, hostCall)
        guard result == 0 else { return result }
        try write(layout.guestBytes(fromHost: UnsafeRawBufferPointer(scratch[2])), at: a[index])
        return 0
    }
}
