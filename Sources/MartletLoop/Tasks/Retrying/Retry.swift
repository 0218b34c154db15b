/// Runs `body` until it succeeds, waiting between attempts.
///
/// ```swift
/// let backoff = Backoff.exponential(from: .milliseconds(100), to: .seconds(5))
/// let page = try await retry(attempts: 5, backoff: backoff) { attempt in try await fetch(url) }
/// ```
///
/// It gives up when the attempts are used up, when the error is none to try again after, and when the wait would last
/// until the deadline or beyond, be it `deadline` or one around the caller: waiting would be in vain. An attempt that
/// is running is not cut short by `deadline`; put a `withTimeout` inside for that. An error that is a `RetryHint` makes
/// the wait as long as it says, if that is longer.
///
/// - Parameters:
///   - attempts: how many are made at most, the first one included; at least 1.
///   - deadline: when the last attempt may start.
///   - backoff: how long to wait between them.
///   - isWorthwhile: whether to try again after an error; after any, unless given. It is not asked about
///     `CancellationError`, which always ends it.
///   - body: what to run; it gets the number of the attempt, from 1.
/// - Returns: what the first successful attempt returned.
/// - Throws: the error of the last attempt; `CancellationError` when the caller was cancelled.
@MainActor public func retry<Value>(
    attempts: Int = 5, until deadline: EventLoop.Instant = .distantFuture, backoff: Backoff = .exponential(),
    when isWorthwhile: @MainActor (any Error) -> Bool = { _ in true },
    _ body: @MainActor (_ attempt: Int) async throws -> Value
) async throws -> Value {
    let deadline = min(deadline, Deadline.current?.instant ?? .distantFuture)
    var waits = backoff.waits()
    var generator = SystemRandomNumberGenerator()
    var attempt = 1
    while true {
        do {
            return try await body(attempt)
        } catch {
            guard attempt < attempts, !error.saysCancelled, !Task.isCancelled, isWorthwhile(error) else {
                throw error
            }
            let hint = (error as? any RetryHint)?.retryAfter ?? .zero
            let next = EventLoop.main.time() + max(hint, waits.next(using: &generator))
            guard next < deadline else { throw error }
            try await EventLoop.sleep(until: next)
        }
        attempt += 1
    }
}
