/// What a subscription brings.
public nonisolated enum RedisSubscriptionEvent: Hashable, Sendable {
    /// Something was published.
    case message(RedisMessage)
    /// Here, messages may be missing: who keeps something up to date with them has to fetch it anew.
    case gap(Gap)

    /// Why messages may be missing.
    public enum Gap: Hashable, Sendable {
        /// The connection was lost, and the server is subscribed to again. Redis keeps nothing for those who are away.
        case reconnected
        /// A sharded channel is served by another node now.
        case moved
        /// So many were dropped because nobody read them in time.
        case overflow(Int)
    }

    /// The message, if it is one.
    public var message: RedisMessage? {
        if case .message(let message) = self { message } else { nil }
    }
}
