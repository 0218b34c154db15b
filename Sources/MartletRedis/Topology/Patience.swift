import MartletLoop

/// How long a command is tried again where servers come and go: until its time-out has passed.
struct Patience {
    private let deadline: EventLoop.Instant
    private var waits: Backoff.Waits

    /// - Parameters:
    ///   - command: whose time-out it is, if it has one.
    ///   - settings: whose time-out it is otherwise, and how long to wait in between.
    init(_ command: RedisCommand?, _ settings: RedisSettings) {
        deadline = EventLoop.main.time() + (command?.timeout ?? settings.timeouts.command)
        waits = settings.retries.backoff.waits()
    }

    /// Waits for a while.
    ///
    /// - Parameter error: why.
    /// - Throws: that, when there is no time left, or the task is cancelled.
    mutating func wait(after error: RedisError) async throws(RedisError) {
        var generator = SystemRandomNumberGenerator()
        let wait = waits.next(using: &generator)
        guard EventLoop.main.time() + wait < deadline else { throw error }
        do {
            try await Task.sleep(for: wait)
        } catch {
            throw RedisError(.cancelled, "the task was cancelled between two attempts", isUnsent: true)
        }
    }
}
