// What a program finds on its stack when it starts: argument count, argument and environment pointers, the auxiliary vector
// and the strings, in the order and with the alignment of the kernel (`create_elf_tables` in `fs/binfmt_elf.c`).

/// The contents of a new program's stack.
struct InitialStack: Equatable, Sendable {
    /// The stack pointer at the program's entry: the address of `bytes`.
    var pointer: UInt64
    /// Everything from the stack pointer up to the top of the stack.
    var bytes: [UInt8]
    /// The auxiliary vector as /proc/self/auxv shows it.
    var auxiliaryVector: [UInt8]
    /// Where the argument and the environment strings are (/proc/self/stat, /proc/self/cmdline).
    var argumentStrings: Range<UInt64>
    var environmentStrings: Range<UInt64>

    /// An entry of the auxiliary vector (`include/uapi/linux/auxvec.h`).
    struct Auxiliary: Equatable, Sendable {
        enum Kind: UInt64, Sendable {
            case end = 0, programHeaders = 3, programHeaderSize = 4, programHeaderCount = 5, pageSize = 6, base = 7
            case flags = 8, entry = 9, uid = 11, euid = 12, gid = 13, egid = 14, platform = 15, capabilities = 16
            case clockTick = 17, secure = 23, random = 25, capabilities2 = 26, executableName = 31
            /// AT_SYSINFO_EHDR
            case vdso = 33
            case minimumSignalStack = 51
        }
        var kind: Kind
        var value: UInt64
    }

    /// Lays out a stack that ends at `top`, a page boundary.
    /// - Parameters:
    ///   - name: the program's path as it was given to execve (AT_EXECFN).
    ///   - random: 16 bytes for the program's own use (AT_RANDOM).
    ///   - auxiliary: the entries that do not point into the stack; the others are added here.
    static func build(
        top: UInt64, arguments: [[UInt8]], environment: [[UInt8]], name: [UInt8], platform: StaticString,
        random: [UInt8], auxiliary: [Auxiliary]
    ) -> InitialStack {
        var strings = StringArea(top: top - 8)  // the kernel keeps a null pointer at the very top
        let nameAddress = strings.push(name)
        let environmentEnd = strings.bottom
        let environmentAddresses = environment.reversed().map { strings.push($0) }.reversed() as [UInt64]
        let environmentStart = strings.bottom
        let argumentAddresses = arguments.reversed().map { strings.push($0) }.reversed() as [UInt64]
        let argumentStart = strings.bottom

        strings.align(to: 16)
        let platformAddress = strings.push(platform.withUTF8Buffer { Array($0) })
        let randomAddress = strings.push(raw: random)
        strings.align(to: 16)

        var vector: [UInt8] = []
        let pointers = [
            Auxiliary(kind: .random, value: randomAddress), Auxiliary(kind: .executableName, value: nameAddress),
            Auxiliary(kind: .platform, value: platformAddress), Auxiliary(kind: .end, value: 0),
        ]
        for entry in auxiliary + pointers {
            vector.append(integer: entry.kind.rawValue)
            vector.append(integer: entry.value)
        }

        var table: [UInt8] = []
        table.append(integer: UInt64(arguments.count))
        for address in argumentAddresses { table.append(integer: address) }
        table.append(integer: 0 as UInt64)
        for address in environmentAddresses { table.append(integer: address) }
        table.append(integer: 0 as UInt64)
        table += vector

        let pointer = (strings.bottom - UInt64(table.count)) & ~15
        let padding = Int(strings.bottom - pointer) - table.count
        let bytes = table + [UInt8](repeating: 0, count: padding) + strings.bytes + [UInt8](repeating: 0, count: 8)
        return InitialStack(
            pointer: pointer, bytes: bytes, auxiliaryVector: vector,
            argumentStrings: argumentStart..<environmentStart, environmentStrings: environmentStart..<environmentEnd)
    }
}

/// Bytes that grow downwards, as a stack does.
private struct StringArea {
    let top: UInt64
    /// From the top down: reversed at the end, so that pushing is appending.
    private var reversed: [UInt8] = []

    init(top: UInt64) { self.top = top }

    var bottom: UInt64 { top - UInt64(reversed.count) }
    var bytes: [UInt8] { reversed.reversed() }

    /// Pushes a string with its NUL and returns its address.
    mutating func push(_ string: [UInt8]) -> UInt64 {
        reversed.append(0)
        return push(raw: string)
    }

    mutating func push(raw bytes: [UInt8]) -> UInt64 {
        reversed.append(contentsOf: bytes.reversed())
        return bottom
    }

    mutating func align(to size: UInt64) {
        let surplus = bottom % size
        reversed.append(contentsOf: repeatElement(0, count: Int(surplus)))
    }
}
