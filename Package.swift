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
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")
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
        .library(name: "MartletTLS", targets: ["MartletTLS"]),
        .library(name: "MartletProcessPool", targets: ["MartletProcessPool"]),
        .library(name: "MartletHTTP", targets: ["MartletHTTP"]),
        .library(name: "MartletJSON", targets: ["MartletJSON"]),
        .library(name: "MartletServer", targets: ["MartletServer"]),
        .library(name: "MartletClient", targets: ["MartletClient"]),
        .library(name: "MartletWebSocket", targets: ["MartletWebSocket"]),
        .library(name: "MartletSQLite", targets: ["MartletSQLite"]),
        .library(name: "MartletRESP", targets: ["MartletRESP"]),
        .library(name: "MartletRedis", targets: ["MartletRedis"]),
        .library(name: "MartletRedisChannels", targets: ["MartletRedisChannels"]),
        .library(name: "MartletQueue", targets: ["MartletQueue"]),
        .library(name: "MartletStore", targets: ["MartletStore"]),
        .library(name: "MartletStoreService", targets: ["MartletStoreService"]),
        .library(name: "MartletDownloads", targets: ["MartletDownloads"]),
        .library(name: "MartletDownloadService", targets: ["MartletDownloadService"]),
        .library(name: "MartletTesting", targets: ["MartletTesting"]),
        .library(name: "MartletLifecycle", targets: ["MartletLifecycle"]),
        .executable(name: "martletd", targets: ["martletd"]),
        .executable(name: "martletctl", targets: ["martletctl"]),
        // For the tests alone: what is preloaded has to be a library.
        .library(name: "allocation-counter", type: .dynamic, targets: ["allocation-counter"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(name: "CMartlet", cSettings: [.define("_GNU_SOURCE")]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlienc", providers: [.apt(["libbrotli-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
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
        .target(name: "CTLS", dependencies: ["COpenSSL"], cSettings: [.define("_GNU_SOURCE")]),
        .target(
            name: "MartletTLS", dependencies: ["CTLS", "COpenSSL", "MartletLoop", "MartletNet"],
            swiftSettings: onTheLoop),
        .target(name: "MartletProcessPool", dependencies: ["CMartlet", "MartletLoop"], swiftSettings: onTheLoop),
        .target(
            name: "MartletHTTP",
            dependencies: [.product(name: "HTTPTypes", package: "swift-http-types")],
            swiftSettings: nonisolated),
        .target(name: "MartletJSON", swiftSettings: nonisolated),
        .target(
            name: "MartletServer",
            dependencies: [
                "CMartlet", "CZlib", "CBrotli", "COpenSSL", "MartletLoop", "MartletNet", "MartletTLS", "MartletHTTP",
                "MartletJSON", logging,
                metrics, tracing, .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: onTheLoop),
        .target(
            name: "MartletClient",
            dependencies: [
                "CMartlet", "COpenSSL", "MartletHTTP", "MartletJSON", "MartletLoop", "MartletNet", "MartletServer",
                "MartletTLS", logging, metrics, tracing,
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: onTheLoop),
        .target(
            name: "MartletWebSocketCodec", dependencies: ["CZlib", "COpenSSL", "MartletHTTP"],
            swiftSettings: nonisolated),
        .target(
            name: "MartletWebSocket",
            dependencies: [
                "MartletWebSocketCodec", "MartletClient", "MartletLoop", "MartletNet", "MartletHTTP", "MartletServer",
                "MartletTLS", logging,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: onTheLoop),
        .target(name: "MartletRESP", swiftSettings: nonisolated),
        .target(
            name: "MartletRedis",
            dependencies: [
                "CMartlet", "COpenSSL", "MartletRESP", "MartletLoop", "MartletNet", "MartletTLS", logging, metrics,
                tracing,
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            exclude: ["Commands/Table/README.md"], swiftSettings: onTheLoop, plugins: ["RedisCommands"]),
        // Makes the typed commands of MartletRedis from the table that lies in it.
        .target(name: "RedisCommandTable", swiftSettings: nonisolated),
        .executableTarget(name: "redis-commands", dependencies: ["RedisCommandTable"], swiftSettings: nonisolated),
        .plugin(name: "RedisCommands", capability: .buildTool(), dependencies: ["redis-commands"]),
        .target(
            name: "MartletRedisChannels",
            dependencies: [
                "MartletRedis", "MartletRESP", "MartletWebSocket", "MartletServer", "MartletLoop", logging,
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: onTheLoop),
        .target(name: "CCachedReads", cSettings: [.define("_GNU_SOURCE")]),
        .target(
            name: "MartletSQLite",
            dependencies: [
                "CCachedReads", "CSQLite", "MartletLoop",
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: nonisolated),
        .target(
            name: "MartletStore",
            dependencies: [
                "MartletSQLite", "MartletRedis", "MartletRESP", "MartletLoop",
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: onTheLoop),
        .target(
            name: "MartletDownloadPlan", dependencies: ["MartletHTTP", "MartletJSON"], swiftSettings: nonisolated),
        .target(
            name: "MartletDownloads",
            dependencies: [
                "COpenSSL", "MartletDownloadPlan", "MartletClient", "MartletHTTP", "MartletLoop",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: onTheLoop),
        .target(
            name: "MartletDownloadService",
            dependencies: [
                "MartletDownloads", "MartletDownloadPlan", "MartletSQLite", "MartletClient", "MartletServer",
                "MartletHTTP", "MartletNet", "MartletLoop", logging,
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: onTheLoop),
        .target(
            name: "MartletStoreService",
            dependencies: [
                "MartletStore", "MartletServer", "MartletHTTP", "MartletJSON", "MartletLoop", logging,
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: onTheLoop),
        .target(
            name: "MartletQueue",
            dependencies: [
                "MartletSQLite", "MartletRedis", "MartletRESP", "MartletServer", "MartletHTTP", "MartletJSON",
                "MartletLoop", logging, metrics,
            ],
            swiftSettings: onTheLoop),
        .target(
            name: "MartletSupervisor",
            dependencies: [
                "CMartlet", "CSystemd", "MartletLoop", "MartletNet", "MartletTLS", "MartletServer", logging, metrics,
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: onTheLoop),
        .target(
            name: "MartletLifecycle",
            dependencies: [
                "MartletServer", logging,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: onTheLoop),
        .target(
            name: "Martlet",
            dependencies: [
                "MartletSupervisor", "MartletClient", "MartletTLS", "MartletDownloads", "MartletDownloadPlan",
                "MartletDownloadService", "MartletQueue", "MartletStore", "MartletStoreService", "MartletJSON",
                "MartletWebSocket", "MartletWebSocketCodec", "MartletServer", "MartletHTTP",
                "MartletRedis", "MartletRedisChannels", "MartletProcessPool", "MartletNet", "MartletLoop", logging,
                metrics, argumentParser,
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: nonisolated),
        .target(
            name: "MartletTesting",
            dependencies: [
                "Martlet", "MartletServer", "MartletHTTP", "MartletNet", "MartletLoop", logging,
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: onTheLoop),
        .executableTarget(name: "martletd", dependencies: ["Martlet"], swiftSettings: onTheLoop),
        .executableTarget(
            name: "martletctl", dependencies: ["Martlet"], swiftSettings: nonisolated),

        example("hello", ["Martlet"]),
        example("hello-loop", ["MartletLoop"]),
        example("side-by-side", ["MartletLoop"]),
        example("raise-and-catch", ["MartletLoop"]),
        example("as-completed", ["MartletLoop"]),
        example("echo", ["MartletLoop", "MartletNet"]),
        example("downloads", ["MartletDownloads", "MartletClient", "MartletLoop", "MartletNet"]),
        example("mirror", ["MartletDownloads", "MartletClient", "MartletLoop"]),
        example("cpu-bound", ["MartletLoop", "MartletProcessPool"]),
        example("chat", ["MartletLoop", "MartletNet"]),
        example("todo", ["Martlet"]),
        example("upload", ["Martlet"]),
        example("events", ["Martlet"]),
        example("cpu-bound-http", ["Martlet"]),
        example("websocket-echo", ["Martlet"]),
        // The page that the chats share.
        .target(name: "ChatPage", path: "Examples/chat-page", swiftSettings: nonisolated),
        example("chat-web", ["Martlet", "MartletJSON", "ChatPage"]),
        example("ticker", ["Martlet"]),
        example("redis-chat", ["Martlet", "MartletRedisChannels", "ChatPage"]),
        example("job-queue", ["Martlet", "MartletQueue", "MartletJSON"]),
        example("counter", ["Martlet", "MartletStore", "MartletStoreService"]),
        example("cached", ["Martlet", "MartletStore", "MartletStoreService"]),
        example("pipelines", ["MartletLoop", "MartletNet"]),
        example("fetch-three", ["MartletClient", "MartletLoop"]),
        example("redis-hello", ["MartletRedis", "MartletLoop"]),
        example("link-checker", ["MartletClient", "MartletLoop"]),

        .executableTarget(
            name: "bench-server", dependencies: ["Martlet", "MartletTLS"], path: "Benchmarks/server",
            swiftSettings: onTheLoop),
        .executableTarget(
            name: "loop-bench", dependencies: ["MartletLoop", "MartletNet"], path: "Benchmarks/loop-bench",
            swiftSettings: onTheLoop),

        .executableTarget(
            name: "client-bench", dependencies: ["MartletClient", "MartletLoop"], path: "Benchmarks/client-bench",
            swiftSettings: onTheLoop),

        .executableTarget(
            name: "redis-bench", dependencies: ["MartletRedis", "MartletLoop"], path: "Benchmarks/redis-bench",
            swiftSettings: onTheLoop),

        .executableTarget(
            name: "store-bench", dependencies: ["MartletStore", "MartletLoop"], path: "Benchmarks/store-bench",
            swiftSettings: onTheLoop),

        .target(name: "allocation-counter", path: "Tests/Programs/allocation-counter"),
        .executableTarget(
            name: "loop-program", dependencies: ["MartletLoop", "MartletNet"], path: "Tests/Programs/loop-program",
            swiftSettings: onTheLoop),
        .executableTarget(
            name: "parser-verdicts", dependencies: ["MartletHTTP"], path: "Tests/Programs/parser-verdicts",
            swiftSettings: nonisolated),
        .executableTarget(
            name: "web-program", dependencies: ["Martlet"], path: "Tests/Programs/web-program",
            swiftSettings: onTheLoop),
        .executableTarget(
            name: "queue-program", dependencies: ["MartletQueue", "MartletLoop"], path: "Tests/Programs/queue-program",
            swiftSettings: onTheLoop),
        .executableTarget(
            name: "websocket-client", dependencies: ["MartletWebSocket", "MartletWebSocketCodec", "MartletLoop"],
            path: "Tests/Programs/websocket-client", swiftSettings: onTheLoop),
        .executableTarget(
            name: "observed-program",
            dependencies: [
                "Martlet", "MartletLifecycle", metrics,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Tests/Programs/observed-program", swiftSettings: onTheLoop),
        .testTarget(name: "MartletLoopTests", dependencies: ["MartletLoop"], swiftSettings: onTheLoop),
        .testTarget(name: "MartletNetTests", dependencies: ["MartletNet"], swiftSettings: onTheLoop),
        .testTarget(
            name: "MartletTLSTests",
            dependencies: [
                "MartletTLS", "MartletNet", "MartletLoop", "MartletServer", "MartletWebSocket", "MartletHTTP",
            ],
            swiftSettings: onTheLoop),
        .testTarget(
            name: "MartletProcessPoolTests", dependencies: ["MartletProcessPool"], swiftSettings: onTheLoop),
        .testTarget(name: "MartletHTTPTests", dependencies: ["MartletHTTP"], swiftSettings: nonisolated),
        .testTarget(name: "MartletJSONTests", dependencies: ["MartletJSON"], swiftSettings: nonisolated),
        .testTarget(
            name: "MartletServerTests",
            dependencies: ["MartletServer", "CMartlet", "CBrotli", "CZlib", metrics, tracing],
            swiftSettings: onTheLoop),
        .testTarget(
            name: "MartletClientTests",
            dependencies: [
                "MartletClient", "MartletServer", "MartletHTTP", "MartletNet", "MartletLoop", "MartletTLS", metrics,
                tracing, .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            swiftSettings: onTheLoop),
        .testTarget(
            name: "MartletWebSocketCodecTests", dependencies: ["MartletWebSocketCodec", "MartletHTTP"],
            swiftSettings: nonisolated),
        .testTarget(
            name: "MartletWebSocketTests",
            dependencies: [
                "MartletWebSocket", "MartletWebSocketCodec", "MartletServer", "MartletClient", "MartletHTTP",
                "MartletNet",
                "MartletLoop", "MartletTLS", "MartletTesting",
            ],
            swiftSettings: onTheLoop),
        .testTarget(
            name: "MartletDownloadPlanTests", dependencies: ["MartletDownloadPlan", "MartletHTTP"],
            swiftSettings: nonisolated),
        .testTarget(
            name: "MartletDownloadsTests",
            dependencies: [
                "MartletDownloads", "MartletDownloadPlan", "MartletClient", "MartletServer", "MartletNet",
                "MartletLoop",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: onTheLoop),
        .testTarget(
            name: "MartletDownloadServiceTests",
            dependencies: [
                "MartletDownloadService", "MartletDownloads", "MartletDownloadPlan", "MartletSQLite", "MartletClient",
                "MartletServer", "MartletHTTP", "MartletNet", "MartletLoop",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: onTheLoop),
        .target(
            name: "RedisFixture", dependencies: ["MartletLoop", "MartletNet"], path: "Tests/RedisFixture",
            swiftSettings: onTheLoop),
        .testTarget(name: "MartletRESPTests", dependencies: ["MartletRESP"], swiftSettings: nonisolated),
        .testTarget(
            name: "MartletRedisTests",
            dependencies: [
                "MartletRedis", "MartletRESP", "RedisFixture", "MartletLoop", "MartletNet", "MartletTLS",
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: onTheLoop),
        .testTarget(
            name: "MartletRedisCommandsTests",
            dependencies: ["MartletRedis", "MartletRESP", "RedisFixture", "MartletLoop", "RedisCommandTable"],
            swiftSettings: onTheLoop, plugins: ["RedisCommands"]),
        .testTarget(
            name: "MartletRedisChannelsTests",
            dependencies: [
                "MartletRedisChannels", "MartletRedis", "MartletWebSocket", "MartletServer", "RedisFixture",
                "MartletLoop",
            ],
            swiftSettings: onTheLoop),
        // Apart from the unit tests: clusters and sentinels, whose servers are killed under load.
        .testTarget(
            name: "MartletRedisGroupTests",
            dependencies: ["MartletRedis", "MartletRESP", "RedisFixture", "MartletLoop", "MartletNet"],
            swiftSettings: onTheLoop),
        .testTarget(
            name: "MartletQueueTests",
            dependencies: [
                "MartletQueue", "MartletSQLite", "MartletRedis", "MartletRESP", "MartletServer", "MartletHTTP",
                "MartletLoop", "RedisFixture",
            ],
            swiftSettings: onTheLoop),
        .testTarget(name: "MartletSQLiteTests", dependencies: ["MartletSQLite"], swiftSettings: onTheLoop),
        .testTarget(
            name: "MartletStoreTests",
            dependencies: ["MartletStore", "MartletSQLite", "MartletRedis", "RedisFixture", "MartletLoop"],
            swiftSettings: onTheLoop),
        .testTarget(
            name: "MartletStoreServiceTests",
            dependencies: [
                "MartletStoreService", "MartletStore", "MartletClient", "MartletServer", "MartletHTTP", "MartletNet",
                "MartletLoop",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: onTheLoop),
        .testTarget(
            name: "MartletLifecycleTests",
            dependencies: [
                "MartletLifecycle", .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: onTheLoop),
        .testTarget(
            name: "MartletSupervisorTests", dependencies: ["MartletSupervisor", metrics], swiftSettings: onTheLoop),
        .testTarget(name: "MartletTestingTests", dependencies: ["MartletTesting"], swiftSettings: onTheLoop),
        .testTarget(
            name: "MartletTests", dependencies: ["Martlet", "MartletDownloads", "MartletQueue", "MartletLoop"],
            swiftSettings: onTheLoop),
        .testTarget(name: "TodoTests", dependencies: ["todo", "MartletTesting"], swiftSettings: onTheLoop),
        .testTarget(
            name: "EndToEnd", dependencies: ["MartletLoop", "RedisFixture"], swiftSettings: onTheLoop),
    ],
    swiftLanguageModes: [.v6]
)
