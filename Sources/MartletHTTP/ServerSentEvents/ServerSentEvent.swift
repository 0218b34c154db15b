/// One event of a `text/event-stream`, WHATWG HTML §9.2.
///
///     ServerSentEvent(data: "{\"price\": 12}", event: "trade", id: "42").append(to: &output)
public struct ServerSentEvent: Hashable, Sendable {
    /// What the client hands to its listeners. Nil: it hands out nothing, but takes ``id`` and ``retry`` to heart.
    public var data: String?
    /// The type of the event; nil is `message`.
    public var event: String?
    /// What the client sends as Last-Event-ID when it comes back. Empty: nothing any more.
    public var id: String?
    /// How long the client waits before it comes back, in whole milliseconds on the wire.
    public var retry: Duration?
    /// Text that clients ignore. `ServerSentEvent(comment: "")` keeps a quiet connection from being closed on the way.
    public var comment: String?

    /// An event; parts that are nil are not sent.
    public init(
        data: String? = nil, event: String? = nil, id: String? = nil, retry: Duration? = nil, comment: String? = nil
    ) {
        self.data = data
        self.event = event
        self.id = id
        self.retry = retry
        self.comment = comment
    }

    /// Appends the event with the empty line that ends it.
    ///
    /// Nothing in it can begin another field or event: data and comment become a line for each of theirs, line ends
    /// (CR, LF or CR LF) in ``event`` become spaces, and an ``id`` with a line end or NUL, which clients could not
    /// keep, is left out.
    public func append(to output: inout ByteBuffer) {
        if let comment { Self.append(":", lines: comment, to: &output) }
        if let event { Self.append("event:", line: event, to: &output) }
        if let id, !id.utf8.contains(where: { $0 == 0 || Self.isLineEnd($0) }) {
            Self.append("id:", line: id, to: &output)
        }
        if let retry {
            output.append("retry: ")
            output.append(decimal: Self.milliseconds(retry))
            output.append("\n")
        }
        if let data { Self.append("data:", lines: data, to: &output) }
        output.append("\n")
    }

    private static func append(_ field: StaticString, line: String, to output: inout ByteBuffer) {
        output.append(field)
        output.append(" ")
        for byte in line.utf8 { output.append(isLineEnd(byte) ? ASCII.space : byte) }
        output.append("\n")
    }

    private static func append(_ field: StaticString, lines: String, to output: inout ByteBuffer) {
        var rest = lines.utf8[...]
        while true {
            output.append(field)
            output.append(" ")
            let end = rest.firstIndex(where: isLineEnd)
            output.append(contentsOf: rest[..<(end ?? rest.endIndex)])
            output.append("\n")
            guard let end else { return }
            let isCarriageReturn = rest[end] == ASCII.carriageReturn
            rest = rest[rest.index(after: end)...]
            if isCarriageReturn, rest.first == ASCII.lineFeed { rest = rest.dropFirst() }
        }
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool {
        byte == ASCII.lineFeed || byte == ASCII.carriageReturn
    }

    /// Whole milliseconds: none of a negative duration, and no more than fit.
    private static func milliseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        let (whole, overflowed) = seconds.multipliedReportingOverflow(by: 1000)
        if duration < .zero { return 0 }
        // Below 1000, so that the sum fits the unsigned type whatever the seconds are.
        return UInt64(overflowed ? .max : whole) + UInt64(attoseconds / 1_000_000_000_000_000)
    }
}
