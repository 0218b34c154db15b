/// What the fields of a head say about the connection and about where the message ends, RFC 9112 §6 and §9.
struct HTTP1MessageFields {
    private(set) var hasTransferEncoding = false
    private(set) var contentLength: UInt64?
    private var saysClose = false
    private var saysKeepAlive = false

    /// Whether the connection goes on behind the message as far as its fields decide, RFC 9112 §9.3.
    func isKeepAlive(minorVersion: UInt8) -> Bool {
        !saysClose && (minorVersion > 0 || saysKeepAlive)
    }

    @inline(__always)
    mutating func noteConnection(_ value: ByteRange, _ bytes: Span<UInt8>) throws(HTTP1Error) {
        var list = FieldList(value)
        while let option = try list.next(in: bytes, of: "Connection") {
            switch option.count {
            case 5 where bytes.equals(option, lowercased: "close"): saysClose = true
            case 10 where bytes.equals(option, lowercased: "keep-alive"): saysKeepAlive = true
            default: break
            }
        }
    }

    @inline(__always)
    mutating func noteContentLength(_ value: ByteRange, _ bytes: Span<UInt8>) throws(HTTP1Error) {
        if contentLength != nil {
            throw HTTP1Error(.framing, "the Content-Length field is repeated")
        }
        if hasTransferEncoding { throw Self.twoFramings }
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
        contentLength = length
    }

    mutating func noteTransferEncoding(
        _ value: ByteRange, _ bytes: Span<UInt8>, minorVersion: UInt8
    ) throws(HTTP1Error) {
        if hasTransferEncoding { throw HTTP1Error(.framing, "the Transfer-Encoding field is repeated") }
        if contentLength != nil { throw Self.twoFramings }
        if minorVersion == 0 {
            throw HTTP1Error(.framing, "Transfer-Encoding in an HTTP/1.0 message (RFC 9112 §6.1)")
        }
        guard !bytes.equals(value, lowercased: "chunked") else {
            hasTransferEncoding = true
            return
        }
        throw try Self.refusal(ofCodings: value, bytes)
    }

    private static let twoFramings = HTTP1Error(
        .framing, "both Content-Length and Transfer-Encoding are given: the end of the message is ambiguous")

    /// Why codings are refused that are not the single word `chunked`: 501 when they are well-formed but not served, 400
    /// when no recipient could be sure of them: without chunked at their end, nobody can tell where the message ends (RFC
    /// 9112 §6.3).
    private static func refusal(ofCodings value: ByteRange, _ bytes: Span<UInt8>) throws(HTTP1Error) -> HTTP1Error {
        var list = FieldList(value)
        var codings = 0
        var chunked = 0
        var endsChunked = false
        while let coding = try list.next(in: bytes, of: "Transfer-Encoding") {
            codings += 1
            endsChunked = bytes.equals(coding, lowercased: "chunked")
            if endsChunked { chunked += 1 }
        }
        if codings == 0 { return HTTP1Error(.framing, "the value of Transfer-Encoding is empty") }
        if chunked == codings {
            return HTTP1Error(.framing, "Transfer-Encoding is a list with chunked repeated or with empty elements")
        }
        guard endsChunked else {
            return HTTP1Error(.transferCoding, "the last coding of Transfer-Encoding is not chunked")
        }
        return HTTP1Error(.transferCoding, status: 501, "Transfer-Encoding other than chunked is not supported")
    }
}
