import HTTPTypes

/// The head of a response, RFC 9112 §4, and how it is written.
///
/// A handler cannot split a response or change where it ends: CR, LF, NUL and other control characters in values
/// become spaces, as RFC 9110 §5.5 has recipients treat them and as swift-http-types does with its own fields;
/// and the fields that frame the message are written from ``framing`` and ``connection`` only. Nothing is thrown,
/// since half a response may be in the buffer already.
public struct HTTP1ResponseHead: Sendable {
    /// How the body is delimited.
    public enum Framing: Hashable, Sendable {
        /// No field says anything: of 1xx, 204 and 304 responses, and where the connection's end ends the body.
        case none
        /// Content-Length. Of a response to HEAD: the length that GET would have got.
        case length(UInt64)
        /// Transfer-Encoding: chunked; not for HTTP/1.0 clients.
        case chunked
    }

    /// What is said about the connection.
    public enum Connection: Hashable, Sendable {
        /// Nothing: HTTP/1.1 goes on.
        case implied
        /// It is closed after this response.
        case close
        /// It goes on, which an HTTP/1.0 client has to be told.
        case keepAlive
    }

    /// The status code, 100 to 999.
    public var status: Int
    /// The value of Content-Type; nil or empty for none.
    public var contentType: String?
    /// How the body is delimited; ignored of 1xx and 204 responses, which have none (RFC 9112 §6.3).
    public var framing: Framing
    /// What is said about the connection.
    public var connection: Connection
    /// Further fields. Content-Length, Transfer-Encoding, Keep-Alive, Server and Date in it are left out, because
    /// the daemon writes them itself; so is Connection, except of a 101 response; and so is Content-Type when
    /// ``contentType`` is set.
    public var fields: HTTPFields

    /// A head.
    @inlinable
    public init(
        status: Int, contentType: String? = nil, framing: Framing, connection: Connection = .implied,
        fields: HTTPFields = HTTPFields()
    ) {
        self.status = status
        self.contentType = contentType
        self.framing = framing
        self.connection = connection
        self.fields = fields
    }

    /// The phrase that is registered for a status (RFC 9110 §15); empty when there is none.
    public static func reasonPhrase(of status: Int) -> String { "\(StatusLine.reasonPhrase(status))" }

    /// Appends the head with the empty line that ends it.
    public func append(to output: inout ByteBuffer, preamble: inout ResponsePreamble) {
        Self.append(
            status: status, contentType: contentType, framing: framing, connection: connection, fields: fields,
            to: &output, preamble: &preamble)
    }

    /// The lines of fields that many heads have in common, for `append`.
    /// What the daemon writes itself is left out, as is Content-Type.
    public static func lines(of fields: HTTPFields) -> [UInt8] {
        var lines = ByteBuffer()
        append(fields, status: 200, hasContentType: true, to: &lines)
        return Array(lines.readableBytes)
    }

    /// Appends a head that nobody keeps; its parts are those of the properties. `lines` are further fields, each a line with
    /// its end, as ``lines(of:)`` makes them.
    public static func append(
        status: Int, contentType: String?, framing: Framing, connection: Connection, fields: HTTPFields?,
        lines: [UInt8]? = nil, to output: inout ByteBuffer, preamble: inout ResponsePreamble
    ) {
        var hasContentType = false
        if status == 200, let contentType, case .length(let length) = framing, !contentType.isEmpty {
            hasContentType = true
            preamble.appendOK(contentType: contentType, to: &output)
            output.append(decimal: length)
            output.append("\r\n")
        } else {
            preamble.append(status: status, to: &output)
            if let contentType, !contentType.isEmpty {
                hasContentType = true
                output.append(contentType: contentType)
            }
            append(framing, status: status, to: &output)
        }
        append(connection, status: status, to: &output)
        if let fields, !fields.isEmpty { append(fields, status: status, hasContentType: hasContentType, to: &output) }
        if let lines { output.append(contentsOf: lines) }
        output.append("\r\n")
    }

    /// Appends the interim response that lets a client send its body, RFC 9110 §15.2.1.
    public static func appendContinue(to output: inout ByteBuffer) {
        output.append("HTTP/1.1 100 Continue\r\n\r\n")
    }

    /// Appends an interim response with fields, RFC 9110 §15.2: what 103 Early Hints (RFC 8297) is made of.
    ///
    /// It has neither Server nor Date, and fields that are the server's own, among them those that frame a message,
    /// are left out of `fields`.
    ///
    /// - Parameters:
    ///   - status: 100 to 199, except 101, which is no interim response.
    ///   - fields: what the response says, such as Link.
    ///   - output: where it is appended.
    public static func appendInformational(status: Int, fields: HTTPFields, to output: inout ByteBuffer) {
        precondition(status >= 100 && status < 200 && status != 101, "an interim response is 1xx and not 101")
        StatusLine.append(status, to: &output)
        for field in fields where !isOurs(field.name, status: status) { output.append(field: field) }
        output.append("\r\n")
    }

    /// A response with Upgrade names it in Connection, too (RFC 9110 §7.8): one with 426 has it, and one with 101 says so
    /// itself.
    @inline(__always)
    private static func append(_ connection: Connection, status: Int, to output: inout ByteBuffer) {
        switch connection {
        case .implied: if status == 426 { output.append("Connection: Upgrade\r\n") }
        case .close:
            output.append(status == 426 ? "Connection: close, Upgrade\r\n" : "Connection: close\r\n")
        case .keepAlive:
            output.append(status == 426 ? "Connection: keep-alive, Upgrade\r\n" : "Connection: keep-alive\r\n")
        }
    }

    @inline(__always)
    private static func append(_ framing: Framing, status: Int, to output: inout ByteBuffer) {
        if status < 200 || status == 204 { return }
        switch framing {
        case .none: break
        case .length(let length):
            output.append("Content-Length: ")
            output.append(decimal: length)
            output.append("\r\n")
        case .chunked: output.append("Transfer-Encoding: chunked\r\n")
        }
    }

    private static func append(
        _ fields: HTTPFields, status: Int, hasContentType: Bool, to output: inout ByteBuffer
    ) {
        for field in fields where !isOurs(field.name, status: status) {
            if hasContentType, field.name.canonicalName.utf8.count == 12, field.name == .contentType { continue }
            output.append(field: field)
        }
    }

    private static func isOurs(_ name: HTTPField.Name, status: Int) -> Bool {
        let name = name.canonicalName
        // By length first: most names are done with after that.
        switch name.utf8.count {
        case 4: return name == "date"
        case 6: return name == "server"
        case 10: return name == "keep-alive" || (name == "connection" && status != 101)
        case 14: return name == "content-length"
        case 17: return name == "transfer-encoding"
        default: return false
        }
    }
}

extension ByteBuffer {
    /// Appends Content-Type.
    mutating func append(contentType: String) {
        append("Content-Type: ")
        append(fieldValue: contentType)
        append("\r\n")
    }

    /// Appends a field line; the value stays one value of one field.
    mutating func append(field: HTTPField) {
        append(utf8: field.name.rawName)
        append(": ")
        field.withUnsafeBytesOfValue { append(fieldValue: UnsafeRawBufferPointer($0)) }
        append("\r\n")
    }

    /// Appends the value of a field with control characters made spaces, so that it stays one value of one field.
    @inline(__always)
    mutating func append(fieldValue text: String) {
        let start = count
        append(utf8: text)
        legalize(from: start)
    }

    mutating func append(fieldValue bytes: UnsafeRawBufferPointer) {
        let start = count
        append(contentsOf: bytes)
        legalize(from: start)
    }

    /// Overwrites control characters from the `start`th readable byte on.
    private mutating func legalize(from start: Int) {
        guard let base else { return }
        let written = UnsafeMutableRawBufferPointer(start: base + first + start, count: count - start)
        let bytes = written.bindMemory(to: UInt8.self)
        var i = bytes.span.firstControl(from: 0, to: bytes.count)
        while i < bytes.count {
            bytes[i] = ASCII.space
            i = bytes.span.firstControl(from: i + 1, to: bytes.count)
        }
    }
}
