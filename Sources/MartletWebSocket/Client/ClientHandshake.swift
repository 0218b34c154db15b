import HTTPTypes
import MartletClient
import MartletHTTP
import MartletWebSocketCodec

/// One opening handshake, RFC 6455 §4.1: the request, and what has to be true of its response.
nonisolated struct ClientHandshake {
    private let url: HTTPURL
    private let fields: HTTPFields
    private let subprotocols: [String]
    private let compression: PerMessageDeflateSettings
    private let key = WebSocketHandshake.makeKey()

    init(_ url: HTTPURL, fields: HTTPFields, subprotocols: [String], compression: PerMessageDeflateSettings) {
        self.url = url
        self.fields = fields
        self.subprotocols = subprotocols
        self.compression = compression
    }

    /// Why these cannot be sent; `nil` when they can.
    static func defect(fields: HTTPFields, subprotocols: [String]) -> String? {
        let ours: Set = ["host", "connection", "upgrade", "content-length", "transfer-encoding"]
        for field in fields {
            let name = field.name.canonicalName
            if ours.contains(name) || name.hasPrefix("sec-websocket-") {
                return "the field \(field.name) is the handshake's own; do not set it"
            }
        }
        for name in subprotocols where !WebSocketSubprotocol.isValid(name) {
            return "\"\(name)\" cannot name a subprotocol: it is no token (RFC 9110 §5.6.2)"
        }
        guard Set(subprotocols).count == subprotocols.count else { return "a subprotocol is offered twice" }
        return nil
    }

    /// The request.
    var request: String {
        var text = "GET \(url.target) HTTP/1.1\r\nHost: \(url.hostField)\r\n"
        text += "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        text += "Sec-WebSocket-Key: \(key)\r\nSec-WebSocket-Version: \(WebSocketHandshake.version)\r\n"
        if !subprotocols.isEmpty { text += "Sec-WebSocket-Protocol: \(subprotocols.joined(separator: ", "))\r\n" }
        if let offer = PerMessageDeflate.offer(compression) { text += "Sec-WebSocket-Extensions: \(offer)\r\n" }
        // HTTPField lets no line end into a value, and no name that is not a token.
        for field in fields { text += "\(field.name.rawName): \(field.value)\r\n" }
        return text + "\r\n"
    }

    /// What the response agrees on.
    ///
    /// - Throws: ``HandshakeError`` when it is not what RFC 6455 and RFC 7692 demand.
    func confirm(
        _ response: HandshakeResponse
    ) throws(HandshakeError) -> (compression: PerMessageDeflate?, subprotocol: String?) {
        let subprotocol = response.fields[.secWebSocketProtocol]
        do throws(WebSocketHandshakeError) {
            try WebSocketHandshake.checkResponse(
                status: response.status, upgrade: response.fields[.upgrade], connection: response.fields[.connection],
                accept: response.fields[.secWebSocketAccept], key: key)
            try WebSocketHandshake.checkSubprotocol(subprotocol, offered: subprotocols)
        } catch {
            throw HandshakeError(.handshake, "breaks the rules of the handshake: \(error.message)")
        }
        do throws(WebSocketExtensionError) {
            let extensions = try WebSocketExtension.parse(response.fields[values: .secWebSocketExtensions])
            return (try PerMessageDeflate.confirm(extensions, settings: compression), subprotocol)
        } catch {
            throw HandshakeError(.handshake, "agrees on other extensions than were offered: \(error.message)")
        }
    }
}
