import HTTPTypes
import MartletHTTP

/// Writes the heads of requests, RFC 9112 §3.
nonisolated struct RequestHead: ~Copyable {
    /// Fields that most requests get, ready to be sent: those of the settings, User-Agent, Accept and Accept-Encoding.
    private var common = ByteBuffer()
    /// Their names, for requests that have some of them themselves.
    private var defaults = HTTPFields()

    private static let acceptedCodings = "gzip, deflate, br"

    init(_ fields: HTTPFields, userAgent: String?, decompresses: Bool) {
        defaults = fields
        for name in Self.framing { defaults[name] = nil }
        if defaults[.userAgent] == nil { defaults[.userAgent] = userAgent }
        if defaults[.accept] == nil { defaults[.accept] = "*/*" }
        if decompresses, defaults[.acceptEncoding] == nil { defaults[.acceptEncoding] = Self.acceptedCodings }
        for field in defaults { common.append(line: field) }
    }

    /// Fields that say where a message ends and what becomes of the connection: they are written here only.
    private static let framing: [HTTPField.Name] = [
        .host, .contentLength, .transferEncoding, .connection, .upgrade, .keepAlive, .proxyConnection, .te,
    ]

    /// How the body is delimited.
    enum Framing {
        case none
        case length(UInt64)
        case chunked
    }

    /// Appends the head.
    ///
    /// - Parameters:
    ///   - framing: how the body is delimited.
    ///   - isForwarded: whether it goes to a proxy that passes it on, which is told the whole URL.
    ///   - proxyAuthorization: what that proxy is told.
    func append(
        _ request: borrowing HTTPClientRequest, framing: Framing, isForwarded: Bool, proxyAuthorization: String?,
        to output: inout ByteBuffer
    ) {
        output.append(utf8: request.method.rawValue)
        output.append(" ")
        if isForwarded {
            output.append(utf8: request.url.scheme)
            output.append("://")
            output.append(utf8: request.url.hostField)
        }
        output.append(utf8: request.url.target)
        output.append(" HTTP/1.1\r\nHost: ")
        output.append(utf8: request.url.hostField)
        output.append("\r\n")
        let options = request.options?.values
        if request.fields.isEmpty, options?.decompresses == nil, options?.withholdsCredentials != true {
            output.append(contentsOf: common)
        } else {
            append(
                request.fields, decompresses: options?.decompresses,
                withholdsCredentials: options?.withholdsCredentials == true, to: &output)
        }
        if let proxyAuthorization { output.append("Proxy-Authorization: ", value: proxyAuthorization) }
        if let contentType = request.body.contentType, request.fields[.contentType] == nil {
            output.append("Content-Type: ", value: contentType)
        }
        switch framing {
        case .none: break
        case .length(let length):
            output.append("Content-Length: ")
            output.append(utf8: String(length))
            output.append("\r\n")
        case .chunked: output.append("Transfer-Encoding: chunked\r\n")
        }
        if options?.expectsContinue == true { output.append("Expect: 100-continue\r\n") }
        output.append("\r\n")
    }

    private func append(
        _ fields: HTTPFields, decompresses: Bool?, withholdsCredentials: Bool, to output: inout ByteBuffer
    ) {
        for field in defaults where !fields.contains(field.name) {
            // The settings' are no more for other origins than the request's.
            if withholdsCredentials, HTTPClientRequest.credentialFields.contains(field.name) { continue }
            if field.name == .acceptEncoding, decompresses == false { continue }
            output.append(line: field)
        }
        if decompresses == true, !defaults.contains(.acceptEncoding), !fields.contains(.acceptEncoding) {
            output.append("Accept-Encoding: ", value: Self.acceptedCodings)
        }
        for field in fields where !Self.framing.contains(field.name) { output.append(line: field) }
    }
}

nonisolated extension HTTPField.Name {
    /// `Host`, RFC 9110 §7.2.
    static let host = HTTPField.Name("Host")!  // a token
    /// `Keep-Alive`, RFC 2068 §19.7.1.
    static let keepAlive = HTTPField.Name("Keep-Alive")!  // a token
    /// `Proxy-Connection`, which some send in place of Connection.
    static let proxyConnection = HTTPField.Name("Proxy-Connection")!  // a token
}

nonisolated extension ByteBuffer {
    /// Appends a field; swift-http-types lets neither line ends nor NUL into a value, nor anything but tokens into a name.
    mutating func append(line field: HTTPField) {
        append(utf8: field.name.rawName)
        append(": ")
        field.withUnsafeBytesOfValue { append(contentsOf: UnsafeRawBufferPointer($0)) }
        append("\r\n")
    }

    /// Appends a field; control characters in its value become spaces.
    mutating func append(_ name: StaticString, value: String) {
        append(name)
        for byte in value.utf8 { append(byte < 0x20 || byte == 0x7F ? 0x20 : byte) }
        append("\r\n")
    }
}
