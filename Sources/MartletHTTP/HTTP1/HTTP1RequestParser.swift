/// A strict parser of HTTP/1 request heads, RFC 9112 §3 and §5: bytes in, offsets out.
///
///     [CR LF]  method SP target SP HTTP/1.x CR LF  *(name ":" value CR LF)  CR LF
///
///     emptyLine → method → targetStart ┬→ path → query ┬→ version → fieldStart → fieldName → fieldValue → fieldEnd ┐
///                                      ├→ absolute ────┤               ↑  └→ headEnd → complete                    │
///                                      └→ asterisk ────┘               └───────────────────────────────────────────┘
///
/// Rules:
/// - Every call gets the head from its first byte. The parser remembers where it stopped, so no byte is looked at
///   twice however small the pieces are that the head arrives in.
/// - Where the input was split changes neither result nor error, and an error is thrown as soon as the offending
///   byte is there. Limits therefore cut the input off before it is scanned: a byte behind a limit is never judged.
/// - What two implementations could read in two ways is refused, not repaired.
///
/// One value serves all requests of a connection: the table of fields keeps its capacity, so that nothing is
/// allocated per request in the steady state.
public struct HTTP1RequestParser: Sendable {
    /// The limits of the head.
    public let limits: HTTP1Limits

    /// The method; of ``HTTPMethod/other`` only ``methodName`` tells which.
    public internal(set) var method = HTTPMethod.get
    /// The method as it was sent: a token.
    public internal(set) var methodName = ByteRange()
    /// The whole request target: visible ASCII without `#`.
    public internal(set) var target = ByteRange()
    /// The form of the target.
    public internal(set) var targetForm = RequestTargetForm.origin
    /// The path of the target: empty (of an absolute target without one, it means `/`), `*`, or begins with `/`.
    /// Its escapes are well-formed and none of them is NUL.
    public internal(set) var path = ByteRange()
    /// What is behind the first `?` of the target; nil when there is none.
    public internal(set) var query: ByteRange?
    /// 0 of HTTP/1.0, 1 of HTTP/1.1 and every later 1.x.
    public internal(set) var minorVersion: UInt8 = 1
    /// The fields, in the order they were sent.
    public internal(set) var fields = HTTP1FieldTable()
    /// How the body is delimited.
    public internal(set) var body = HTTP1BodyFraming.none
    /// Whether the client lets the connection go on after the response, RFC 9112 §9.3.
    public internal(set) var isKeepAlive = true
    /// Whether the client waits for `100 Continue` before it sends the body, RFC 9110 §10.1.1.
    public internal(set) var expectsContinue = false
    /// Whether there is a field Content-Encoding, RFC 9110 §8.4.
    public var hasContentEncoding: Bool { seen.hasContentEncoding }
    /// The authority asked for: of an absolute target its own (RFC 9112 §3.2.2), else the value of Host.
    /// Nil of HTTP/1.0 without Host; may be empty.
    public internal(set) var host: ByteRange?

    /// Whether the path contains `%`: whether ``PercentEncoding`` has anything to decode.
    public var pathHasEscapes: Bool { pathClasses & ByteClass.percent != 0 }
    /// Whether the path contains `.` or `%2e`-like escapes: whether ``DotSegments`` may find any.
    public var pathMayHaveDotSegments: Bool { pathClasses & (ByteClass.percent | ByteClass.dot) != 0 }

    enum Phase: UInt8, HTTP1FieldPhase {
        case emptyLine, emptyLineEnd, method, targetStart, path, query, absolute, asterisk, version
        case fieldStart, fieldName, fieldValue, fieldEnd, headEnd, complete
    }

    var phase = Phase.emptyLine
    /// The next byte to look at.
    var position = 0
    /// Where the part began that `phase` is in: version, or field name.
    var mark = 0
    /// Where the value of the field began, its leading white space included.
    var valueStart = 0
    var lineStart = 0
    var sectionStart = 0
    /// All classes of all bytes of the path, or-ed together.
    var pathClasses: UInt8 = 0
    var seen = Seen()

    /// What the fields seen so far say about the message.
    struct Seen {
        var message = HTTP1MessageFields()
        var hasHost = false
        var expectsContinue = false
        var hasContentEncoding = false
    }

    /// A parser at the start of a connection.
    public init(limits: HTTP1Limits = HTTP1Limits()) {
        self.limits = limits
    }

    /// Goes on with the head that `bytes` begins with.
    ///
    /// - Parameter bytes: everything received from the first byte of this head on; what is behind the head (a body,
    ///   the next request) is not touched. Must not be shorter than at the call before.
    /// - Throws: ``HTTP1Error`` with the status to answer. The parser is then of no use until ``reset()``.
    public mutating func parse(_ bytes: Span<UInt8>) throws(HTTP1Error) -> HTTP1Progress {
        precondition(bytes.count >= position, "parse(_:) needs the head from its first byte")
        if position == 0, phase == .emptyLine, parseWhole(bytes) { return .complete(length: position) }
        if phase.rawValue < Phase.fieldStart.rawValue {
            guard try parseRequestLine(bytes) else { return .needsMore }
        }
        if phase != .complete {
            guard try parseFields(bytes) else { return .needsMore }
            try concludeHead()
            phase = .complete
        }
        return .complete(length: position)
    }

    /// Whether any byte of a head has been seen that is not the end of the one before: a connection that ends
    /// or falls silent here does so in the midst of a request.
    public var isInHead: Bool { phase != .complete && position > lineStart }

    /// Forgets the head, keeping the memory for the next one.
    public mutating func reset() {
        phase = .emptyLine
        position = 0
        lineStart = 0
        pathClasses = 0
        seen = Seen()
        query = nil
        host = nil
        fields.removeAll()
    }
}

extension HTTP1RequestParser: HTTP1HeadParser {}
