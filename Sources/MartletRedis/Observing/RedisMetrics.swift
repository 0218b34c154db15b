import CoreMetrics
import MartletLoop

/// Measures commands: the timer `db.client.operation.duration` of swift-metrics, whose count is the number of commands.
///
/// Its dimensions are called as in OpenTelemetry's conventions: `db.system.name` is `redis`, `server.address` the host,
/// `db.operation.name` the command, and `error.type` what it failed with: the server's word, or the code of the error; empty
/// when it did not. Commands beyond the first thousand names share the series `other`, and so do errors beyond the first 64
/// types: a script can make up as many as it likes.
public final class RedisMetrics: RedisObserver {
    private struct Key: Hashable {
        let host, command, outcome: String
    }

    private let label: String
    private let factory: (any MetricsFactory)?
    private var timers: [Key: Timer] = [:]
    private var names: Set<String> = []

    private var errorTypes: Set<String> = []

    private static let mostNames = 1000
    private static let mostErrorTypes = 64

    /// - Parameters:
    ///   - label: the timer's name.
    ///   - factory: the backend; the one that the process was set up with unless given.
    public init(label: String = "db.client.operation.duration", factory: (any MetricsFactory)? = nil) {
        self.label = label
        self.factory = factory
    }

    deinit {}

    /// There is nothing to do before.
    public func commandBegins(_ command: RedisObservedCommand) -> AnyObject? { nil }

    /// Records how long it took.
    public func commandEnded(
        _ command: RedisObservedCommand, state: AnyObject?, since start: EventLoop.Instant, error: RedisError?
    ) {
        var name = command.name
        if !names.contains(name) {
            if names.count < Self.mostNames { names.insert(name) } else { name = "other" }
        }
        let key = Key(host: "\(command.endpoint)", command: name, outcome: error.map { outcome($0.type) } ?? "")
        let timer =
            timers[key]
            ?? Timer(
                label: label,
                dimensions: [
                    ("db.system.name", "redis"), ("server.address", key.host), ("db.operation.name", name),
                    ("error.type", key.outcome),
                ], factory: factory ?? MetricsSystem.factory)
        timers[key] = timer
        let now = EventLoop.Instant.readClock()
        timer.recordNanoseconds(Int64(clamping: now.nanoseconds &- start.nanoseconds))
    }

    private func outcome(_ type: String) -> String {
        if errorTypes.contains(type) { return type }
        guard errorTypes.count < Self.mostErrorTypes else { return "other" }
        errorTypes.insert(type)
        return type
    }
}

nonisolated extension RedisError {
    /// What kind of error it is, for metrics and spans: what a server says only where it is a word as its own are.
    var type: String {
        guard code == .server, let word = serverCode, (1...32).contains(word.utf8.count),
            word.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || $0 == UInt8(ascii: "_") })
        else { return code.rawValue }
        return word
    }
}
