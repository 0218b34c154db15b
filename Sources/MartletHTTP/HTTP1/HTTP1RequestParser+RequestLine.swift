extension HTTP1RequestParser {
    /// The longest method known to any registry has 17 letters; a longer token than this is answered with 501.
    static let longestMethod = 32
    private static let versionPrefix: StaticString = "HTTP/"

    /// Parses up to the end of the request line; false when its end is not there yet.
    mutating func parseRequestLine(_ bytes: Span<UInt8>) throws(HTTP1Error) -> Bool {
        if phase.rawValue < Phase.method.rawValue {
            guard try skipEmptyLine(bytes) else { return false }
        }
        let limit = lineStart + limits.requestLine
        let end = min(bytes.count, limit)
        if try parseMethod(bytes, end), try parseTarget(bytes, end), try parseVersion(bytes, end) { return true }
        if bytes.count > limit {
            throw HTTP1Error(
                .tooLarge, status: 414, "request line is longer than the limit of \(limits.requestLine) bytes")
        }
        return false
    }

    /// One empty line before a request line is skipped, for clients that send one behind a body, RFC 9112 §2.2.
    private mutating func skipEmptyLine(_ bytes: Span<UInt8>) throws(HTTP1Error) -> Bool {
        if phase == .emptyLine {
            guard position < bytes.count else { return false }
            guard bytes[position] == ASCII.carriageReturn else {
                phase = .method
                return true
            }
            position += 1
            phase = .emptyLineEnd
        }
        guard position < bytes.count else { return false }
        guard bytes[position] == ASCII.lineFeed else {
            throw .bareCarriageReturn(before: bytes[position], in: "request line")
        }
        position += 1
        lineStart = position
        phase = .method
        return true
    }

    @inline(__always)
    private mutating func parseMethod(_ bytes: Span<UInt8>, _ end: Int) throws(HTTP1Error) -> Bool {
        guard phase == .method else { return true }
        let longest = lineStart + Self.longestMethod
        var i = position
        while i < end, ByteClass.isToken(bytes[unchecked: i]) {
            i += 1
            if i > longest {
                throw HTTP1Error(
                    .method, status: 501, "request line: the method has more than \(Self.longestMethod) characters")
            }
        }
        position = i
        guard i < end else { return false }
        guard bytes[unchecked: i] == ASCII.space, i > lineStart else {
            throw .unexpected(bytes[unchecked: i], in: "request line: method", .requestLine)
        }
        methodName = ByteRange(lineStart, i)
        method = HTTPMethod(methodName, in: bytes)
        if method == .connect {
            throw HTTP1Error(.method, status: 501, "request line: CONNECT is not served, this is not a proxy")
        }
        position = i + 1
        target = ByteRange(i + 1, i + 1)
        phase = .targetStart
        return true
    }

    @inline(__always)
    private mutating func parseTarget(_ bytes: Span<UInt8>, _ end: Int) throws(HTTP1Error) -> Bool {
        if phase == .targetStart {
            guard position < end else { return false }
            try beginTarget(bytes[unchecked: position])
        }
        if phase == .path {
            let stop = scan(bytes, to: end, for: ByteClass.path)
            guard stop < end else { return false }
            path = ByteRange(Int(target.start), stop)
            if bytes[unchecked: stop] == ASCII.questionMark {
                position = stop + 1
                phase = .query
            }
        }
        guard phase.rawValue < Phase.version.rawValue else { return true }
        return try endTarget(bytes, end)
    }

    /// Tells the form of the target by its first byte.
    @inline(__always)
    private mutating func beginTarget(_ first: UInt8) throws(HTTP1Error) {
        if first == ASCII.slash {
            targetForm = .origin
            phase = .path
        } else if first == ASCII.asterisk, method == .options {
            targetForm = .asterisk
            position += 1
            phase = .asterisk
        } else if ASCII.isLetter(first) {
            targetForm = .absolute
            phase = .absolute
        } else if first == ASCII.space {
            throw HTTP1Error(.requestLine, "request line: method and target are separated by more than one space")
        } else {
            throw .unexpected(first, in: "request line: first byte of the target", .target)
        }
    }

    /// Scans what is left of the target; it ends with the one space before the version.
    @inline(__always)
    private mutating func endTarget(_ bytes: Span<UInt8>, _ end: Int) throws(HTTP1Error) -> Bool {
        if phase == .query || phase == .absolute {
            _ = scan(bytes, to: end, for: ByteClass.query)
        }
        guard position < end else { return false }
        guard bytes[unchecked: position] == ASCII.space else {
            throw .unexpected(bytes[unchecked: position], in: "request line: target", .target)
        }
        target = ByteRange(Int(target.start), position)
        switch phase {
        case .query: query = ByteRange(Int(path.end) + 1, position)
        case .absolute: try splitAbsoluteTarget(bytes)
        case .asterisk: path = target
        default: break
        }
        if pathHasEscapes, !PercentEncoding.isValid(path, in: bytes) {
            throw HTTP1Error(.target, "request line: the path has a % without two hexadecimal digits, or %00")
        }
        mark = position + 1
        position = mark
        phase = .version
        return true
    }

    /// Moves `position` over bytes of `allowed` classes and notes the classes met; where it stopped.
    @inline(__always)
    private mutating func scan(_ bytes: Span<UInt8>, to end: Int, for allowed: UInt8) -> Int {
        var i = position
        var classes = pathClasses
        while i < end {
            let byteClass = ByteClass.of(bytes[unchecked: i])
            if byteClass & allowed == 0 { break }
            classes |= byteClass
            i &+= 1
        }
        // A query that sets the flags too would only cost a closer look at a path that needs none.
        if allowed == ByteClass.path || phase == .absolute { pathClasses = classes }
        position = i
        return i
    }

    /// `http://authority/path?query`, RFC 9112 §3.2.2.
    private mutating func splitAbsoluteTarget(_ bytes: Span<UInt8>) throws(HTTP1Error) {
        let parts = try AbsoluteTarget(target, in: bytes)
        host = parts.authority
        path = parts.path
        query = parts.query
    }

    private mutating func parseVersion(_ bytes: Span<UInt8>, _ end: Int) throws(HTTP1Error) -> Bool {
        let length = 10
        if end - mark >= length, bytes.has("HTTP/1.1\r\n", at: mark) {
            minorVersion = 1
        } else {
            guard try checkVersion(bytes, end, length) else { return false }
        }
        position = mark + length
        sectionStart = position
        phase = .fieldStart
        return true
    }

    /// Judges the version byte by byte; false when it is not whole yet.
    private mutating func checkVersion(
        _ bytes: Span<UInt8>, _ end: Int, _ length: Int
    ) throws(HTTP1Error) -> Bool {
        let seen = min(end - mark, length)
        for i in 0..<seen {
            let byte = bytes[mark + i]
            let isExpected =
                switch i {
                case 0..<5: byte == Self.versionPrefix.utf8Start[i]
                case 5, 7: ASCII.isDigit(byte)
                case 6: byte == ASCII.dot
                case 8: byte == ASCII.carriageReturn
                default: byte == ASCII.lineFeed
                }
            guard isExpected else {
                throw i == 9
                    ? .bareCarriageReturn(before: byte, in: "request line")
                    : .unexpected(byte, in: "request line: version, which is HTTP/1.0 or HTTP/1.1", .version)
            }
            if i == 7, bytes[mark + 5] != ASCII.zero + 1 {
                let name = "HTTP/" + String(bytes[mark + 5] &- ASCII.zero) + "." + String(byte &- ASCII.zero)
                throw HTTP1Error(.version, status: 505, "request line: \(name) is not served; use HTTP/1.1")
            }
        }
        position = mark + seen
        guard seen == length else { return false }
        minorVersion = bytes[mark + 7] == ASCII.zero ? 0 : 1
        return true
    }
}
