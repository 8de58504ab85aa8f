// What the kernel knows about a file: `struct stat` is the one struct of these calls that differs between architectures.

extension GuestThread {
    func newfstatat(_ a: Arguments) throws(Errno) -> Int {
        var call = try withHostPaths(.newfstatat, a)
        call[2] = scratch.address(2)
        return try storeStat(pass(.newfstatat, call), at: a[2])
    }

    func fstat(_ a: Arguments) throws(Errno) -> Int {
        var call = a
        call[1] = scratch.address(2)
        return try storeStat(pass(.fstat, call), at: a[1])
    }

    private func storeStat(_ result: Int, at address: UInt64) throws(Errno) -> Int {
        guard result == 0 else { return result }
        try write(abi.stat.guestBytes(fromHost: UnsafeRawBufferPointer(scratch[2])), at: address)
        return 0
    }
}
