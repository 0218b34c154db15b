/// Lets tasks that share state under a lock wait until another has changed it.
///
/// ```swift
/// let changed = Condition()
/// try await changed.withLock {
///     try await changed.wait(until: { !jobs.isEmpty })
///     try await run(jobs.removeFirst())
/// }
/// // elsewhere
/// try await changed.withLock {
///     jobs.append(job)
///     changed.notify()
/// }
/// ```
///
/// State that no `await` comes between needs neither lock nor condition on the loop; an `Event` or a `Queue` says more.
public final class Condition {
    /// What guards the shared state. Several conditions may stand on one lock.
    public let lock: Lock
    private let waiters = WaitQueue<Void, Void>()

    /// A condition on `lock`.
    public init(_ lock: Lock = Lock()) {
        self.lock = lock
    }

    /// How many tasks wait to be notified. Those that were, and wait for the lock, are counted there.
    public var waiterCount: Int { waiters.count }

    /// Holds the lock while `body` runs; see `Lock.withLock`.
    @inlinable
    public nonisolated(nonsending) func withLock<Result>(
        file: StaticString = #fileID, line: UInt = #line,
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await lock.withLock(file: file, line: line, body)
    }

    /// Releases the lock, waits until another task notifies, and takes the lock again, in its turn.
    ///
    /// Another may have changed the state between the notification and the return: look again, or use `wait(until:)`.
    /// Ends the program, naming the place that called, when nobody holds the lock.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before it is notified. The lock is held again then as
    ///   well, however long that takes: cancelling does not end the wait for the lock. A task that is cancelled after
    ///   it was notified returns as if it had not been, so that no notification is lost; asyncio throws there and
    ///   notifies another.
    public func wait(file: StaticString = #fileID, line: UInt = #line) async throws(CancellationError) {
        requireLock("waited on", file, line)
        lock.release()
        do throws(CancellationError) {
            try await waiters.wait(())
        } catch {
            await lock.acquireUncancellably()
            throw error
        }
        await lock.acquireUncancellably()
    }

    /// Waits until `predicate` holds, which is asked under the lock: now, and after each notification.
    ///
    /// - Throws: `CancellationError` as `wait` does.
    public func wait(
        until predicate: @MainActor () -> Bool, file: StaticString = #fileID, line: UInt = #line
    ) async throws(CancellationError) {
        requireLock("waited on", file, line)
        while !predicate() { try await wait(file: file, line: line) }
    }

    /// Lets the tasks go on that have waited longest, `count` of them at most; each returns once it has the lock.
    ///
    /// Ends the program, naming the place that called, when nobody holds the lock.
    public func notify(_ count: Int = 1, file: StaticString = #fileID, line: UInt = #line) {
        requireLock("notified", file, line)
        var left = count
        while left > 0, waiters.answerFirst(()) { left -= 1 }
    }

    /// Lets all tasks go on that wait; they return one after the other, as each gets the lock.
    ///
    /// Ends the program, naming the place that called, when nobody holds the lock.
    public func notifyAll(file: StaticString = #fileID, line: UInt = #line) {
        requireLock("notified", file, line)
        waiters.answerAll(())
    }

    private func requireLock(_ verb: String, _ file: StaticString, _ line: UInt) {
        guard lock.isLocked else {
            fatalError("\(verb) a condition whose lock nobody holds; do it inside withLock", file: file, line: line)
        }
    }
}
