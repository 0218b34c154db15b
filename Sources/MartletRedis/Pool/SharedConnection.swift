import MartletLoop

/// A connection that any number of callers use at once, made when it is needed, and made anew when it was lost.
///
/// ```
///            get                 connected
///   none ──────────▶ connecting ────────────▶ open ──┐ lost
///    ▲                   │ failed: those who wait get the error, the next attempt waits longer
///    └───────────────────┴───────────────────────────┘
/// ```
final class SharedConnection {
    /// The connection while it is open.
    private(set) var connection: RedisConnection?

    private let connector: RedisConnector
    private let waiting = WaitQueue<Void, Result<RedisConnection, RedisError>>()
    private var isConnecting = false
    private var isClosed = false
    private var waits: Backoff.Waits
    private var notBefore = EventLoop.Instant(nanoseconds: 0)
    /// A connection that was lost sooner than this does not count as a success.
    private static let shortLife: Duration = .seconds(1)

    init(_ connector: RedisConnector) {
        self.connector = connector
        waits = connector.settings.reconnect.waits()
    }

    deinit {}

    /// The connection, once there is one.
    func get(until deadline: EventLoop.Instant, _ command: String) async throws(RedisError) -> RedisConnection {
        if isClosed { throw Self.closed(connector.settings.host, command) }
        if let connection { return connection }
        guard waiting.count < connector.settings.limits.pendingCommands else {
            throw RedisError(
                .queueFull, host: connector.settings.host, command: command,
                "\(waiting.count) commands wait for a connection already", isUnsent: true)
        }
        if !isConnecting {
            isConnecting = true
            // Detached: the caller may be cancelled, others may wait as well.
            Task.detached { await self.makeConnection() }
        }
        do {
            return try await withDeadline(deadline) { try await self.waiting.wait(()) }.get()
        } catch let error as RedisError {
            throw error.about(command: command)
        } catch is TimeoutError {
            throw RedisError(
                .timedOut, host: connector.settings.host, command: command, "there was no connection in time",
                isUnsent: true)
        } catch {
            throw RedisError(
                .cancelled, host: connector.settings.host, command: command, "the task was cancelled", isUnsent: true)
        }
    }

    private func makeConnection() async {
        let wait = notBefore - EventLoop.main.time()
        if wait > .zero { try? await Task.sleep(for: wait) }
        do throws(RedisError) {
            if isClosed { throw Self.closed(connector.settings.host, nil) }
            let made = try await connector.connect()
            if isClosed {
                made.close()
                throw Self.closed(connector.settings.host, nil)
            }
            isConnecting = false
            open(made)
        } catch {
            isConnecting = false
            notBefore = EventLoop.main.time() + (waits.next() ?? .zero)
            waiting.answerAll(.failure(error))
        }
    }

    private func open(_ made: RedisConnection) {
        guard made.isOpen else {
            waiting.answerAll(.failure(made.closedError(nil)))
            return
        }
        connection = made
        let theirs = made.onClose
        let openedAt = made.openedAt
        // Weak references would make every retain of a connection slow. It drops this when it is closed.
        made.onClose = { reason in
            theirs?(reason)
            self.lost(reason, openedAt: openedAt)
        }
        waiting.answerAll(.success(made))
    }

    private func lost(_ reason: RedisError, openedAt: EventLoop.Instant) {
        // There is one at a time.
        connection = nil
        if isClosed { return }
        connector.settings.logger.info("a connection to Redis was lost", metadata: ["reason": "\(reason)"])
        let now = EventLoop.main.time()
        if now - openedAt < Self.shortLife {
            notBefore = now + (waits.next() ?? .zero)
        } else {
            waits = connector.settings.reconnect.waits()
        }
    }

    /// Loses the connection, so that another one is made when it is needed.
    func leave() {
        connection?.lost("the server is not the master any more")
    }

    func close() {
        isClosed = true
        connection?.close()
        connection = nil
        waiting.answerAll(.failure(Self.closed(connector.settings.host, nil)))
    }

    static func closed(_ host: String, _ command: String?) -> RedisError {
        RedisError(.closed, host: host, command: command, "the client has been closed", isUnsent: true)
    }
}
