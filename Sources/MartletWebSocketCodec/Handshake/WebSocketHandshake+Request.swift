extension WebSocketHandshake {
    /// Checks a request to speak WebSocket, RFC 6455 §4.2.1, and returns the value of Sec-WebSocket-Accept that answers it.
    ///
    /// - Parameters:
    ///   - method: The method, which is GET.
    ///   - upgrade: The field Upgrade, which names `websocket`.
    ///   - connection: The field Connection, which names `upgrade`.
    ///   - version: The field Sec-WebSocket-Version, which is ``version``.
    ///   - key: The field Sec-WebSocket-Key.
    /// - Throws: ``WebSocketHandshakeError`` with the status to answer with.
    public static func checkRequest(
        method: String, upgrade: String?, connection: String?, version: String?, key: String?
    ) throws(WebSocketHandshakeError) -> String {
        guard method == "GET" else {
            throw WebSocketHandshakeError(status: 405, "a WebSocket is asked for with GET")
        }
        guard FieldTokens.contains("websocket", in: upgrade) else {
            throw WebSocketHandshakeError(
                status: 426, "only WebSocket is spoken here: the field Upgrade has to name it")
        }
        guard FieldTokens.contains("upgrade", in: connection) else {
            throw WebSocketHandshakeError("the field Connection does not name \"upgrade\"")
        }
        guard let version else { throw WebSocketHandshakeError("the field Sec-WebSocket-Version is missing") }
        guard version == Self.version else {
            throw WebSocketHandshakeError(
                status: 426, "this version of WebSocket is not supported, only \(Self.version) is")
        }
        guard let key, isValid(key: key) else {
            throw WebSocketHandshakeError("the field Sec-WebSocket-Key is not sixteen bytes in Base 64")
        }
        return accept(for: key)
    }
}
