/// Waits for tasks until one, or all of them, have ended: asyncio's `wait`. It neither cancels nor throws what they do.
///
/// ```swift
/// let (done, pending) = try await wait(for: tasks, until: .firstCompleted, timeout: .seconds(5))
/// for task in pending { task.cancel() }
/// for task in done { print(try await task.value) }      // there already
/// ```
///
/// - Parameters:
///   - tasks: what to wait for; none of them means no wait.
///   - condition: when to stop waiting.
///   - timeout: after how long to stop waiting in any case; without limit, unless given.
/// - Returns: those that have ended and those that have not, each in the order given.
/// - Throws: when the caller is cancelled; the tasks go on.
@MainActor public func wait<Success: Sendable, Failure: Error>(
    for tasks: [Task<Success, Failure>], until condition: WaitCondition = .allCompleted, timeout: Duration? = nil
) async throws(CancellationError) -> (done: [Task<Success, Failure>], pending: [Task<Success, Failure>]) {
    let tally = WaitTally(tasks.map { CompletionWatch.over($0) }, until: condition)
    try await tally.wait(atMost: timeout)
    return tally.split(tasks)
}

/// Waits for futures until one, or all of them, have ended; see `wait(for:until:timeout:)` of tasks.
@MainActor public func wait<Value: Sendable>(
    for futures: [Future<Value>], until condition: WaitCondition = .allCompleted, timeout: Duration? = nil
) async throws(CancellationError) -> (done: [Future<Value>], pending: [Future<Value>]) {
    let tally = WaitTally(futures.map { CompletionWatch.over($0) }, until: condition)
    try await tally.wait(atMost: timeout)
    return tally.split(futures)
}
