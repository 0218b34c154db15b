extension EventLoop {
    /// Runs `body` on the loop, and the loop for as long as it takes: the entry for programs without an `async` main
    /// (asyncio's `run`). What else was started goes on only while the loop is run again.
    ///
    /// ```swift
    /// let page = try EventLoop.main.run { try await fetch("http://127.0.0.1:8080/") }
    /// ```
    ///
    /// - Parameters:
    ///   - signals: those that cancel `body`, in place of what they do otherwise: SIGINT, say, for Control-C.
    ///   - body: what to run. Called from a loop that runs already, the program ends with a message: await there.
    /// - Returns: what `body` returns.
    /// - Throws: what `body` throws; `DeadlockError` when it waits and nothing can ever wake the loop; `SystemError`
    ///   when one of the signals cannot be caught.
    public func run<Value: Sendable>(
        cancelledBy signals: [Int32] = [], _ body: @escaping @MainActor () async throws -> Value
    ) throws -> Value {
        var outcome: Result<Value, any Error>?
        let task = Task { try await body() }
        let watches = try signals.map { try onSignal($0) { task.cancel() } }
        defer { for watch in watches { watch.cancel() } }
        Task {
            outcome = await task.result
            stop()
        }
        try runUntilStopped()
        guard let outcome else { throw CancellationError() }
        return try outcome.get()
    }
}
