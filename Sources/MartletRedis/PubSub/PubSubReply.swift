import MartletRESP

/// What a server says to a connection that subscribes, in either version of the protocol.
nonisolated enum PubSubReply: Hashable, Sendable {
    /// How a subscription names what it wants.
    enum Kind: Hashable, Sendable, CaseIterable {
        case channel, pattern, shard
    }

    /// Something is subscribed to.
    case subscribed(Kind, [UInt8])
    /// Something is subscribed to no more; the server says so unasked when a slot moves away. `nil` when nothing was.
    case unsubscribed(Kind, [UInt8]?)
    case message(Kind, RedisMessage)

    /// Reads a push, or in version 2 an array.
    ///
    /// - Parameter parts: its elements.
    /// - Returns: `nil` for anything else.
    init?(_ parts: [RESPValue]) {
        guard parts.count >= 3, let word = parts[0].text else { return nil }
        switch word {
        case "message", "smessage":
            guard parts.count == 3, let channel = parts[1].bytes, let payload = parts[2].bytes else { return nil }
            self = .message(
                word == "message" ? .channel : .shard, RedisMessage(channel: channel, pattern: nil, payload: payload))
        case "pmessage":
            guard parts.count == 4, let pattern = parts[1].bytes, let channel = parts[2].bytes,
                let payload = parts[3].bytes
            else { return nil }
            self = .message(.pattern, RedisMessage(channel: channel, pattern: pattern, payload: payload))
        case "subscribe", "psubscribe", "ssubscribe":
            guard let name = parts[1].bytes else { return nil }
            self = .subscribed(Self.kind(word), name)
        case "unsubscribe", "punsubscribe", "sunsubscribe":
            guard parts[1].isNull || parts[1].bytes != nil else { return nil }
            self = .unsubscribed(Self.kind(word), parts[1].bytes)
        default: return nil
        }
    }

    private static func kind(_ word: String) -> Kind {
        switch word.utf8.first {
        case UInt8(ascii: "p"): .pattern
        case UInt8(ascii: "s") where word != "subscribe": .shard
        default: .channel
        }
    }
}

/// A message that was published.
public nonisolated struct RedisMessage: Hashable, Sendable {
    /// Where it was published.
    public let channel: [UInt8]
    /// The pattern that it was got for; `nil` of a subscription that names the channel.
    public let pattern: [UInt8]?
    /// What was published.
    public let payload: [UInt8]

    /// A message.
    public init(channel: [UInt8], pattern: [UInt8]? = nil, payload: [UInt8]) {
        self.channel = channel
        self.pattern = pattern
        self.payload = payload
    }

    /// The channel as text; what is no UTF-8 is replaced by U+FFFD.
    public var channelName: String { String(decoding: channel, as: UTF8.self) }
    /// The payload as text; what is no UTF-8 is replaced by U+FFFD.
    public var text: String { String(decoding: payload, as: UTF8.self) }
}
