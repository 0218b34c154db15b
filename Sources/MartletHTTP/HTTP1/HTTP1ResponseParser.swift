/// A strict parser of HTTP/1 response heads, RFC 9112 §4 and §5: bytes in, offsets out.
///
///     HTTP/1.x SP 3DIGIT [SP reason] CR LF  *(name ":" value CR LF)  CR LF
///
///     statusCode → reason → statusEnd → fieldStart → fieldName → fieldValue → fieldEnd ┐
///                                         ↑  └→ headEnd → complete                     │
///                                         └────────────────────────────────────────────┘
///
/// Rules:
/// - Every call gets the head from its first byte. The parser remembers where it stopped, so no byte is looked at
///   twice however small the pieces are that the head arrives in.
/// - Where the input was split changes neither result nor error, and an error is thrown as soon as the offending
///   byte is there. Limits therefore cut the input off before it is scanned: a byte behind a limit is never judged.
/// - What two implementations could read in two ways is refused, not repaired.
///
/// One value serves all responses of a connection. Behind an interim response (``isInterim``) follows the head of
/// another one to the same request.
public struct HTTP1ResponseParser: Sendable {
    /// How the body of a response is delimited, RFC 9112 §6.3.
    public enum Framing: Hashable, Sendable {
        /// No byte of body follows; also for `Content-Length: 0`.
        case none
        /// Exactly this many bytes follow, at least one.
        case length(UInt64)
        /// Chunks follow: ``HTTP1ChunkedDecoder``.
        case chunked
        /// The body ends where the connection does; whether it is whole cannot be told.
        case untilClose
    }

    /// The limits of the head.
    public let limits: HTTP1Limits
    /// The method of the request: responses to HEAD have no body, and a 2xx to CONNECT ends HTTP on the connection.
    public private(set) var requestMethod: HTTPMethod

    /// The status code, 100 to 999. Those from 600 on mean nothing; RFC 9110 §15 has them treated as 5xx.
    public private(set) var status = 0
    /// The reason phrase, possibly empty: for a person, and not even always UTF-8.
    public private(set) var reason = ByteRange()
    /// 0 of HTTP/1.0, 1 of HTTP/1.1 and every later 1.x.
    public private(set) var minorVersion: UInt8 = 1
    /// The fields, in the order they were sent.
    public internal(set) var fields = HTTP1FieldTable()
    /// How the body is delimited.
    public private(set) var body = Framing.none
    /// Whether the server lets the connection go on after the response, RFC 9112 §9.3. Of 101, and of a 2xx to CONNECT,
    /// it says nothing: another protocol follows.
    public private(set) var isKeepAlive = true

    /// Whether it is 1xx other than 101: the final response is still to come, RFC 9110 §15.2.
    public var isInterim: Bool { status < 200 && status != 101 }

    enum Phase: UInt8, HTTP1FieldPhase {
        case statusCode, reason, statusEnd
        case fieldStart, fieldName, fieldValue, fieldEnd, headEnd, complete
    }

    var phase = Phase.statusCode
    var position = 0
    var mark = 0
    var valueStart = 0
    var sectionStart = 0
    private var message = HTTP1MessageFields()

    /// A parser of the first response of a connection.
    ///
    /// - Parameters:
    ///   - limits: those of the head; ``HTTP1Limits/requestLine`` is that of the status line.
    ///   - requestMethod: the method of the request that is answered.
    public init(limits: HTTP1Limits = HTTP1Limits(), requestMethod: HTTPMethod = .get) {
        self.limits = limits
        self.requestMethod = requestMethod
    }

    /// Goes on with the head that `bytes` begins with.
    ///
    /// - Parameter bytes: everything received from the first byte of this head on; what is behind the head (a body,
    ///   the next response) is not touched. Must not be shorter than at the call before.
    /// - Throws: ``HTTP1Error`` with status 502, which a gateway answers with. The parser is then of no use until
    ///   ``reset(requestMethod:)``, and the connection of none.
    public mutating func parse(_ bytes: Span<UInt8>) throws(HTTP1Error) -> HTTP1Progress {
        precondition(bytes.count >= position, "parse(_:) needs the head from its first byte")
        do throws(HTTP1Error) {
            if phase.rawValue < Phase.fieldStart.rawValue {
                guard try parseStatusLine(bytes) else { return .needsMore }
            }
            if phase != .complete {
                guard try parseFields(bytes) else { return .needsMore }
                concludeHead()
            }
        } catch {
            // What is shared with requests knows the status for a client that is at fault.
            throw HTTP1Error(error.code, status: 502, error.message)
        }
        return .complete(length: position)
    }

    /// Forgets the head, keeping the memory for the next one.
    ///
    /// - Parameter requestMethod: the method of the request that is answered next; the same one after an interim response.
    public mutating func reset(requestMethod: HTTPMethod = .get) {
        self.requestMethod = requestMethod
        phase = .statusCode
        position = 0
        status = 0
        message = HTTP1MessageFields()
        fields.removeAll()
    }
}

extension HTTP1ResponseParser: HTTP1HeadParser {
    /// `HTTP/1.1 200`
    private static let codeEnd = 12
    private static let versionPrefix: StaticString = "HTTP/1."

    /// Parses up to the end of the status line; false when its end is not there yet.
    private mutating func parseStatusLine(_ bytes: Span<UInt8>) throws(HTTP1Error) -> Bool {
        let end = min(bytes.count, limits.requestLine)
        if try parseStatusCode(bytes, end), try parseReason(bytes, end), try endStatusLine(bytes, end) { return true }
        if bytes.count > limits.requestLine {
            throw HTTP1Error(.tooLarge, "status line is longer than the limit of \(limits.requestLine) bytes")
        }
        return false
    }

    /// Version and code, which are as long in every response.
    private mutating func parseStatusCode(_ bytes: Span<UInt8>, _ end: Int) throws(HTTP1Error) -> Bool {
        guard phase == .statusCode else { return true }
        while position < Self.codeEnd {
            guard position < end else { return false }
            try readStatusByte(bytes[position])
            position += 1
        }
        phase = .reason
        return true
    }

    private mutating func readStatusByte(_ byte: UInt8) throws(HTTP1Error) {
        let digit = byte &- ASCII.zero
        switch position {
        case 0..<7:
            guard byte == Self.versionPrefix.utf8Start[position] else {
                throw .unexpected(byte, in: "status line: version, which is HTTP/1.0 or HTTP/1.1", .version)
            }
        case 7:
            guard digit < 10 else {
                throw .unexpected(byte, in: "status line: version, which is HTTP/1.0 or HTTP/1.1", .version)
            }
            minorVersion = digit == 0 ? 0 : 1
        case 8:
            guard byte == ASCII.space else { throw .unexpected(byte, in: "status line: version", .version) }
        default:
            guard digit < 10, position > 9 || digit > 0 else {
                throw .unexpected(byte, in: "status line: code, which has three digits", .statusLine)
            }
            status = status * 10 + Int(digit)
        }
    }

    /// A space and the reason phrase. Where it is empty many leave the space out too, against RFC 9112 §4; nothing else
    /// can be meant.
    private mutating func parseReason(_ bytes: Span<UInt8>, _ end: Int) throws(HTTP1Error) -> Bool {
        guard phase == .reason else { return true }
        if position == Self.codeEnd {
            guard position < end else { return false }
            guard bytes[position] == ASCII.space || bytes[position] == ASCII.carriageReturn else {
                throw .unexpected(bytes[position], in: "status line: behind the code", .statusLine)
            }
            if bytes[position] == ASCII.space { position += 1 }
        }
        let stop = bytes.firstControl(from: position, to: end)
        position = stop
        guard stop < end else { return false }
        guard bytes[stop] == ASCII.carriageReturn else {
            throw .unexpected(bytes[stop], in: "status line: reason phrase", .statusLine)
        }
        reason = ByteRange(min(Self.codeEnd + 1, stop), stop)
        position = stop + 1
        phase = .statusEnd
        return true
    }

    private mutating func endStatusLine(_ bytes: Span<UInt8>, _ end: Int) throws(HTTP1Error) -> Bool {
        guard position < end else { return false }
        guard bytes[position] == ASCII.lineFeed else {
            throw .bareCarriageReturn(before: bytes[position], in: "status line")
        }
        position += 1
        sectionStart = position
        phase = .fieldStart
        return true
    }
}

/// What the fields mean that decide about the connection and about where the message ends.
extension HTTP1ResponseParser {
    private mutating func parseFields(_ bytes: Span<UInt8>) throws(HTTP1Error) -> Bool {
        try parseFieldSection(bytes) { parser, field throws(HTTP1Error) in try parser.interpret(field, bytes) }
    }

    private mutating func interpret(_ field: HTTP1Field, _ bytes: Span<UInt8>) throws(HTTP1Error) {
        switch field.name.count {
        case 10 where bytes.equals(field.name, lowercased: "connection"):
            try message.noteConnection(field.value, bytes)
        case 14 where bytes.equals(field.name, lowercased: "content-length") && !isTunnel:
            try message.noteContentLength(field.value, bytes)
        case 17 where bytes.equals(field.name, lowercased: "transfer-encoding") && !isTunnel:
            try message.noteTransferEncoding(field.value, bytes, minorVersion: minorVersion)
        default:
            break
        }
    }

    /// A success of CONNECT, behind which is what the other end of the tunnel sends. What such a response says about a
    /// body is to be ignored, RFC 9112 §6.3.
    private var isTunnel: Bool { requestMethod == .connect && status / 100 == 2 }

    private mutating func concludeHead() {
        let hasNoBody = requestMethod == .head || status < 200 || status == 204 || status == 304 || isTunnel
        body =
            switch (message.hasTransferEncoding, message.contentLength) {
            case _ where hasNoBody: .none
            case (true, _): .chunked
            case (false, nil): .untilClose
            case (false, 0): .none
            case (false, let length?): .length(length)
            }
        isKeepAlive = body != .untilClose && message.isKeepAlive(minorVersion: minorVersion)
    }
}
