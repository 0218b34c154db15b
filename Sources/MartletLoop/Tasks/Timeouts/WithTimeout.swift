/// Runs `body`, and cancels it when it takes longer than `duration`.
///
/// ```swift
/// let reply = try await withTimeout(.seconds(5), for: "the reply") { try await redis.get("key") }
/// ```
///
/// Deadlines nest: whatever the inner one says, the body is cancelled by the earliest, and `Deadline.current` tells it
/// how long it has. The body is always waited for, so that nothing of it runs on afterwards; one that ignores its
/// cancellation makes this late.
///
/// - Parameters:
///   - duration: how long it may take. For zero or less the body is cancelled when it is first suspended.
///   - subject: what is being done, as a noun, for the message of the error.
///   - body: what to run, in a task of its own.
///   - file: where this is called, for messages.
///   - line: where this is called, for messages.
/// - Returns: what the body returns, also when it does in spite of having been cancelled.
/// - Throws: `TimeoutError` when this deadline cancelled the body, and it ended with `CancellationError`; whatever else
///   the body throws; `CancellationError` when the caller was cancelled.
@MainActor public func withTimeout<Value: Sendable>(
    _ duration: Duration, for subject: String? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @MainActor () async throws -> Value
) async throws -> Value {
    let timeout = Timeout(instant: EventLoop.main.time() + duration)
    return try await run(Outcome(body), within: timeout, subject, file, line)
}

/// Runs `body`, which may move its deadline, and cancels it when it takes longer than that; see
/// `withTimeout(_:for:file:line:_:)`.
///
/// ```swift
/// try await withTimeout(.seconds(30), for: "a line") { timeout in
///     for try await line in lines {
///         timeout.reschedule(in: .seconds(30))
///         print(line)
///     }
/// }
/// ```
@MainActor public func withTimeout<Value: Sendable>(
    _ duration: Duration, for subject: String? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @MainActor (Timeout) async throws -> Value
) async throws -> Value {
    let timeout = Timeout(instant: EventLoop.main.time() + duration)
    return try await run(Outcome { try await body(timeout) }, within: timeout, subject, file, line)
}

/// Runs `body`, and cancels it at `instant`, or when it is first suspended if that has passed; see
/// `withTimeout(_:for:file:line:_:)`.
@MainActor public func withDeadline<Value: Sendable>(
    _ instant: EventLoop.Instant, for subject: String? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @MainActor () async throws -> Value
) async throws -> Value {
    try await run(Outcome(body), within: Timeout(instant: instant), subject, file, line)
}

/// Runs `body`, which may move its deadline, and cancels it at `instant`; see `withTimeout(_:for:file:line:_:)`.
@MainActor public func withDeadline<Value: Sendable>(
    _ instant: EventLoop.Instant, for subject: String? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @MainActor (Timeout) async throws -> Value
) async throws -> Value {
    let timeout = Timeout(instant: instant)
    return try await run(Outcome { try await body(timeout) }, within: timeout, subject, file, line)
}

private func run<Value: Sendable>(
    _ outcome: Outcome<Value>, within timeout: Timeout, _ subject: String?, _ file: StaticString, _ line: UInt
) async throws -> Value {
    let task = CurrentTimeout.$innermost.withValue(timeout) {
        outcome.start(cancelled: Task.isCancelled) { _ in }
    }
    if outcome.result == nil {
        await timeout.wait(for: task)
    } else {
        timeout.end()
    }
    do {
        return try outcome.final.get()
    } catch  where error.saysCancelled && timeout.hasExpired && !Task.isCancelled {
        throw TimeoutError(subject: subject, limit: timeout.limit, place: "\(file):\(line)")
    }
}
