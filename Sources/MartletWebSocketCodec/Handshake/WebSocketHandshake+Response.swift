extension WebSocketHandshake {
    /// Checks the response to a request of ours, RFC 6455 §4.1. Redirections and authentication come before.
    ///
    /// - Parameters:
    ///   - status: The status code, which is 101.
    ///   - upgrade: The field Upgrade, which is `websocket`.
    ///   - connection: The field Connection, which names `upgrade`.
    ///   - accept: The field Sec-WebSocket-Accept, which answers the key.
    ///   - key: The key that was sent.
    /// - Throws: ``WebSocketHandshakeError`` with the status of the response.
    public static func checkResponse(
        status: Int, upgrade: String?, connection: String?, accept: String?, key: String
    ) throws(WebSocketHandshakeError) {
        func refuse(_ message: String) -> WebSocketHandshakeError { WebSocketHandshakeError(status: status, message) }
        guard status == 101 else { throw refuse("the server does not switch to WebSocket") }
        guard let upgrade, FieldTokens.equals(upgrade, "websocket") else {
            throw refuse("the server switches to something else than WebSocket")
        }
        guard FieldTokens.contains("upgrade", in: connection) else {
            throw refuse("the field Connection of the response does not name \"upgrade\"")
        }
        guard let accept, accept == Self.accept(for: key) else {
            throw refuse("the field Sec-WebSocket-Accept does not answer the key that was sent")
        }
    }

    /// Checks the subprotocol that the response selects: none, or one of those that were `offered`.
    ///
    /// - Throws: ``WebSocketHandshakeError``, as the connection is to be failed then, RFC 6455 §4.1.
    public static func checkSubprotocol(
        _ selected: String?, offered: [String]
    ) throws(WebSocketHandshakeError) {
        guard let selected, !offered.contains(selected) else { return }
        throw WebSocketHandshakeError(status: 101, "the server selects a subprotocol that was not offered")
    }
}
