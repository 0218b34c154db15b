import MartletLoop

/// Connections that are lent to one caller at a time.
///
/// The one that was used last is lent first, so that those that are not needed become old, and are closed.
final class DedicatedPool {
    private struct Idle {
        let connection: RedisConnection
        let since: EventLoop.Instant
    }

    private let connector: RedisConnector
    private let settings: RedisSettings
    private var idle: [Idle] = []
    /// Those that are lent, being made, or idle.
    private var count = 0
    private var lent: [ObjectIdentifier: RedisConnection] = [:]
    /// Those who wait for one to come back, or for room to make one.
    private let waiting = WaitQueue<Void, Void>()
    private var isClosed = false
    private lazy var timer = LoopTimer { [weak self] in self?.closeOld() }

    init(_ connector: RedisConnector) {
        self.connector = connector
        settings = connector.settings
    }

    deinit {}

    var openCount: Int { idleCount + lent.values.count { $0.isOpen } }
    var idleCount: Int { idle.count { $0.connection.isOpen } }
    var waitingCount: Int { waiting.count }

    /// Lends a connection to `body`.
    func with<Result>(
        until deadline: EventLoop.Instant, _ command: String,
        _ body: @MainActor (RedisConnection) async throws(RedisError) -> Result
    ) async throws(RedisError) -> Result {
        let connection = try await take(until: min(deadline, EventLoop.main.now + settings.timeouts.command), command)
        defer { put(connection) }
        return try await body(connection)
    }

    /// A connection, which is to be put back.
    func take(until deadline: EventLoop.Instant, _ command: String?) async throws(RedisError) -> RedisConnection {
        while true {
            if isClosed { throw SharedConnection.closed(settings.host, command) }
            while let last = idle.popLast() {
                if last.connection.isOpen {
                    lent[ObjectIdentifier(last.connection)] = last.connection
                    return last.connection
                }
                count -= 1
            }
            if count < settings.limits.dedicatedConnections { return try await make(command) }
            try await wait(until: deadline, command)
        }
    }

    private func make(_ command: String?) async throws(RedisError) -> RedisConnection {
        count += 1
        do throws(RedisError) {
            let made = try await connector.connect()
            if isClosed {
                made.close()
                throw SharedConnection.closed(settings.host, command)
            }
            lent[ObjectIdentifier(made)] = made
            return made
        } catch {
            count -= 1
            waiting.answerFirst(())
            throw command.map(error.about(command:)) ?? error
        }
    }

    private func wait(until deadline: EventLoop.Instant, _ command: String?) async throws(RedisError) {
        guard waiting.count < settings.limits.waitingForConnection else {
            throw exhausted("\(waiting.count) callers wait for one already", command)
        }
        do {
            try await withDeadline(deadline) { try await self.waiting.wait(()) }
        } catch is TimeoutError {
            throw exhausted("none came back in time", command)
        } catch {
            throw RedisError(
                .cancelled, host: settings.host, command: command, "the task was cancelled", isUnsent: true)
        }
    }

    private func exhausted(_ reason: String, _ command: String?) -> RedisError {
        RedisError(
            .poolExhausted, host: settings.host, command: command,
            "all \(settings.limits.dedicatedConnections) dedicated connections are taken, and \(reason)", isUnsent: true
        )
    }

    /// Takes a connection back.
    func put(_ connection: RedisConnection) {
        lent[ObjectIdentifier(connection)] = nil
        if isClosed || !connection.isOpen || connection.isAltered || connection.pendingCount > 0 {
            // An answer that is still to come would be the next one's.
            connection.close()
            count -= 1
        } else {
            idle.append(Idle(connection: connection, since: EventLoop.main.now))
            if !timer.isArmed { timer.arm(at: EventLoop.main.now + settings.idleTimeout) }
        }
        waiting.answerFirst(())
    }

    private func closeOld() {
        let now = EventLoop.main.time()
        while let oldest = idle.first, oldest.since + settings.idleTimeout <= now || !oldest.connection.isOpen {
            oldest.connection.close()
            idle.removeFirst()
            count -= 1
        }
        if let oldest = idle.first { timer.arm(at: oldest.since + settings.idleTimeout) }
    }

    /// Closes those that nobody uses.
    func closeIdle() {
        for idle in idle { idle.connection.close() }
        count -= idle.count
        idle = []
    }

    /// - Parameter sparingLent: whether those that are lent are closed only when they come back.
    func close(sparingLent: Bool) {
        isClosed = true
        timer.cancel()
        closeIdle()
        if !sparingLent {
            for connection in lent.values { connection.close() }
        }
        waiting.answerAll(())
    }
}
