/// Runs `body` for every element of a sequence side by side, and returns the values in the order of the elements.
///
/// ```swift
/// let pages = try await gather(urls, limit: 10) { try await fetch($0) }
/// ```
///
/// When one fails, the others are cancelled and no more are started; when the caller is cancelled, so are all. Either
/// way this returns only when every body that was started has ended. Each runs in a task of its own, which starts at
/// once: a body that never waits costs well under a microsecond.
///
/// - Parameters:
///   - elements: what to run it for; taken one by one, as there is room.
///   - limit: how many run at a time, at least 1; all of them, unless given.
///   - body: what to run.
/// - Returns: what the bodies returned, also when they did in spite of the caller's cancellation.
/// - Throws: the first error that a body threw; `CancellationError` when the caller was cancelled before all were
///   started.
@discardableResult
@MainActor public func gather<Elements: Sequence, Value: Sendable>(
    _ elements: Elements, limit: Int = .max, _ body: @escaping @MainActor (Elements.Element) async throws -> Value
) async throws -> [Value] {
    let gathering = Gathering(
        elements.makeIterator(), underestimatedCount: elements.underestimatedCount, limit: limit, stopsAtFailure: true,
        body: body)
    await gathering.run()
    return try gathering.values()
}

/// Runs `body` for every element of a sequence side by side, and returns what each came to, value or error, in the
/// order of the elements: asyncio's `gather(…, return_exceptions=True)`.
///
/// A failure leaves the others alone. When the caller is cancelled, so are all, and this returns when they have ended.
///
/// - Parameters:
///   - elements: what to run it for; taken one by one, as there is room.
///   - limit: how many run at a time, at least 1; all of them, unless given.
///   - body: what to run.
/// - Returns: a result for each element.
/// - Throws: `CancellationError` when the caller was cancelled, unless every body returned a value in spite of that.
@MainActor public func gatherResults<Elements: Sequence, Value: Sendable>(
    _ elements: Elements, limit: Int = .max, _ body: @escaping @MainActor (Elements.Element) async throws -> Value
) async throws(CancellationError) -> [Result<Value, any Error>] {
    let gathering = Gathering(
        elements.makeIterator(), underestimatedCount: elements.underestimatedCount, limit: limit, stopsAtFailure: false,
        body: body)
    await gathering.run()
    return try gathering.outcomes()
}
