import HTTPTypes
import MartletLoop

/// When a request that failed is sent again.
///
/// ```swift
/// settings.retries = HTTPRetries(attempts: 4)
/// ```
///
/// After an error of the connection or a time limit, and after a response whose status is among ``statuses``; its
/// Retry-After is honoured. Only what is idempotent (RFC 9110 §9.2.2) and has a body that can be sent twice, unless
/// ``methods`` says otherwise.
public nonisolated struct HTTPRetries: Sendable {
    /// How often it is sent at most, the first time included.
    public var attempts: Int
    /// How long to wait in between.
    public var backoff = Backoff.exponential(from: .milliseconds(100), to: .seconds(10))
    /// A Retry-After that is longer ends it: the response is the caller's.
    public var longestWait: Duration = .seconds(60)
    /// Responses that make it worthwhile.
    public var statuses: Set<Int> = [408, 425, 429, 500, 502, 503, 504]
    /// What may be sent again.
    public var methods: Set<HTTPRequest.Method> = [.get, .head, .options, .trace, .put, .delete]

    /// Sends up to `attempts` times.
    public init(attempts: Int) {
        self.attempts = attempts
    }

    /// A request is sent once.
    public static let none = HTTPRetries(attempts: 1)
}
