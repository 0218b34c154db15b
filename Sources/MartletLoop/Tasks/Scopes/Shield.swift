/// Runs `body` so that the caller's cancellation does not reach it: the caller lets go at once, and the work goes on.
///
/// ```swift
/// try await shield { try await database.commit() }
/// ```
///
/// The deadlines around the caller do not count inside. To wait for the work in spite of having been cancelled, use
/// `uncancelled`.
///
/// - Parameters:
///   - onError: what becomes of an error that the body throws after the caller has let go;
///     `EventLoop.onUnhandledError`, unless given.
///   - body: what to run, in a task of its own; also when the caller has been cancelled before.
///   - file: where this is called, for messages.
///   - line: where this is called, for messages.
/// - Returns: what the body returns.
/// - Throws: what the body throws; `CancellationError` as soon as the caller is cancelled.
@MainActor public func shield<Value: Sendable>(
    onError: (@MainActor (UnhandledError) -> Void)? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @MainActor () async throws -> Value
) async throws -> Value {
    let work = ShieldedWork(body)
    CurrentTimeout.withNone {
        work.start { error in
            let unhandled = UnhandledError(cause: error, task: "shielded work", place: "\(file):\(line)")
            if let onError { onError(unhandled) } else { EventLoop.onUnhandledError(unhandled) }
        }
    }
    return try await work.value()
}

/// Runs `body` to its end, whether or not the caller is cancelled: for cleaning up.
///
/// ```swift
/// } catch {
///     try await uncancelled { try await transaction.rollBack() }
///     throw error
/// }
/// ```
///
/// Unlike `shield` it always waits for the body, so give that a deadline of its own: those around the caller do not
/// count inside.
///
/// - Parameter body: what to run, in a task of its own.
/// - Returns: what the body returns.
/// - Throws: what the body throws.
@MainActor public func uncancelled<Value: Sendable>(
    _ body: @escaping @MainActor () async throws -> Value
) async throws -> Value {
    let outcome = Outcome(body)
    let task = CurrentTimeout.withNone {
        outcome.start(cancelled: false) { _ in }
    }
    await task.value
    return try outcome.final.get()
}

/// The body of a `shield`, and the caller who waits for it or has let go.
private final class ShieldedWork<Value: Sendable> {
    private let outcome: Outcome<Value>
    private let waiting = WaitQueue<Void, Void>()
    private var hasCallerLeft = false

    init(_ body: @escaping @MainActor () async throws -> Value) {
        outcome = Outcome(body)
    }

    /// Starts the body, and hands over its error if nobody is there to take it.
    func start(onLostError: @escaping @MainActor (any Error) -> Void) {
        _ = outcome.start(cancelled: false) { [self] error in
            waiting.answerFirst(())
            if hasCallerLeft, let error { onLostError(error) }
        }
    }

    /// Waits for the body, or for the caller's cancellation.
    func value() async throws -> Value {
        if outcome.result == nil {
            do {
                try await waiting.wait(())
            } catch  where outcome.result == nil {
                hasCallerLeft = true
                throw error
            } catch {
                // The body ended between the cancellation and now: what it came to is not lost.
            }
        }
        return try outcome.final.get()
    }
}
