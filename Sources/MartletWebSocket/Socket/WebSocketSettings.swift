import MartletWebSocketCodec

/// How a WebSocket behaves, on either side.
public nonisolated struct WebSocketSettings: Sendable {
    /// Which pages may open a WebSocket. Programs that are no browsers send no Origin, and are always let in.
    public enum Origins: Hashable, Sendable {
        /// Those that come from the host that is asked for: the same name and port. Without this, any page that a user
        /// visits could speak here in the user's name, because browsers send cookies along (RFC 6455 §10.2).
        case sameHost
        /// Those that come from one of these: `https://example.org`.
        case among(Set<String>)
        /// All pages.
        case any
    }

    /// What is done with a message for a peer that reads too slowly: one that has left ``sendLimit`` bytes lying.
    public enum Backpressure: Hashable, Sendable {
        /// `send` waits until the peer has read. Of what is published on a channel, which waits for nobody, messages are
        /// dropped.
        case wait
        /// The message is dropped, and counted.
        case drop
        /// The WebSocket is closed with 1008.
        case close
    }

    /// Which pages may open a WebSocket. A server's only.
    public var origins = Origins.sameHost
    /// The subprotocols that are spoken: a server's in its order of preference, a client's as they are offered.
    public var subprotocols: [String] = []
    /// What a peer may send: messages of at most 1 MiB, unless said otherwise.
    public var limits = WebSocketLimits()
    /// Whether messages come in pieces, to be read with ``WebSocket/streams``: for those that are larger than memory.
    public var streamsMessages = false
    /// Messages that wait for the handler before the peer is read from no more.
    public var receiveLimit = 16
    /// Bytes that wait for the peer before ``backpressure`` begins.
    public var sendLimit = 1 << 20
    /// What is done with messages for a peer that reads too slowly.
    public var backpressure = Backpressure.wait
    /// How long a peer may read nothing while something waits for it.
    public var writeTimeout: Duration = .seconds(30)
    /// After that much silence a ping is sent; `nil` for never.
    public var pingInterval: Duration? = .seconds(30)
    /// How long the answer to that may take before the peer is taken for dead.
    public var pongTimeout: Duration = .seconds(20)
    /// How long the peer may take to answer a close frame, and to take what is still on its way.
    public var closeTimeout: Duration = .seconds(10)
    /// When a server drains, its WebSockets are closed with 1001 at random moments within that time, so that not all
    /// clients come back at once.
    public var drainSpread: Duration = .seconds(3)
    /// How long a handler may go on after its WebSocket has ended before its task is cancelled.
    public var handlerGrace: Duration = .seconds(10)
    /// Whether and how messages are compressed. A server accepts it unless this says otherwise.
    public var compression = PerMessageDeflateSettings()

    /// The defaults, which the properties tell.
    public init() {}

    /// With limits that let something through: of none or less, nobody could ever send.
    var usable: WebSocketSettings {
        var settings = self
        settings.sendLimit = max(1, sendLimit)
        settings.receiveLimit = max(1, receiveLimit)
        return settings
    }
}
