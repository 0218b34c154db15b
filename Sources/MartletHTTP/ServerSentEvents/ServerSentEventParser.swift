/// Reads a `text/event-stream`, WHATWG HTML §9.2.6: bytes in, events out.
///
///     [BOM] *( *( field [":" [SP] value] line-end | ":" comment line-end )  line-end )
///
/// Rules:
/// - The state is in the value and no byte is needed twice. Where the input was split changes nothing, be it within CR
///   LF, within a character or within the byte order mark.
/// - A stream is never malformed: unknown fields are ignored, and bytes that are not UTF-8 become U+FFFD.
/// - An event that the end of the stream cuts off is dropped, as the standard has it.
public struct ServerSentEventParser: Sendable {
    /// The most recent id, for Last-Event-ID when the client comes back; empty when there is none.
    public private(set) var lastEventID = ""
    /// How long the server wants the client to wait before it comes back; nil when it has not said.
    public private(set) var reconnectionTime: Duration?

    private let limit: Int
    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var pending = ServerSentEvent()
    private var pendingBytes = 0
    private var isFirstLine = true
    private var isBehindCarriageReturn = false

    /// A parser at the start of a stream; `limit` is how many bytes one event may have, comments included.
    public init(limit: Int = 1 << 20) {
        self.limit = limit
    }

    /// Goes on at `offset` of `bytes`, moves it behind what was read, and returns the next event that has data; nil
    /// when all input is used up.
    ///
    /// Of the event, id and retry are set only if it names them itself.
    ///
    /// - Throws: ``ServerSentEventError`` when an event is larger than the limit; the parser is then of no further use.
    public mutating func next(
        _ bytes: Span<UInt8>, from offset: inout Int
    ) throws(ServerSentEventError) -> ServerSentEvent? {
        precondition(offset >= 0 && offset <= bytes.count)
        while offset < bytes.count {
            if isBehindCarriageReturn {
                isBehindCarriageReturn = false
                if bytes[offset] == ASCII.lineFeed {
                    offset += 1
                    continue
                }
            }
            var end = offset
            while end < bytes.count, bytes[end] != ASCII.lineFeed, bytes[end] != ASCII.carriageReturn { end += 1 }
            try count(end - offset)
            bytes.extracting(offset..<end).withUnsafeBufferPointer { line.append(contentsOf: $0) }
            offset = end
            guard end < bytes.count else { return nil }
            offset += 1
            isBehindCarriageReturn = bytes[end] == ASCII.carriageReturn
            if let event = endLine() { return event }
        }
        return nil
    }

    private mutating func count(_ bytes: Int) throws(ServerSentEventError) {
        pendingBytes += bytes
        guard pendingBytes <= limit else { throw ServerSentEventError(limit: limit) }
    }

    private mutating func endLine() -> ServerSentEvent? {
        var text = line[...]
        if isFirstLine, text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        isFirstLine = false
        defer { line.removeAll(keepingCapacity: true) }
        if text.isEmpty { return dispatch() }
        guard let colon = text.firstIndex(of: ASCII.colon) else {
            read(text, [])
            return nil
        }
        let value = text[(colon + 1)...]
        read(text[..<colon], value.first == ASCII.space ? value.dropFirst() : value)
        return nil
    }

    private mutating func read(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) {
        switch String(decoding: name, as: UTF8.self) {
        case "data":
            data += value
            data.append(ASCII.lineFeed)
        case "event":
            pending.event = value.isEmpty ? nil : String(decoding: value, as: UTF8.self)
        case "id" where !value.contains(0):
            lastEventID = String(decoding: value, as: UTF8.self)
            pending.id = lastEventID
        case "retry" where !value.isEmpty && value.allSatisfy(ASCII.isDigit):
            // What does not fit is longer than anybody waits.
            let milliseconds = Int64(String(decoding: value, as: UTF8.self)) ?? .max
            reconnectionTime = .milliseconds(milliseconds)
            pending.retry = reconnectionTime
        default: break
        }
    }

    private mutating func dispatch() -> ServerSentEvent? {
        defer {
            data.removeAll(keepingCapacity: true)
            pending = ServerSentEvent()
            pendingBytes = 0
        }
        if data.isEmpty { return nil }
        pending.data = String(decoding: data.dropLast(), as: UTF8.self)
        return pending
    }
}

/// An event of a stream is larger than its reader allows.
public struct ServerSentEventError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The limit, in bytes.
    public let limit: Int

    /// What is wrong, for a person.
    public var description: String { "an event of the stream is larger than the limit of \(limit) bytes" }
}
