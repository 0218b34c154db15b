/// How much waits for who reads a subscription, and what is done with more.
///
/// The socket is always read from: a subscription that is read slowly holds up no other, and the server, which would cut
/// the connection (`client-output-buffer-limit pubsub`), never has to wait.
public nonisolated struct RedisSubscriptionBuffer: Hashable, Sendable {
    /// What is done when there is no room.
    public enum Overflow: Hashable, Sendable {
        /// The oldest messages are dropped, and their number is told in a
        /// ``RedisSubscriptionEvent/Gap-swift.enum/overflow(_:)``.
        case dropOldest
        /// The subscription ends with a ``RedisError``, code ``RedisError/Code-swift.struct/queueFull``, behind what it
        /// holds.
        case fail
    }

    /// How many events wait at most, 1 at least.
    public var messages: Int
    /// How many bytes they may have. A single message may be larger.
    public var bytes: Int
    /// What is done when there is no room.
    public var overflow: Overflow

    /// 1024 messages or 16 MiB; the oldest are dropped.
    public init(messages: Int = 1024, bytes: Int = 16 << 20, overflow: Overflow = .dropOldest) {
        self.messages = max(1, messages)
        self.bytes = max(0, bytes)
        self.overflow = overflow
    }
}
