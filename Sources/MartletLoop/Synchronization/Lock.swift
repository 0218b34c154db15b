/// Lets one task at a time into a section of code that suspends.
///
/// What runs on the loop without suspending needs no lock, because nothing else runs meanwhile. A lock is for a section
/// with an `await` in it that must not be entered twice.
///
/// ```swift
/// let conversation = Lock()
/// let answer = try await conversation.withLock {
///     try await send(request)
///     return try await receive()
/// }
/// ```
///
/// Fair: the lock goes from each holder to the task that has waited longest, and nobody comes between. As in asyncio it
/// belongs to no task in particular, so that one may acquire it for another, as a function that runs its body in a task
/// of its own does. It is not reentrant: a task that acquires it again before it has released it waits for ever.
///
/// Acquiring a free lock does not suspend and allocates nothing; with its release it costs about 5 ns.
public final class Lock {
    /// Whether somebody holds it.
    public private(set) var isLocked = false
    /// Who wants it: somebody only ever while it is held.
    private let waiters = WaitQueue<Void, Void>()

    /// A free lock.
    public init() {}

    /// How many tasks wait for it.
    public var waiterCount: Int { waiters.count }

    /// Waits until it is free and takes it. Prefer `withLock`, which cannot forget to release it.
    ///
    /// - Throws: `CancellationError` when the task is cancelled and has to wait: it does not hold the lock then. A free
    ///   lock is given to a cancelled task as well.
    @inlinable
    public nonisolated(nonsending) func acquire() async throws(CancellationError) {
        if ifOnLoop(self, { $0.tryAcquire() }) == true { return }
        try await acquireInTurn()
    }

    /// Takes it if it is free, without waiting.
    ///
    /// - Returns: whether it did.
    public func tryAcquire() -> Bool {
        guard !isLocked else { return false }
        isLocked = true
        return true
    }

    /// Hands it to the task that has waited longest, or makes it free when none waits.
    ///
    /// Ends the program, naming the place that called, when nobody holds the lock.
    public func release(file: StaticString = #fileID, line: UInt = #line) {
        guard isLocked else {
            fatalError("released a lock that nobody holds; release it once for each acquire", file: file, line: line)
        }
        // Handed on it stays locked: there is no moment at which a third could take it.
        if !waiters.answerFirst(()) { isLocked = false }
    }

    /// Holds the lock while `body` runs, and releases it however that ends.
    ///
    /// - Throws: what `body` throws; `CancellationError` as `acquire` does.
    @inlinable
    public nonisolated(nonsending) func withLock<Result>(
        file: StaticString = #fileID, line: UInt = #line,
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await acquire()
        defer { releaseFromAnywhere(file, line) }
        return try await body()
    }

    @inlinable
    nonisolated func releaseFromAnywhere(_ file: StaticString, _ line: UInt) {
        if ifOnLoop((self, file, line), { $0.0.release(file: $0.1, line: $0.2) }) != nil { return }
        EventLoop.callSoonThreadsafe { self.release(file: file, line: line) }
    }

    /// Waits even when the task is cancelled: for those who must not go on without the lock.
    func acquireUncancellably() async {
        if !tryAcquire() { await waiters.waitUncancellably(()) }
    }

    @usableFromInline
    func acquireInTurn() async throws(CancellationError) {
        if !tryAcquire() { try await waiters.wait(()) }
    }
}
