/// The names of subprotocols in Sec-WebSocket-Protocol, RFC 6455 §1.9 and §4.
public enum WebSocketSubprotocol {
    /// Whether `name` can name a subprotocol: a token, RFC 9110 §5.6.2. Case matters.
    public static func isValid(_ name: String) -> Bool { FieldTokens.isToken(name) }

    /// The names in the field of a request; none when it is missing.
    ///
    /// - Throws: ``WebSocketHandshakeError`` when one of them is no token.
    public static func offered(_ field: String?) throws(WebSocketHandshakeError) -> [String] {
        guard let field else { return [] }
        let names = FieldTokens.elements(of: field).map { String($0) }
        guard names.allSatisfy(isValid) else {
            throw WebSocketHandshakeError("the field Sec-WebSocket-Protocol is not a list of tokens")
        }
        return names
    }

    /// The first of `supported`, which stand in the server's order of preference, that is among the `offered` ones.
    public static func select(from offered: [String], supported: [String]) -> String? {
        supported.first(where: offered.contains)
    }
}
