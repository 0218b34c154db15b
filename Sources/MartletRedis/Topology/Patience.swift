import MartletLoop

/// How long a command is tried again where servers come and go: until its time-out has passed.
struct Patience {
    /// Until when.
    let deadline: EventLoop.Instant
    /// Whether time has passed since the command was given, so that the next attempt has less than all of it.
    var isLate = false
    private var waits: Backoff.Waits
    private var last: RedisError?

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
        isLate = true
        last = error
        var generator = SystemRandomNumberGenerator()
        let wait = waits.next(using: &generator)
        guard EventLoop.main.time() + wait < deadline else { throw error }
        do {
            try await Task.sleep(for: wait)
        } catch {
            throw RedisError(.cancelled, "the task was cancelled between two attempts", isUnsent: true)
        }
    }

    /// Waits for what several wait for together, and no longer than there is time.
    ///
    /// - Parameters:
    ///   - subject: what is waited for, as a noun.
    ///   - body: waits for it, until the task is cancelled.
    /// - Throws: what `body` throws; when the time is over, what went wrong before, or that this took too long.
    func bound<Value: Sendable>(
        _ subject: String, _ body: @escaping @MainActor () async throws(RedisError) -> Value
    ) async throws(RedisError) -> Value {
        do {
            return try await withDeadline(deadline, for: subject) { try await body() }
        } catch let error as RedisError {
            throw error
        } catch is CancellationError {
            throw RedisError(.cancelled, "the task was cancelled while it waited for \(subject)", isUnsent: true)
        } catch {
            throw last ?? RedisError(.timedOut, "\(subject) did not come in time", cause: error, isUnsent: true)
        }
    }

    /// A command with the time that is left for it. One that blocks has its own.
    func limiting(_ command: RedisCommand) -> RedisCommand {
        guard isLate, !command.traits.contains(.blocking) else { return command }
        var limited = command
        limited.timeout = max(.zero, EventLoop.main.time().duration(to: deadline))
        return limited
    }
}
