/// What hubs of channels tell each other over Redis.
///
/// A byte for the kind, the sender's identity (8, little-endian), and of a message its bytes. Any bytes are either refused
/// or mean exactly one frame, which encodes to the same bytes.
nonisolated struct RedisChannelFrame: Hashable, Sendable {
    enum Kind: UInt8, Sendable {
        /// A hub's message.
        case message = 1
        /// The sender has come, or come back, and knows of nobody.
        case hello
        /// The sender lives.
        case alive
        /// The sender goes.
        case leaving
    }

    let kind: Kind
    let sender: UInt64
    let message: ArraySlice<UInt8>

    private static let headerSize = 9

    init(_ kind: Kind, from sender: UInt64, _ message: ArraySlice<UInt8> = []) {
        self.kind = kind
        self.sender = sender
        self.message = message
    }

    /// The frame that bytes mean; `nil` when they mean none.
    init?(decoding bytes: [UInt8]) {
        guard bytes.count >= Self.headerSize, let kind = Kind(rawValue: bytes[0]) else { return nil }
        guard kind == .message || bytes.count == Self.headerSize else { return nil }
        let sender = bytes.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
        }
        // Nobody has that one.
        guard sender != 0 else { return nil }
        self.init(kind, from: sender, bytes[Self.headerSize...])
    }

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerSize + message.count)
        bytes.append(kind.rawValue)
        withUnsafeBytes(of: sender.littleEndian) { bytes += $0 }
        bytes += message
        return bytes
    }
}

/// What workers of one machine tell each other over its bus, beside messages of channels: by which identity others know
/// the sender. Its first byte is none of a message's.
nonisolated struct LocalIntroduction: Hashable, Sendable {
    let identity: UInt64
    /// Whether those who hear it should introduce themselves.
    let asks: Bool

    private static let mark: UInt8 = 0xFF

    init(_ identity: UInt64, asks: Bool) {
        self.identity = identity
        self.asks = asks
    }

    /// The introduction that bytes mean; `nil` when they mean none.
    init?(decoding bytes: [UInt8]) {
        guard bytes.count == 10, bytes[0] == Self.mark, bytes[1] <= 1 else { return nil }
        let identity = bytes.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
        }
        guard identity != 0 else { return nil }
        self.init(identity, asks: bytes[1] == 1)
    }

    var encoded: [UInt8] {
        withUnsafeBytes(of: identity.littleEndian) { [Self.mark, asks ? 1 : 0] + $0 }
    }
}
