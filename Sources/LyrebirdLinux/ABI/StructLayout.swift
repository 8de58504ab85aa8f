// Structs whose fields lie elsewhere on guest and host, as rows of offsets. Both sides are little-endian, so a field is
// copied byte by byte and extended with zeros, or cut, where the sizes differ.

/// How a struct of the host's maps onto the guest's.
struct StructLayout: Sendable {
    struct Field: Sendable {
        let host: Int
        let hostSize: Int
        let guest: Int
        let guestSize: Int

        init(host: Int, _ hostSize: Int, guest: Int, _ guestSize: Int) {
            self.host = host
            self.hostSize = hostSize
            self.guest = guest
            self.guestSize = guestSize
        }
    }

    let hostSize: Int
    let guestSize: Int
    let fields: [Field]

    /// The guest's form of a host struct. What the guest has and the host does not is zero.
    func guestBytes(fromHost bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: guestSize)
        for field in fields {
            for index in 0..<min(field.hostSize, field.guestSize) {
                result[field.guest + index] = bytes[field.host + index]
            }
        }
        return result
    }

    /// Writes the host's form of a guest struct to `host`.
    func copyToHost(_ bytes: [UInt8], _ host: UnsafeMutableRawBufferPointer) {
        for index in 0..<hostSize { host[index] = 0 }
        for field in fields {
            for index in 0..<min(field.hostSize, field.guestSize) {
                host[field.host + index] = bytes[field.guest + index]
            }
        }
    }
}
