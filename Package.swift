// swift-tools-version: 6.1
// Lyrebird: a dynamic binary translator. Each box of Docs/Architecture.md is a target, so the compiler enforces who may
// import whom: a guest sees the IR, the host sees the IR, and neither sees the other.

import PackageDescription

var strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
// Set by .ci/run. An option of the command line would meet the dependencies, too.
if Context.environment["LYREBIRD_WARNINGS"] == "error" {
    strict.append(.unsafeFlags(["-warnings-as-errors"]))
}

let package = Package(
    name: "lyrebird",
    products: [
        .library(name: "Lyrebird", targets: ["Lyrebird"]),
        .library(name: "LyrebirdHostFunctions", targets: ["LyrebirdHostFunctions"]),
        .library(name: "LyrebirdDebug", targets: ["LyrebirdDebug"]),
        .library(name: "LyrebirdLinux", targets: ["LyrebirdLinux"]),
        .executable(name: "lyrebird", targets: ["lyrebird-cli"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
    ],
    targets: [
        .target(name: "CLyrebird"),
        .target(name: "LyrebirdIR", dependencies: ["CLyrebird"], swiftSettings: strict),
        .target(name: "LyrebirdPasses", dependencies: ["LyrebirdIR"], swiftSettings: strict),
        .target(name: "LyrebirdX64", dependencies: ["LyrebirdIR", "CLyrebird"], swiftSettings: strict),
        .target(name: "LyrebirdARM64", dependencies: ["LyrebirdIR"], swiftSettings: strict),
        .target(name: "LyrebirdX86", dependencies: ["LyrebirdIR"], swiftSettings: strict),
        .target(
            name: "LyrebirdRuntime",
            dependencies: ["CLyrebird", "LyrebirdIR", "LyrebirdPasses", "LyrebirdX64"], swiftSettings: strict),
        .target(
            name: "Lyrebird",
            dependencies: [
                "CLyrebird", "LyrebirdIR", "LyrebirdPasses", "LyrebirdX64", "LyrebirdRuntime", "LyrebirdARM64",
                "LyrebirdX86",
            ],
            swiftSettings: strict),
        // Apart from the rest, so that nobody needs libffi who does not use it.
        .systemLibrary(name: "CFFI", pkgConfig: "libffi", providers: [.apt(["libffi-dev"])]),
        .target(name: "LyrebirdHostFunctions", dependencies: ["Lyrebird", "CFFI"], swiftSettings: strict),
        .target(name: "LyrebirdDebug", dependencies: ["Lyrebird"], swiftSettings: strict),
        .target(name: "LyrebirdLinux", dependencies: ["Lyrebird", "LyrebirdDebug"], swiftSettings: strict),
        .executableTarget(
            name: "lyrebird-cli",
            dependencies: [
                "Lyrebird", "LyrebirdDebug", "LyrebirdLinux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "Embedding", dependencies: ["Lyrebird"], path: "Examples/Embedding", swiftSettings: strict),
        .executableTarget(
            name: "HostLibrary", dependencies: ["Lyrebird", "LyrebirdHostFunctions"], path: "Examples/HostLibrary",
            exclude: ["guest.c"], swiftSettings: strict),
        .executableTarget(
            name: "EmbeddingBenchmark", dependencies: ["Lyrebird"], path: "Benchmarks/embedding",
            exclude: ["run", "unicorn.c", "kernels"], swiftSettings: strict),
        .executableTarget(
            name: "BareMetalARM64", dependencies: ["Lyrebird"], path: "Examples/BareMetalARM64", swiftSettings: strict),
        .executableTarget(
            name: "BareMetalX86", dependencies: ["Lyrebird"], path: "Examples/BareMetalX86", swiftSettings: strict),
        .executableTarget(
            name: "Fuzzer", dependencies: ["Lyrebird"], path: "Examples/Fuzzer", swiftSettings: strict),
        .executableTarget(
            name: "Tracer", dependencies: ["Lyrebird"], path: "Examples/Tracer", swiftSettings: strict),
        .executableTarget(
            name: "Sandbox", dependencies: ["Lyrebird"], path: "Examples/Sandbox", swiftSettings: strict),
        .target(name: "TestSupport", dependencies: ["LyrebirdIR"], path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "LyrebirdCodeTests", dependencies: ["Lyrebird", "LyrebirdARM64", "TestSupport"], swiftSettings: strict
        ),
        .testTarget(
            name: "LyrebirdHostFunctionsTests", dependencies: ["Lyrebird", "LyrebirdHostFunctions", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "LyrebirdDebugTests", dependencies: ["LyrebirdDebug", "Lyrebird", "lyrebird-cli", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "LyrebirdTests", dependencies: ["Lyrebird"], swiftSettings: strict),
        .testTarget(name: "LyrebirdIRTests", dependencies: ["LyrebirdIR", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "LyrebirdPassesTests", dependencies: ["LyrebirdPasses", "LyrebirdIR", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "LyrebirdX64Tests", dependencies: ["LyrebirdX64", "LyrebirdIR"], swiftSettings: strict),
        .testTarget(
            name: "LyrebirdRuntimeTests",
            dependencies: ["LyrebirdRuntime", "LyrebirdX64", "LyrebirdPasses", "LyrebirdIR", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "LyrebirdLinuxTests", dependencies: ["LyrebirdLinux", "Lyrebird", "lyrebird-cli"],
            swiftSettings: strict),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "lyrebird-cli", "Embedding", "HostLibrary", "BareMetalARM64", "BareMetalX86", "Sandbox", "Fuzzer",
                "Tracer",
                "EmbeddingBenchmark", "EscapeRunner", "ProcessRunner", "TestSupport",
            ], swiftSettings: strict),
        .testTarget(
            name: "LyrebirdDifferentialTests",
            dependencies: [
                "CLyrebird", "LyrebirdIR", "LyrebirdPasses", "LyrebirdX64", "LyrebirdRuntime", "LyrebirdARM64",
                "TestSupport", "HostileRunner",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "HostileRunner", dependencies: ["Lyrebird"], path: "Tests/HostileRunner", swiftSettings: strict),
        .executableTarget(
            name: "EscapeRunner", dependencies: ["Lyrebird"], path: "Tests/EscapeRunner",
            exclude: ["arm64.S", "x86_64.S"], swiftSettings: strict),
        .executableTarget(
            name: "ProcessRunner", dependencies: ["LyrebirdLinux", "Lyrebird"], path: "Tests/ProcessRunner",
            swiftSettings: strict),
        .testTarget(name: "LyrebirdARM64Tests", dependencies: ["LyrebirdARM64", "LyrebirdIR"], swiftSettings: strict),
        .executableTarget(name: "HostDecoder", path: "Tests/HostDecoder"),
        .executableTarget(name: "HostExecutor", path: "Tests/HostExecutor"),
        .testTarget(
            name: "LyrebirdX86Tests",
            dependencies: [
                "Lyrebird", "LyrebirdX86", "LyrebirdIR", "LyrebirdPasses", "TestSupport", "HostDecoder", "HostExecutor",
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
