/// What the fields mean that decide about the connection and about where the message ends.
///
/// A difference between two readers of these fields is how requests are smuggled (RFC 9112 §11.2), so all that
/// the RFC lets a server repair is refused instead.
extension HTTP1RequestParser {
    mutating func parseFields(_ bytes: Span<UInt8>) throws(HTTP1Error) -> Bool {
        try parseFieldSection(bytes) { parser, field throws(HTTP1Error) in try parser.interpret(field, bytes) }
    }

    /// Notes what `field` says; names are told apart by their length first.
    @inline(__always)
    mutating func interpret(_ field: HTTP1Field, _ bytes: Span<UInt8>) throws(HTTP1Error) {
        switch field.name.count {
        case 4 where bytes.equals(token: field.name, lowercased: "host"):
            try noteHost(field.value, bytes)
        case 6 where bytes.equals(token: field.name, lowercased: "expect"):
            try noteExpect(field.value, bytes)
        case 10 where bytes.equals(token: field.name, lowercased: "connection"):
            try seen.message.noteConnection(field.value, bytes)
        case 14 where bytes.equals(token: field.name, lowercased: "content-length"):
            try seen.message.noteContentLength(field.value, bytes)
        case 16 where bytes.equals(token: field.name, lowercased: "content-encoding"):
            seen.hasContentEncoding = true
        case 17 where bytes.equals(token: field.name, lowercased: "transfer-encoding"):
            try seen.message.noteTransferEncoding(field.value, bytes, minorVersion: minorVersion)
        default:
            break
        }
    }

    /// Draws the conclusions that need all fields.
    mutating func concludeHead() throws(HTTP1Error) {
        if minorVersion > 0 && !seen.hasHost {
            throw HTTP1Error(.host, "the Host field is missing, HTTP/1.1 requires it (RFC 9112 §3.2)")
        }
        body =
            switch (seen.message.hasTransferEncoding, seen.message.contentLength) {
            case (true, _): .chunked
            case (false, nil), (false, 0): .none
            case (false, let length?): .length(length)
            }
        isKeepAlive = seen.message.isKeepAlive(minorVersion: minorVersion)
        expectsContinue = seen.expectsContinue && body != .none && minorVersion > 0
    }

    private mutating func noteHost(_ value: ByteRange, _ bytes: Span<UInt8>) throws(HTTP1Error) {
        if seen.hasHost { throw HTTP1Error(.host, "the Host field is repeated") }
        guard Authority.isValid(value, in: bytes) else {
            throw HTTP1Error(.host, "the value of Host is not host or host:port")
        }
        seen.hasHost = true
        if targetForm != .absolute { host = value }
    }

    private mutating func noteExpect(_ value: ByteRange, _ bytes: Span<UInt8>) throws(HTTP1Error) {
        // RFC 9110 §10.1.1: a 1.0 client cannot mean it.
        guard minorVersion > 0 else { return }
        // RFC 9110 §5.6.1.2: a list, of which empty elements are ignored.
        var rest = Int(value.start)
        while rest < Int(value.end) {
            let comma = bytes.firstIndex(of: ASCII.comma, from: rest, to: Int(value.end)) ?? Int(value.end)
            let expectation = bytes.trimmed(rest, comma)
            rest = comma + 1
            if expectation.isEmpty { continue }
            guard bytes.equals(expectation, lowercased: "100-continue") else {
                throw HTTP1Error(.expectation, status: 417, "Expect is not 100-continue, the only expectation there is")
            }
            seen.expectsContinue = true
        }
    }
}
