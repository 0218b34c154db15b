import MartletLoop

/// When a client sends a command again.
///
/// What has surely not been executed (it was never sent, or the server refused to look at it: `LOADING`, `MASTERDOWN`,
/// `TRYAGAIN`, `CLUSTERDOWN`) may be sent again, whatever it does. When a connection is lost, nobody knows what became of
/// the commands on it: those are sent again only if they are ``RedisCommand/Traits/idempotent`` and
/// ``repeatsIdempotent`` allows it; all others fail.
public nonisolated struct RedisRetries: Hashable, Sendable {
    /// How often a command is sent at most, the first time included.
    public var attempts: Int
    /// How long to wait in between.
    public var backoff = Backoff.exponential(from: .milliseconds(10), to: .seconds(1))
    /// Whether commands that are idempotent are sent again when the connection was lost before their answers came.
    public var repeatsIdempotent: Bool
    /// The errors of a server after which it is asked again.
    public var serverCodes: Set<String> = ["LOADING", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN"]

    /// Sends up to `attempts` times.
    public init(attempts: Int = 3, repeatsIdempotent: Bool = false) {
        self.attempts = attempts
        self.repeatsIdempotent = repeatsIdempotent
    }

    /// For a master that sentinels name: whatever has surely not been executed is sent again until its time-out, also what
    /// a server refuses that is not the master any more.
    public static let throughFailovers: RedisRetries = {
        var retries = RedisRetries(attempts: .max)
        retries.serverCodes.insert("READONLY")
        return retries
    }()

    /// A command is sent once.
    public static let none = RedisRetries(attempts: 1)
}
