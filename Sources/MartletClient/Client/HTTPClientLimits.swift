import MartletHTTP

/// How much a client takes, from servers and of its own connections.
public nonisolated struct HTTPClientLimits: Hashable, Sendable {
    /// Connections to one origin, those under way included; at least 1.
    public var connectionsPerOrigin = 64
    /// Connections in all; at least 1.
    public var connections = 512
    /// Requests that may wait for a connection, per origin; beyond they fail at once.
    public var waiting = 10_000
    /// How long a connection is kept that nobody uses. Servers commonly give up after 60 to 75 seconds.
    public var idle: Duration = .seconds(50)
    /// Bytes and fields that the head of a response may have.
    public var head = HTTP1Limits(fieldSection: 64 << 10, fieldCount: 200)
    /// Bytes that the body of a response may have, as it is sent and as it is when decompressed. As many as there are,
    /// unless set.
    public var body = UInt64.max
    /// Bytes that `bytes`, `text` and `json` hold at most, unless they are told otherwise.
    public var collectedBody = 64 << 20
    /// How many times as large as it was sent a decompressed body may be, once it is larger than 1 MiB. Deflate makes at
    /// most 1032 of 1, brotli much more.
    public var expansion = 200
    /// Bytes of a body that nobody wants which are read so that the connection can be used again; beyond, it is closed.
    public var drain = 64 << 10

    /// The defaults.
    public init() {}
}
