/// Messages of channels or patterns, for as long as somebody holds it: an `AsyncSequence`, of which each element goes to
/// one reader.
///
/// ```swift
/// let news = try await client.subscribe(to: "news", "weather")
/// for try await event in news {
///     switch event {
///     case .message(let message): print(message.channelName, message.text)
///     case .gap: await reloadEverything()
///     }
/// }
/// ```
///
/// All subscriptions of a client share a connection that serves nothing else: so it is the same in both versions of the
/// protocol, a flood of messages delays no answers, and a subscriber whom the server cuts off takes no commands with it.
/// It is made anew when it is lost, and then everything is subscribed to again; a gap tells that messages may be missing.
///
/// It ends when it is cancelled, nobody holds it any more, or the client is closed.
@MainActor
public final class RedisSubscription {
    private let mailbox: SubscriptionMailbox

    init(_ mailbox: SubscriptionMailbox) {
        self.mailbox = mailbox
    }

    isolated deinit {
        mailbox.end()
    }

    /// How many messages were dropped because nobody read them in time.
    public var dropped: Int { mailbox.dropped }

    /// Ends it, and unsubscribes from what nobody else wants: who reads gets what there is, and then the end.
    public func cancel() {
        mailbox.end()
    }

    /// The next event; `nil` at the end.
    ///
    /// - Throws: `RedisError` when it has ended because the client was closed, too much was waiting, or the server does
    ///   not allow it any more; `CancellationError`.
    public func next() async throws -> RedisSubscriptionEvent? {
        try await mailbox.next()
    }
}

extension RedisSubscription: AsyncSequence {
    /// Gives what comes; several iterators share it.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let subscription: RedisSubscription

        /// The next event; `nil` at the end.
        ///
        /// - Throws: as ``RedisSubscription/next()``.
        public mutating func next() async throws -> RedisSubscriptionEvent? {
            try await subscription.next()
        }
    }

    /// Begins to read.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(subscription: self)
    }
}
