import MartletHTTP
import MartletLoop
import MartletNet

/// The connections to one place.
///
/// `open` counts those that are there or being made. A connection that comes back goes to whoever has waited longest, else on
/// top of the idle ones, of which the last used is the first to be used again: so that the others grow old and are closed.
final class OriginPool {
    let destination: Destination
    /// Holds this one while there are connections or somebody waits, and no longer.
    let pool: ConnectionPool
    private(set) var idle: [ClientConnection] = []
    private(set) var open = 0
    private let waiting = WaitQueue<UInt64, Grant>()

    /// What a request that has waited gets.
    enum Grant {
        case connection(ClientConnection)
        /// It may make one.
        case place
        case shutDown
    }

    init(_ destination: Destination, pool: ConnectionPool) {
        self.destination = destination
        self.pool = pool
    }

    deinit {}

    /// Where heads are written before they are sent: one for all connections.
    var output: ByteBuffer {
        _read { yield pool.output }
        _modify { yield &pool.output }
    }

    var head: RequestHead {
        _read { yield pool.head }
    }

    /// The ticket of who has waited longest; `nil` when nobody waits.
    var longestWaiting: UInt64? { waiting.first?.request }

    /// An idle connection that is good, now busy.
    @inline(__always)
    func takeIdle(asksKernel: Bool) -> ClientConnection? {
        while let connection = idle.popLast() {
            let asks = asksKernel || EventLoop.main.now.nanoseconds &- connection.idleSince.nanoseconds > 1_000_000_000
            if connection.isFresh(asksKernel: asks) {
                connection.wake()
                return connection
            }
            connection.close()
        }
        return nil
    }

    /// Takes the place of one more connection, if there is any.
    func takePlace() -> Bool {
        guard open < max(1, pool.settings.limits.connectionsPerOrigin), pool.takePlace() else { return false }
        open += 1
        return true
    }

    /// Closes an idle connection, of any age, to make room.
    func closeOneIdle() -> Bool {
        guard let connection = idle.first else { return false }
        connection.close()
        return true
    }

    /// Waits for a connection or a place.
    func wait(_ request: HTTPClientRequest, until deadline: EventLoop.Instant) async throws -> Grant {
        guard waiting.count < pool.settings.limits.waiting else {
            throw HTTPClientError(
                .poolExhausted, url: request.url,
                "all \(open) connections to it are taken, and \(waiting.count) requests wait for one already")
        }
        let ticket = pool.nextTicket()
        guard deadline < .distantFuture else { return try await waiting.wait(ticket) }
        do {
            return try await withDeadline(deadline) { try await self.waiting.wait(ticket) }
        } catch is TimeoutError {
            let phase: HTTPClientError.Phase = deadline == request.values.deadline ? .total : .pool
            throw HTTPClientError(
                .timeout, url: request.url,
                "\(phase.rawValue) did not come in time: all \(open) connections to it are taken",
                phase: phase)
        }
    }

    /// An exchange is over, and the connection can be used again.
    func returned(_ connection: ClientConnection) {
        guard !pool.isShutDown else { return connection.close() }
        if let waiter = waiting.first {
            connection.state = .busy
            return waiting.answer(waiter, .connection(connection))
        }
        idle.append(connection)
        connection.lieIdle(until: EventLoop.main.now + pool.idle)
        // Others may need the place more.
        if pool.othersWait { connection.close() }
    }

    /// A connection is gone.
    func closed(_ connection: ClientConnection) {
        if let index = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: index) }
        placeIsFree()
    }

    /// Whether nothing is here any more.
    var isUnused: Bool { open == 0 && waiting.isEmpty }

    /// A place is not needed any more: of a connection that was closed, or was never made.
    func placeIsFree() {
        open -= 1
        pool.placeIsFree()
        if isUnused { pool.forget(self) }
    }

    /// Hands a place to who has waited longest; `false` when there is none to be had, or nobody waits.
    func grantPlace() -> Bool {
        guard let waiter = waiting.first, takePlace() else { return false }
        waiting.answer(waiter, .place)
        return true
    }

    /// Closes what is idle, and sends those away who wait.
    func shutdown() {
        waiting.answerAll(.shutDown)
        for connection in idle { connection.close() }
    }
}
