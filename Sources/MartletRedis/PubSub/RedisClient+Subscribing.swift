extension RedisClient: RedisSubscribing {
    /// Subscribes: see ``RedisSubscribing``.
    public func subscribe(
        _ target: RedisSubscriptionTarget, buffer: RedisSubscriptionBuffer
    ) async throws(RedisError) -> RedisSubscription {
        try await subscriptions.subscribe(target, buffer, within: settings.timeouts.command)
    }
}
