/// What the fields mean that decide about the connection and about where the message ends.
///
/// A difference between two readers of these fields is how requests are smuggled (RFC 9112 §11.2), so all that
/// the RFC lets a server repair is refused instead.
extension HTTP1RequestParser {
    /// Notes what `field` says; names are told apart by their length first.
    @inline(__always)
    mutating func interpret(_ field: HTTP1Field, _ bytes: Span<UInt8>) throws(HTTP1Error) {
        switch field.name.count {
        case 4 where bytes.equals(field.name, lowercased: "host"):
            try noteHost(field.value, bytes)
        case 6 where bytes.equals(field.name, lowercased: "expect"):
            try noteExpect(field.value, bytes)
        case 10 where bytes.equals(field.name, lowercased: "connection"):
            try noteConnection(field.value, bytes)
        case 14 where bytes.equals(field.name, lowercased: "content-length"):
            try noteContentLength(field.value, bytes)
        case 17 where bytes.equals(field.name, lowercased: "transfer-encoding"):
            try noteTransferEncoding(field.value, bytes)
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
            switch (seen.hasTransferEncoding, seen.contentLength) {
            case (true, _): .chunked
            case (false, nil), (false, 0): .none
            case (false, let length?): .length(length)
            }
        isKeepAlive = !seen.saysClose && (minorVersion > 0 || seen.saysKeepAlive)
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
        guard bytes.equals(value, lowercased: "100-continue") else {
            throw HTTP1Error(.expectation, status: 417, "Expect is not 100-continue, the only expectation there is")
        }
        seen.expectsContinue = true
    }

    private mutating func noteConnection(_ value: ByteRange, _ bytes: Span<UInt8>) throws(HTTP1Error) {
        var list = FieldList(value)
        while let option = try list.next(in: bytes, of: "Connection") {
            switch option.count {
            case 5 where bytes.equals(option, lowercased: "close"): seen.saysClose = true
            case 10 where bytes.equals(option, lowercased: "keep-alive"): seen.saysKeepAlive = true
            default: break
            }
        }
    }

    private mutating func noteContentLength(_ value: ByteRange, _ bytes: Span<UInt8>) throws(HTTP1Error) {
        if seen.contentLength != nil {
            throw HTTP1Error(.framing, "the Content-Length field is repeated")
        }
        if seen.hasTransferEncoding { throw Self.twoFramings }
        guard !value.isEmpty else {
            throw HTTP1Error(.framing, "the value of Content-Length is empty")
        }
        var length: UInt64 = 0
        for i in value.range {
            let byte = bytes[i]
            guard ASCII.isDigit(byte) else {
                throw HTTP1Error(.framing, "the value of Content-Length is not a decimal number")
            }
            let (shifted, overflowed) = length.multipliedReportingOverflow(by: 10)
            let (sum, carried) = shifted.addingReportingOverflow(UInt64(byte &- ASCII.zero))
            // Beyond Int64 no implementation could deliver it, and many would wrap.
            guard !overflowed, !carried, sum <= UInt64(Int64.max) else {
                throw HTTP1Error(.framing, "the value of Content-Length is larger than 2^63 - 1")
            }
            length = sum
        }
        seen.contentLength = length
    }

    private mutating func noteTransferEncoding(_ value: ByteRange, _ bytes: Span<UInt8>) throws(HTTP1Error) {
        if seen.hasTransferEncoding { throw HTTP1Error(.framing, "the Transfer-Encoding field is repeated") }
        if seen.contentLength != nil { throw Self.twoFramings }
        if minorVersion == 0 {
            throw HTTP1Error(.framing, "Transfer-Encoding in an HTTP/1.0 request (RFC 9112 §6.1)")
        }
        guard !bytes.equals(value, lowercased: "chunked") else {
            seen.hasTransferEncoding = true
            return
        }
        throw try Self.refusal(ofCodings: value, bytes)
    }

    private static let twoFramings = HTTP1Error(
        .framing, "both Content-Length and Transfer-Encoding are given: the end of the message is ambiguous")

    /// Why codings are refused that are not the single word `chunked`: 501 when they are well-formed but not
    /// served, 400 when no recipient could be sure of them.
    private static func refusal(ofCodings value: ByteRange, _ bytes: Span<UInt8>) throws(HTTP1Error) -> HTTP1Error {
        var list = FieldList(value)
        var codings = 0
        var chunked = 0
        while let coding = try list.next(in: bytes, of: "Transfer-Encoding") {
            codings += 1
            if bytes.equals(coding, lowercased: "chunked") { chunked += 1 }
        }
        if codings == 0 { return HTTP1Error(.framing, "the value of Transfer-Encoding is empty") }
        if chunked == codings {
            return HTTP1Error(.framing, "Transfer-Encoding is a list with chunked repeated or with empty elements")
        }
        return HTTP1Error(.transferCoding, status: 501, "Transfer-Encoding other than chunked is not served")
    }
}
