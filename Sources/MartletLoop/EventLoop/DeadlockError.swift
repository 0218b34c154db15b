/// Every task that has not ended waits for another: nothing is left that could wake the loop.
public nonisolated struct DeadlockError: Error, Sendable, CustomStringConvertible {
    /// The tasks that wait and where; `nil` without debug mode.
    public let tasks: TaskDump?

    /// What is the case, and what to look for.
    public var description: String {
        "deadlock: the event loop has nothing to wait for, no timer, descriptor, signal, child process or thread, and the "
            + "tasks that are left wait for each other; look for a future that nobody resolves, a lock that is never "
            + "released, a queue that nobody fills"
            + (tasks.map { "\n\($0)" } ?? "; MARTLET_DEBUG=1 shows where they wait")
    }
}
