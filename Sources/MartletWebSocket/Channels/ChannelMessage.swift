import MartletWebSocketCodec

/// What the workers tell each other about channels.
///
/// A byte for the kind, and, numbers little-endian:
///
///     text, binary         length of the channel's name (1) | name | payload
///     joined               sequence (4) | length of the name (1) | name | length of the id (1) | id | information
///     left                 sequence (4) | length of the name (1) | name | id
///     stateBegins, -Ends   sequence (4)
///     stateWanted          the identity of the worker whose state it is, 0 for everybody's (8)
///
/// Any bytes are either refused or mean exactly one message, which encodes to the same bytes.
nonisolated enum ChannelMessage: Hashable, Sendable {
    /// Something is published. Whether a text is UTF-8 is for those to check who have subscribers.
    case published(channel: String, WebSocketEvent.Kind, ArraySlice<UInt8>)
    /// Somebody is present on the sender, or their information has changed.
    case joined(channel: String, PresenceMember, sequence: UInt32)
    /// Somebody is present on the sender no longer.
    case left(channel: String, id: String, sequence: UInt32)
    /// All who are present on the sender follow.
    case stateBegins(sequence: UInt32)
    /// Who was not among them is not there.
    case stateEnds(sequence: UInt32)
    /// Somebody does not know who is present on a worker, or on all.
    case stateWanted(of: UInt64)

    enum Kind: UInt8 {
        case text = 1
        case binary, joined, left, stateBegins, stateEnds, stateWanted
    }

    /// The most bytes of a channel's name.
    static let longestName = 255
    /// The most bytes that can be published: with the name before them, what the bus carries.
    static let longestPayload = (1 << 20) - 2 - longestName

    /// The message that bytes mean; `nil` when they mean none.
    init?(decoding bytes: [UInt8]) {
        var reader = Reader(rest: bytes[...])
        guard let kind = reader.byte().flatMap(Kind.init) else { return nil }
        switch kind {
        case .text, .binary:
            guard let channel = reader.name() else { return nil }
            self = .published(channel: channel, kind == .text ? .text : .binary, reader.rest)
        case .joined:
            guard let sequence = reader.number(UInt32.self), let channel = reader.name(), let id = reader.name(),
                let info = String(validating: reader.rest, as: UTF8.self),
                let member = PresenceMember(id: id, info: info)
            else { return nil }
            self = .joined(channel: channel, member, sequence: sequence)
        case .left:
            guard let sequence = reader.number(UInt32.self), let channel = reader.name(),
                (1...PresenceMember.longestID).contains(reader.rest.count),
                let id = String(validating: reader.rest, as: UTF8.self)
            else { return nil }
            self = .left(channel: channel, id: id, sequence: sequence)
        case .stateBegins, .stateEnds:
            guard let sequence = reader.number(UInt32.self), reader.rest.isEmpty else { return nil }
            self = kind == .stateBegins ? .stateBegins(sequence: sequence) : .stateEnds(sequence: sequence)
        case .stateWanted:
            guard let worker = reader.number(UInt64.self), reader.rest.isEmpty else { return nil }
            self = .stateWanted(of: worker)
        }
    }

    /// The bytes. Names and identifiers have 1 to 255 bytes.
    var encoded: [UInt8] {
        switch self {
        case .published(let channel, let kind, let payload):
            payload.withUnsafeBytes { Self.encode(publishedOn: channel, kind, $0) }
        case .joined(let channel, let member, let sequence):
            Self.bytes(.joined, sequence) + Self.prefixed(channel) + Self.prefixed(member.id) + member.info.utf8
        case .left(let channel, let id, let sequence):
            Self.bytes(.left, sequence) + Self.prefixed(channel) + id.utf8
        case .stateBegins(let sequence): Self.bytes(.stateBegins, sequence)
        case .stateEnds(let sequence): Self.bytes(.stateEnds, sequence)
        case .stateWanted(let worker): Self.bytes(.stateWanted, worker)
        }
    }

    /// The bytes of what is published, which may lie anywhere.
    static func encode(
        publishedOn channel: String, _ kind: WebSocketEvent.Kind, _ payload: UnsafeRawBufferPointer
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 + channel.utf8.count + payload.count)
        bytes.append((kind == .text ? Kind.text : .binary).rawValue)
        bytes.append(UInt8(clamping: channel.utf8.count))
        bytes += channel.utf8
        bytes += payload
        return bytes
    }

    private static func bytes<Number: FixedWidthInteger>(_ kind: Kind, _ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { [kind.rawValue] + $0 }
    }

    private static func prefixed(_ text: String) -> [UInt8] {
        [UInt8(clamping: text.utf8.count)] + text.utf8
    }
}

extension ChannelMessage {
    /// Reads from the front; everything is `nil` once there is too little.
    private nonisolated struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func byte() -> UInt8? { rest.popFirst() }

        mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
            let size = MemoryLayout<Number>.size
            guard rest.count >= size else { return nil }
            let number = rest.withUnsafeBytes { $0.loadUnaligned(as: type) }
            rest = rest.dropFirst(size)
            return Number(littleEndian: number)
        }

        /// A text with its length before it, of at least one byte.
        mutating func name() -> String? {
            guard let count = byte(), count > 0, rest.count >= Int(count) else { return nil }
            let bytes = rest.prefix(Int(count))
            rest = rest.dropFirst(Int(count))
            return String(validating: bytes, as: UTF8.self)
        }
    }
}
