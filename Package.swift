// swift-tools-version: 6.2
import PackageDescription

/// Targets that do I/O live on the event loop: `MainActor` is the loop, so it is the default isolation and
/// a nonisolated `async` function stays on its caller's executor.
let onTheLoop: [SwiftSetting] = [
    .defaultIsolation(MainActor.self),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Targets that only compute (sans-I/O codecs), and those with commands of ArgumentParser, whose property wrappers do
/// not go with a default isolation.
let nonisolated: [SwiftSetting] = [
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// An example: a program in a folder of its name.
func example(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: "Examples/\(name)", swiftSettings: onTheLoop)
}

let package = Package(
    name: "martlet",
    products: [
        .library(name: "Martlet", targets: ["Martlet"]),
        .library(name: "MartletLoop", targets: ["MartletLoop"]),
        .library(name: "MartletNet", targets: ["MartletNet"]),
        .library(name: "MartletProcessPool", targets: ["MartletProcessPool"]),
        .library(name: "MartletHTTP", targets: ["MartletHTTP"]),
        .library(name: "MartletServer", targets: ["MartletServer"]),
        .executable(name: "martletd", targets: ["martletd"]),
        .executable(name: "martletctl", targets: ["martletctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        .target(name: "CMartlet", cSettings: [.define("_GNU_SOURCE")]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .target(
            name: "MartletLoop",
            dependencies: [
                "CMartlet", .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: onTheLoop),
        .target(
            name: "MartletNet",
            dependencies: ["CMartlet", "MartletLoop", .product(name: "DequeModule", package: "swift-collections")],
            swiftSettings: onTheLoop),
        .target(name: "MartletProcessPool", dependencies: ["CMartlet", "MartletLoop"], swiftSettings: onTheLoop),
        .target(
            name: "MartletHTTP",
            dependencies: [.product(name: "HTTPTypes", package: "swift-http-types")],
            swiftSettings: nonisolated),
        .target(
            name: "MartletServer",
            dependencies: [
                "MartletLoop", "MartletNet", "MartletHTTP", logging,
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: onTheLoop),
        .target(
            name: "MartletSupervisor",
            dependencies: [
                "CMartlet", "CSystemd", "MartletLoop", "MartletNet", "MartletServer", logging,
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: onTheLoop),
        .target(
            name: "Martlet",
            dependencies: [
                "MartletSupervisor", "MartletServer", "MartletHTTP", "MartletProcessPool", "MartletNet", "MartletLoop",
                logging, argumentParser,
            ],
            swiftSettings: nonisolated),
        .executableTarget(name: "martletd", dependencies: ["Martlet"], swiftSettings: onTheLoop),
        .executableTarget(
            name: "martletctl", dependencies: ["Martlet"], swiftSettings: nonisolated),

        example("hello", ["Martlet"]),
        example("hello-loop", ["MartletLoop"]),
        example("side-by-side", ["MartletLoop"]),
        example("raise-and-catch", ["MartletLoop"]),
        example("as-completed", ["MartletLoop"]),
        example("echo", ["MartletLoop", "MartletNet"]),
        example("downloads", ["MartletLoop", "MartletNet"]),
        example("cpu-bound", ["MartletLoop", "MartletProcessPool"]),
        example("chat", ["MartletLoop", "MartletNet"]),
        example("pipelines", ["MartletLoop", "MartletNet"]),

        .executableTarget(
            name: "bench-server", dependencies: ["Martlet"], path: "Benchmarks/server", swiftSettings: onTheLoop),
        .executableTarget(
            name: "loop-bench", dependencies: ["MartletLoop", "MartletNet"], path: "Benchmarks/loop-bench",
            swiftSettings: onTheLoop),

        .executableTarget(
            name: "loop-program", dependencies: ["MartletLoop", "MartletNet"], path: "Tests/Programs/loop-program",
            swiftSettings: onTheLoop),
        .testTarget(name: "MartletLoopTests", dependencies: ["MartletLoop"], swiftSettings: onTheLoop),
        .testTarget(name: "MartletNetTests", dependencies: ["MartletNet"], swiftSettings: onTheLoop),
        .testTarget(
            name: "MartletProcessPoolTests", dependencies: ["MartletProcessPool"], swiftSettings: onTheLoop),
        .testTarget(name: "MartletHTTPTests", dependencies: ["MartletHTTP"], swiftSettings: nonisolated),
        .testTarget(name: "MartletServerTests", dependencies: ["MartletServer"], swiftSettings: onTheLoop),
        .testTarget(name: "MartletSupervisorTests", dependencies: ["MartletSupervisor"], swiftSettings: onTheLoop),
        .testTarget(name: "MartletTests", dependencies: ["Martlet"], swiftSettings: onTheLoop),
        .testTarget(name: "EndToEnd", dependencies: ["MartletLoop"], swiftSettings: onTheLoop),
    ],
    swiftLanguageModes: [.v6]
)
