import Glibc
import MartletLoop
import MartletNet
import MartletServer
import MartletWebSocketCodec

/// A WebSocket (RFC 6455), of a server or of a client.
///
/// ```swift
/// router.webSocket("/echo") { socket in
///     for try await message in socket { try await socket.send(message) }
/// }
/// ```
///
/// As an `AsyncSequence` it gives the peer's messages, and ends when the WebSocket is closed as it is meant to be (1000,
/// 1001, or without a code); any other end throws ``WebSocketClosed``. Pings are answered, the peer is asked for signs
/// of life, and a close frame is answered, whether anybody reads or not; messages that nobody takes make the peer wait.
///
/// ```
///          ┌── the peer's close frame, answered ─────────────┐
/// open ────┼── our close frame ──▶ closing ── its answer ────┼──▶ closed
///          │                          └── too late ──────────┤
///          └── broken protocol ──▶ lingering ── end, time ───┘
/// ```
///
/// One task reads at a time; any number may send, and each message goes out whole. Dropping the last reference does not
/// close it: return from the handler, or call ``close(_:reason:)``.
public final class WebSocket: ByteStreamReactor {
    let stream: ByteStream
    let context: WebSocketContext
    var decoder: WebSocketDecoder
    /// What was agreed on about compression; `nil` without.
    public let compression: PerMessageDeflate?
    /// The subprotocol that was agreed on; `nil` without.
    public let subprotocol: String?
    /// Bytes that the peer has not taken yet, if any.
    var pendingOutput: OutputBuffer?
    /// What compresses, while messages refer to those before them.
    var deflater: MessageDeflater?
    /// Who is called with messages; `nil` when they wait to be read.
    var handler: (any WebSocketHandler)?
    /// The server's place; `nil` of a client.
    var lease: ConnectionLease?
    /// The task of a handler that waits.
    var task: Task<Void, Never>?
    /// What only some need, made when it is needed.
    var extras: Extras?
    /// The channels that it is subscribed to.
    var subscriptions: [SocketSubscription] = []
    /// How it ended; `nil` while it is open.
    var end: WebSocketClosed?
    /// Since when the peer is silent.
    var lastReceived: EventLoop.Instant
    /// Since when the peer takes nothing.
    var stalledSince = EventLoop.Instant.distantFuture
    /// When the answer to a ping is due.
    var pongDeadline = EventLoop.Instant.distantFuture
    /// When waiting for the peer to close ends.
    var closeDeadline = EventLoop.Instant.distantFuture
    var state = State.open
    var flushIsDue = false
    var isDecoding = false
    /// Whether nothing is received because nobody takes what there is.
    var isPaused = false
    /// Whether a fragmented message is being sent.
    var isSendingFragments = false
    /// Whether the peer's close frame has come.
    var hasPeerClosed = false
    /// Whether this side has begun to close, before the peer has.
    var isClosedHere = false

    enum State: UInt8 {
        case open
        /// Our close frame is sent, the peer's has not come.
        case closing
        /// Nothing more is said; what the peer still sends is dropped, so that it can read why.
        case lingering
        case closed
    }

    /// What a socket has only at times.
    final class Extras {
        /// What has arrived and nobody has taken yet.
        var inbox = Arrivals()
        /// The beginning of a message that came in pieces, for those who read whole ones; `nil` between such.
        var assembled: [UInt8]?
        /// How it ends when that is taken, so that it can be answered before.
        var ending: Ending?
        /// What was received behind that, not decoded, from `undecodedStart` on.
        var undecoded: [UInt8] = []
        var undecodedStart = 0
        /// The next whole message, for the moment between finding and returning it.
        var prepared: WebSocketMessage?
        let readers = WakeQueue()
        /// Those who wait for the peer to take what there is.
        lazy var senders = WakeQueue()
        /// Those who wait until nobody sends fragments.
        lazy var turns = WakeQueue()
        lazy var closed = Event()
        var pings: [Ping] = []
        var nextPing: UInt64 = 0
        /// While the stream itself is not waiting: see `scheduleCheck`.
        var timer: LoopTimer?
        var values: [ObjectIdentifier: Any] = [:]
        var endHooks: [() -> Void] = []
        deinit {}
    }

    struct Ping {
        let payload: [UInt8]
        let sent: EventLoop.Instant
        let answer: Promise<Duration>
    }

    /// What is to happen once what came before it has been read.
    enum Ending {
        case failure(WebSocketError)
        case peerCloses(WebSocketCloseCode?, String)
    }

    /// What arrives for those who read.
    enum Arrival {
        case message(WebSocketMessage)
        case piece(WebSocketEvent.Kind, [UInt8], isFirst: Bool, isLast: Bool)
    }

    init(
        stream: ByteStream, context: WebSocketContext, compression: PerMessageDeflate?, subprotocol: String?
    ) {
        self.stream = stream
        self.context = context
        self.compression = compression
        self.subprotocol = subprotocol
        lastReceived = EventLoop.main.now
        if let compression {
            decoder = WebSocketDecoder(
                role: context.role, limits: context.settings.limits, compression: compression,
                contexts: context.deflate)
        } else {
            decoder = WebSocketDecoder(role: context.role, limits: context.settings.limits)
        }
        if context.settings.streamsMessages { decoder.delivery = .pieces }
        stream.observer = self
        context.counters.add(.webSocketsOpened)
        context.counters.add(.webSocketsActive)
    }

    deinit {}

    /// Begins to read, with what has arrived together with the handshake.
    func begin(with firstBytes: [UInt8]) {
        if !firstBytes.isEmpty {
            var bytes = firstBytes
            context.counters.add(.webSocketBytesReceived, UInt64(bytes.count))
            isDecoding = true
            bytes.withUnsafeMutableBytes { decode($0) }
            isDecoding = false
        }
        // Something may have arrived while nobody waited for it, and then no edge will tell.
        goOn()
    }

    var more: Extras {
        if let extras { return extras }
        let made = Extras()
        extras = made
        return made
    }

    // MARK: State

    /// Whether messages can be sent.
    public var isOpen: Bool { state == .open }

    /// How it ended; `nil` while it is open.
    public var closeStatus: WebSocketClosed? { end }

    /// Bytes that wait for the peer to read.
    public var bufferedBytes: Int { pendingOutput?.count ?? 0 }

    /// The other end's address; `nil` when the connection has ended.
    public var peerAddress: SocketAddress? { stream.peerAddress }

    /// Values that an application keeps with the WebSocket, by a key of their own.
    public subscript<Key: WebSocketKey>(_ key: Key.Type) -> Key.Value? {
        get { extras?.values[ObjectIdentifier(key)] as? Key.Value }
        set { more.values[ObjectIdentifier(key)] = newValue }
    }
}

/// Names a value that goes with a WebSocket, and its type.
public protocol WebSocketKey {
    /// The value's type.
    associatedtype Value
}
