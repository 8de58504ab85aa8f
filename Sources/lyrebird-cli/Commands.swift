// Options and subcommands.

import ArgumentParser
import Glibc
import Lyrebird
import LyrebirdLinux

struct Lyrebird: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lyrebird",
        abstract: "Runs programs of one processor on another.",
        discussion: """
            Runs a Linux program for AArch64 or x86-64. Options end at the program's path: everything behind it is the program's own. A \
            program named like a subcommand is run as ./name, or behind --.

            The exit status is the program's; 128 + n if signal n ended it, 127 if there is no such program, 126 if it \
            cannot be run.
            """,
        version: "lyrebird 0.1",
        subcommands: [Run.self, Explain.self, Bench.self],
        defaultSubcommand: Run.self)

    static let subcommandNames = ["run", "explain", "bench", "help"]
}

/// How to translate: the same for all subcommands.
struct TranslationOptions: ParsableArguments {
    @Option(
        name: [.customLong(PlainStart.sysrootOption), .customShort("L")],
        help: ArgumentHelp("Look absolute paths up in this directory first.", valueName: "directory"))
    var sysroot: String?

    @Option(help: ArgumentHelp("Use these extensions of the host's instruction set only.", valueName: "names"))
    var hostFeatures = "detected"

    @Option(
        help: ArgumentHelp(
            "Run these passes of the optimiser: worthwhile (all, on loops and where they are likely to gain), all, none, or names.",
            valueName: "names"))
    var passes = "worthwhile"

    @Option(help: ArgumentHelp("Stop optimising after so many rewrites.", valueName: "n"))
    var passFuel: Int?

    @Option(help: ArgumentHelp("Memory for translations.", valueName: "bytes"))
    var cacheSize = 64 << 20

    @Option(help: ArgumentHelp("Guest instructions in a translation at most.", valueName: "n"))
    var unitLimit = 96

    @Option(
        help: ArgumentHelp(
            "Times a loop goes round before it is translated as a whole (1: at once, 0: never).", valueName: "n"))
    var loopThreshold = 500

    @Flag(inversion: .prefixedNo, help: "Let translations jump to each other directly.")
    var chaining = true

    @Flag(inversion: .prefixedNo, help: "Predict guest returns with the host's return stack.")
    var returnPrediction = true

    @Flag(
        inversion: .prefixedNo,
        help: "Interpret code that is executed for the first time, and translate it if it is for the second.")
    var interpretFirst = true

    var linuxOptions: LinuxProcess.Options {
        var configuration = Machine.Configuration()
        configuration.hostFeatures = hostFeatures
        configuration.passes = passes
        configuration.passFuel = passFuel ?? .max
        configuration.cacheSize = cacheSize
        configuration.unitLimit = unitLimit
        configuration.loopThreshold = loopThreshold
        configuration.chainsTranslations = chaining
        configuration.predictsReturns = returnPrediction
        configuration.interpretsFirst = interpretFirst
        return LinuxProcess.Options(sysroot: sysroot, translation: configuration)
    }
}

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run a program (the default).")

    @OptionGroup(title: "Translation") var translation: TranslationOptions

    @Option(
        name: [.customShort("E"), .long],
        help: ArgumentHelp("Set a variable of the program's environment, or remove it.", valueName: "NAME[=value]"))
    var env: [String] = []

    @Option(
        name: [.customShort("U"), .long],
        help: ArgumentHelp("Remove a variable of the program's environment.", valueName: "NAME"))
    var unset: [String] = []

    @Option(
        name: [.customShort("0"), .customLong("argv0")],
        help: ArgumentHelp("Give the program this name as its first argument, and not its path.", valueName: "name"))
    var argumentZero: String?

    @Flag(help: "Write a line to standard error for each system call.")
    var strace = false

    @Option(
        help: ArgumentHelp(
            "Wait for gdb before the first instruction (port, :port, host:port; without a host this host alone is served).",
            valueName: "address"))
    var gdb: String?

    @Flag(help: "Write the names of translated functions to /tmp/perf-PID.map, where perf looks for them.")
    var perfMap = false

    @Option(
        help: ArgumentHelp(
            "Write translated code to jit-PID.dump in this directory, for perf inject --jit.", valueName: "directory"))
    var jitdump: String?

    @Flag(help: "Write figures of the translation to standard error at the end.")
    var stats = false

    @Flag(
        help: """
            Write to standard error how many instructions were executed: when the program ends, and when a child or a program that it \
            executes does.
            """)
    var count = false

    @Option(
        help: ArgumentHelp(
            """
            Write which blocks were executed to this file, as drcov does. Children, and programs that are executed, have files of their \
            own, with the number of the process behind the name.
            """, valueName: "file"))
    var coverage: String?

    @Argument(parsing: .captureForPassthrough, help: "The program and its arguments.")
    var command: [String] = []

    func validate() throws {
        if let name = unset.first(where: { $0.contains("=") }) {
            throw ValidationError("'\(name)' is no variable's name")
        }
    }

    func run() throws {
        var runner = Runner()
        runner.options = translation.linuxOptions
        runner.options.strace = strace
        runner.debugAddress = gdb
        runner.options.perfMap = perfMap
        runner.options.jitDumpDirectory = jitdump.map(absolute)
        runner.environment = env + unset
        runner.argumentZero = argumentZero.map { Array($0.utf8) }
        runner.options.keepsStandardError = stats || count
        runner.options.countsInstructions = count
        if let coverage {
            // The program may go to another directory.
            let path = absolute(coverage)
            let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
            guard file >= 0 else { fail("\(path): \(String(cString: strerror(errno)))", status: 1) }
            close(file)
            runner.options.coverage = path
        }
        runner.options.translation.measuresTranslation = stats
        if stats { runner.report = { Report(of: $0.machine, $1).write(to: $0.standardError) } }
        runner.run(try words(of: command))
    }
}

/// The program and its arguments, without the `--` that may stand before them.
private func words(of command: [String]) throws -> [[UInt8]] {
    var words = command
    if words.first == "--" {
        words.removeFirst()
    } else if let first = words.first, first.hasPrefix("-") {
        throw ValidationError("unknown option '\(first)'")
    }
    guard !words.isEmpty else { throw ValidationError("name a program to run") }
    return words.map { Array($0.utf8) }
}

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a program and show what translating it cost.",
        discussion: """
            When the program has ended, all of its code that is translated then is translated over again, stage by stage, \
            and nothing of that is run. What the program executed or forked is not part of the figures.
            """)

    @OptionGroup(title: "Translation") var translation: TranslationOptions

    @Option(help: ArgumentHelp("How often to translate over again.", valueName: "n"))
    var rounds = 5

    @Option(help: ArgumentHelp("Write the figures as JSON to this file, and not to standard error.", valueName: "file"))
    var json: String?

    @Argument(parsing: .captureForPassthrough, help: "The program and its arguments.")
    var command: [String] = []

    func validate() throws {
        guard rounds > 0 else { throw ValidationError("--rounds has to be 1 or more") }
    }

    func run() throws {
        var runner = Runner()
        runner.options = translation.linuxOptions
        runner.options.keepsStandardError = true
        runner.options.translation.measuresTranslation = true
        // The program may go to another directory.
        let (rounds, json) = (rounds, json.map(absolute))
        runner.report = { process, startUp in
            let report = Report(of: process.machine, startUp, rounds: rounds)
            if let json { report.write(toJSON: json) } else { report.write(to: process.standardError) }
        }
        runner.run(try words(of: command))
    }
}

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show guest code, IR, optimised IR and host code, block by block.")

    @OptionGroup(title: "Translation") var translation: TranslationOptions

    @Option(help: ArgumentHelp("Explain this function of the program's symbol table.", valueName: "name"))
    var function: String?

    @Option(help: ArgumentHelp("Explain the code at this address (0x… or decimal).", valueName: "address"))
    var address: String?

    @Argument(help: "The program.")
    var program: String

    func run() throws {
        let process = Runner(options: translation.linuxOptions).load([Array(program.utf8)])
        var range: Range<UInt64>
        if let function {
            guard let found = process.function(named: function) else {
                fail("\(program): no function \(function) in its symbol table", status: 1)
            }
            range = found
        } else if let address {
            let digits = address.hasPrefix("0x") ? address.dropFirst(2) : Substring(address)
            guard let number = UInt64(digits, radix: address.hasPrefix("0x") ? 16 : 10) else {
                throw ValidationError("'\(address)' is no address")
            }
            range = number..<number + 1
        } else {
            range = process.entry..<process.entry + 1
        }
        ExplainReport(machine: process.machine).print(range, of: program)
    }
}

/// A path that stays what it is in another directory.
private func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : currentDirectory + "/" + path }

/// This process's directory, or `.` where it has none any more.
private var currentDirectory: String {
    guard let path = getcwd(nil, 0) else { return "." }
    defer { free(path) }
    return String(cString: path)
}
