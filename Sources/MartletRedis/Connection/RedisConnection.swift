import MartletLoop
import MartletNet
import MartletRESP

/// One connection to a server.
///
/// ```
///                 greeting is over                  close, lost, silent
///   connecting ─────────────────────▶ open ─────────────────────────────▶ closed: everybody who waits gets an error
/// ```
///
/// All commands that are sent in one turn of the loop leave in one write, and any number of callers may wait for answers.
/// A connection that is lost is lost: nothing is sent again, and there is no other in its place. ``RedisClient`` does that.
///
/// It lives, and keeps its socket, until ``close()`` or until it is lost.
@MainActor  // Spelled out: see HTTPServer.
public final class RedisConnection: RedisCommands {
    /// What it was made with.
    public let settings: RedisSettings
    /// Where the server is, for messages.
    public let host: String
    /// Called with each push message (invalidations, messages of subscriptions, but no acknowledgements of those), in order,
    /// on the loop. With version 2 of the protocol it gets the messages of subscriptions, too.
    public var onPush: (([RESPValue]) -> Void)?
    /// Called once when the connection is lost or closed, with the reason.
    public var onClose: ((RedisError) -> Void)?
    /// The version of the protocol that was agreed on.
    public internal(set) var protocolVersion = RedisSettings.ProtocolVersion.resp2
    /// What the server said about itself when it was greeted: `server`, `version`, `mode`, `role`; empty where it speaks
    /// version 2.
    public internal(set) var greeting: [String: String] = [:]
    /// Whether something was sent that changes the connection itself, so that it is not to be used for anything else.
    public internal(set) var isAltered = false
    /// Why it is closed; `nil` while it is open.
    public private(set) var closeReason: RedisError?

    let loop = EventLoop.main
    let stream: ByteStream
    var parser: RESPParser
    var pending = PendingAnswers()
    /// What is to be sent, of which `sentOffset` bytes have been.
    var output: [UInt8] = []
    var sentOffset = 0
    /// All that was ever put into `output`.
    var position: UInt64 = 0
    /// Where the bytes of what was queued last begin.
    var queuedPosition: UInt64 = 0
    /// How much had been passed to the kernel when it was closed.
    private var sentPosition: UInt64 = 0
    /// Whether what comes unasked are the lines of MONITOR. Then nothing else is sent: nobody could tell its answer.
    var isMonitoring = false
    /// How many may wait for answers.
    var pendingLimit: Int
    var isFlushQueued = false
    /// Itself, while a flush is queued, which may be all that knows of it by then.
    var keptForFlush: RedisConnection?
    /// Whether there are subscriptions, or may be: then version 2 disguises pushes as arrays.
    var hasSubscribed = false
    /// How many channels and patterns, and how many sharded channels, the server has said to be subscribed to.
    var subscribed = (plain: 0 as Int64, sharded: 0 as Int64)
    /// Whether version, user and database are agreed on.
    var isGreeted = false
    /// When something was received last, or a command was sent while none was pending.
    var lastActivity = EventLoop.main.now
    let openedAt = EventLoop.main.now
    lazy var timer = LoopTimer { [unowned self] in self.timePassed() }
    var timerInstant = EventLoop.Instant.distantFuture
    let commandTimeout: EventLoop.Interval
    let silence: EventLoop.Interval
    /// Whether it is known to wait for long: then silence is no sign of anything.
    var isBlocking = false
    lazy var flushAction: @MainActor () -> Void = { [unowned self] in self.flush() }

    /// What all connections receive into. With its header an array of as many bytes stays below the size (128 KiB) from
    /// which malloc asks the kernel for memory each time.
    static let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: (128 << 10) - 64, alignment: 64)

    init(_ stream: ByteStream, settings: RedisSettings) {
        self.stream = stream
        self.settings = settings
        host = settings.host
        pendingLimit = settings.limits.pendingCommands
        parser = RESPParser(limits: settings.limits.answers)
        commandTimeout = EventLoop.Interval(settings.timeouts.command)
        silence = EventLoop.Interval(settings.timeouts.silence)
        stream.observer = self
    }

    /// Begins to receive; from here on the loop keeps it.
    func begin() {
        watchTime()
        waitEnded(.ready)
    }

    deinit {}

    /// Connects, greets (HELLO or AUTH, CLIENT SETNAME, SELECT) and returns when commands can be sent.
    ///
    /// - Throws: `RedisError`, with the code `connection`, `authentication`, `timedOut`, `cancelled` or `server`.
    public static func connect(_ settings: RedisSettings) async throws(RedisError) -> RedisConnection {
        try await RedisConnector(settings).connect()
    }

    /// Whether commands can be sent.
    public var isOpen: Bool { closeReason == nil }

    /// How many callers wait for their answers, or have stopped waiting for answers that are still to come.
    public var pendingCount: Int { pending.count }

    /// Closes it at once: those who wait get an error.
    public func close() {
        end(RedisError(.closed, host: host, "the connection has been closed"))
    }

    /// Ends it: everybody who waits gets the error.
    func end(_ reason: RedisError) {
        guard closeReason == nil else { return }
        closeReason = reason
        timer.cancel()
        // What lies behind this has never reached the kernel.
        let sent = position - UInt64(output.count - sentOffset)
        sentPosition = sent
        stream.close()
        output = []
        sentOffset = 0
        let unsent = RedisError(reason.code, host: host, reason.reason, cause: reason.cause, isUnsent: true)
        for caller in pending.removeAll() {
            caller.waiter?.resumeOnMain(returning: .failed(caller.position >= sent ? unsent : reason))
        }
        let onClose = onClose
        self.onClose = nil
        onPush = nil
        onClose?(reason)
    }

    func lost(_ reason: String, cause: (any Error)? = nil) {
        end(RedisError(.connectionLost, host: host, reason, cause: cause))
    }

    /// Why nothing can be sent, about a command.
    func closedError(_ command: String?, isUnsent: Bool = true) -> RedisError {
        let reason = closeReason ?? RedisError(.closed, host: host, "the connection has been closed")
        return RedisError(
            reason.code, host: host, command: command, reason.reason, cause: reason.cause, isUnsent: isUnsent)
    }

    /// Why what was queued last gets no answer: sending it has closed the connection.
    var queuedInVain: RedisError { closedError(nil, isUnsent: queuedPosition >= sentPosition) }
}
