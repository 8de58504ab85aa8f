// The memory a program starts with: its segments, its interpreter's, the vDSO, and the stack with what is on it.

import Glibc
import Lyrebird

/// Where everything is that the kernel would have mapped.
struct ProcessImage {
    /// What is to be loaded.
    struct Request {
        let program: Executable.Program
        let name: [UInt8]
        let arguments: [[UInt8]]
        let environment: [[UInt8]]
        /// RLIMIT_STACK if it is not the host's.
        let stackLimit: UInt64?
    }

    /// Where execution begins: the interpreter's entry, if there is one.
    let entry: UInt64
    /// What is added to the addresses in the program's file.
    let bias: UInt64
    let stack: InitialStack
    let stackRange: Range<UInt64>
    /// Where the vDSO is, if there is one.
    let vdso: UInt64?
    /// Where signal handlers without SA_RESTORER return to, in it.
    let signalReturn: UInt64?
    /// The page behind the program's last.
    let breakStart: UInt64
    let codeRange: Range<UInt64>
    let arguments: [[UInt8]]
    let environment: [[UInt8]]

    private static let defaultStackSize: UInt64 = 8 << 20
    private static let largestStackSize: UInt64 = 1 << 30

    static func load(_ request: Request, abi: ABI, loader: Loader) throws(Loader.Failure) -> ProcessImage {
        let program = request.program.image.headers
        let bias = try loader.map(request.program.image, base: abi.positionIndependentBase)
        var entry = program.entry &+ bias
        var interpreterBase: UInt64 = 0
        if let interpreter = request.program.interpreter {
            interpreterBase = try loader.map(interpreter, base: abi.interpreterBase)
            entry = interpreter.headers.entry &+ interpreterBase
        }

        let size = stackSize(limit: request.stackLimit ?? hostStackLimit())
        let access: Memory.Access = program.hasExecutableStack ? .readWriteExecute : .readWrite
        let bottom = try loader.reserve(
            "the stack", abi.stackTop - size, size, MapFlags.noReplace, access: access, orAnywhere: true)
        let top = bottom + size

        var vdso: UInt64?
        var auxiliary: [InitialStack.Auxiliary] = []
        if let image = abi.vdso {
            let address = try VDSO.map(image, abi, loader)
            auxiliary.append(.init(kind: .vdso, value: address))
            vdso = address
        }
        let signalReturn = abi.vdso?.signalReturn.flatMap { offset in vdso.map { $0 + UInt64(offset) } }
        auxiliary += [
            .init(kind: .minimumSignalStack, value: abi.signalFrameSize),
            .init(kind: .capabilities, value: Capability.word(abi.capabilities)),
            .init(kind: .pageSize, value: Memory.pageSize),
            .init(kind: .clockTick, value: 100),
            .init(kind: .programHeaders, value: program.programHeaderAddress &+ bias),
            .init(kind: .programHeaderSize, value: UInt64(ELFImage.programHeaderSize)),
            .init(kind: .programHeaderCount, value: UInt64(program.programHeaderCount)),
            .init(kind: .base, value: interpreterBase),
            .init(kind: .flags, value: 0),
            .init(kind: .entry, value: program.entry &+ bias),
            .init(kind: .uid, value: UInt64(getuid())),
            .init(kind: .euid, value: UInt64(geteuid())),
            .init(kind: .gid, value: UInt64(getgid())),
            .init(kind: .egid, value: UInt64(getegid())),
            .init(kind: .secure, value: 0),
            .init(kind: .capabilities2, value: Capability.word(abi.capabilities2)),
        ]
        var generator = SystemRandomNumberGenerator()
        var random: [UInt8] = []
        random.append(integer: generator.next())
        random.append(integer: generator.next())
        let stack = InitialStack.build(
            top: top, arguments: request.arguments, environment: request.environment, name: request.name,
            platform: abi.machineName, random: random, auxiliary: auxiliary)
        // The kernel lets strings and pointers have a quarter of the stack.
        guard stack.bytes.count <= size / 4 else { throw Loader.Failure(what: "the arguments", error: .E2BIG) }
        do { try loader.memory.write(stack.bytes, at: stack.pointer) } catch {
            throw Loader.Failure(what: "the stack", error: .EFAULT)
        }

        let code = program.segments.first { $0.access.contains(.execute) } ?? program.segments[0]
        return ProcessImage(
            entry: entry, bias: bias, stack: stack, stackRange: bottom..<top,
            vdso: vdso, signalReturn: signalReturn, breakStart: program.pages.upperBound &+ bias,
            codeRange: (code.address &+ bias)..<(code.address &+ bias &+ code.memorySize),
            arguments: request.arguments, environment: request.environment)
    }

    /// The size of the main thread's stack: RLIMIT_STACK, within reason.
    private static func stackSize(limit: UInt64) -> UInt64 {
        guard limit < UInt64(Int64.max) else { return defaultStackSize }
        return min(max(limit.pageFloor, 64 << 10), largestStackSize)
    }

    private static func hostStackLimit() -> UInt64 {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(3), &limit) == 0 else { return defaultStackSize }  // RLIMIT_STACK
        return UInt64(limit.rlim_cur)
    }
}
