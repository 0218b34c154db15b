/// Runs `work` on a thread of a pool and waits for it without keeping the loop: for what blocks (a system call on a
/// slow disk, a library that knows no loop) and for what computes longer than a millisecond.
///
/// ```swift
/// let digest = try await offload { sha256(of: bigFile) }
/// ```
///
/// The closure is part of the calling task: in it `Task.isCancelled` and task-local values are what they are here. A
/// call that is cancelled while it waits for a thread leaves at once and its closure never runs; one whose closure runs
/// waits for it to end, and the closure may look at `Task.isCancelled` to make that soon.
///
/// - Parameters:
///   - pool: whose threads to use.
///   - work: what to run; it must not touch what belongs to the loop, which the compiler checks.
/// - Returns: what `work` returns.
/// - Throws: what `work` throws; `OffloadError` when the pool's queue is full or the pool is closed;
///   `CancellationError` when the task was cancelled before `work` started; `SystemError` when the pool has no thread
///   and can start none.
@MainActor public func offload<Value: Sendable>(
    on pool: ThreadPool = .shared, _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await pool.run(work)
}
