/// What can be subscribed to with: a client of a server, of sentinels or of a cluster.
@MainActor public protocol RedisSubscribing {
    /// Subscribes, and returns when the server has confirmed it: see ``subscribe(to:buffer:)``.
    func subscribe(_ target: RedisSubscriptionTarget, buffer: RedisSubscriptionBuffer) async throws(RedisError)
        -> RedisSubscription
}

/// What a subscription is for.
public nonisolated struct RedisSubscriptionTarget: Hashable, Sendable {
    let kind: PubSubReply.Kind
    let names: [[UInt8]]

    /// Channels (SUBSCRIBE).
    public static func channels(_ names: [String]) -> Self { Self(kind: .channel, names: names.map { Array($0.utf8) }) }
    /// Channels (SUBSCRIBE) whose names need be no text.
    public static func channels(bytes names: [[UInt8]]) -> Self { Self(kind: .channel, names: names) }
    /// Patterns of channels (PSUBSCRIBE): `news.*`.
    public static func patterns(_ names: [String]) -> Self { Self(kind: .pattern, names: names.map { Array($0.utf8) }) }
    /// Sharded channels (SSUBSCRIBE), of which a cluster's node knows only those of its slots. From Redis 7 on.
    public static func shardChannels(_ names: [String]) -> Self {
        Self(kind: .shard, names: names.map { Array($0.utf8) })
    }
}

extension RedisSubscribing {
    /// Subscribes to channels (SUBSCRIBE).
    ///
    /// - Parameters:
    ///   - channels: their names, one at least.
    ///   - buffer: how much waits for who reads, and what is done with more.
    /// - Returns: the subscription, once the server has confirmed it: what is published from then on comes.
    /// - Throws: `RedisError` when there is no server within the time-out, or it does not allow it.
    public func subscribe(
        to channels: String..., buffer: RedisSubscriptionBuffer = RedisSubscriptionBuffer()
    ) async throws(RedisError) -> RedisSubscription {
        try await subscribe(.channels(channels), buffer: buffer)
    }

    /// Subscribes to all channels that match one of some patterns (PSUBSCRIBE): see ``subscribe(to:buffer:)``. A message
    /// comes once for each pattern that matches.
    public func subscribe(
        toPatterns patterns: String..., buffer: RedisSubscriptionBuffer = RedisSubscriptionBuffer()
    ) async throws(RedisError) -> RedisSubscription {
        try await subscribe(.patterns(patterns), buffer: buffer)
    }

    /// Subscribes to sharded channels (SSUBSCRIBE), which are published to with SPUBLISH: see ``subscribe(to:buffer:)``.
    public func subscribe(
        toShardChannels channels: String..., buffer: RedisSubscriptionBuffer = RedisSubscriptionBuffer()
    ) async throws(RedisError) -> RedisSubscription {
        try await subscribe(.shardChannels(channels), buffer: buffer)
    }
}
