import HTTPTypes
import MartletServer

/// A response as an answer of one's own: a handler that returns it passes it on.
extension HTTPClientResponse: ResponseConvertible {
    /// Status, fields and body; the body is passed on as it comes, as fast as the client takes it.
    ///
    /// Left out are the fields that are of one connection only (RFC 9110 §7.6.1), and of a body that is decompressed on its
    /// way Content-Encoding, which is not true of it any more.
    public nonisolated func response() throws -> Response {
        // Handlers run on the loop, and this is called for their results there.
        MainActor.assumeIsolated { forwarded }
    }

    private var forwarded: Response {
        var fields = fields
        let contentType = fields[.contentType]
        for name in HopByHop.names(in: fields) { fields[name] = nil }
        for name in [HTTPField.Name.contentType, .contentLength] { fields[name] = nil }
        if isDecoded { fields[.contentEncoding] = nil }
        let body = body
        // A response to HEAD tells the length of what GET would get.
        let length = isToHead ? self[.contentLength].flatMap { UInt64($0) } : body.expectedLength
        var response = Response(status: status, contentType: contentType ?? "", length: length) { writer in
            for try await piece in body { try await writer.write(piece) }
            if let trailers = body.trailers { writer.trailers = trailers }
        }
        response.contentType = contentType
        response.fields = fields
        return response
    }
}

/// Fields that are meant for the next hop alone.
nonisolated enum HopByHop {
    private static let always: [HTTPField.Name] = [
        .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .proxyAuthenticate,
        .proxyAuthorization,
    ]

    /// Those among the fields of a message: the usual ones, and those that Connection names.
    static func names(in fields: HTTPFields) -> [HTTPField.Name] {
        let named = fields[values: .connection].flatMap { $0.split(separator: ",") }
        return always + named.compactMap { HTTPField.Name($0.filter { $0 != " " && $0 != "\t" }) }
    }
}
