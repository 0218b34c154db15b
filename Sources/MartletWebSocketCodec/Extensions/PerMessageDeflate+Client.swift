extension PerMessageDeflate {
    /// The value of a client's Sec-WebSocket-Extensions; nil when it offers no compression.
    ///
    /// The server may ask for a smaller window for what the client sends: `client_max_window_bits` is always there.
    public static func offer(_ settings: PerMessageDeflateSettings) -> String? {
        settings.isOffered ? DeflateParameters(offering: settings).element.description : nil
    }

    /// What is agreed on by a server's response to ``offer(_:)``; nil when the server wants no compression.
    ///
    /// - Parameters:
    ///   - response: what the response's fields name, from ``WebSocketExtension/parse(_:)``.
    ///   - settings: those of the offer.
    /// - Throws: when the response does not go with the offer, and the connection must fail (RFC 6455 §4.1, RFC 7692
    ///   §7.1): it names another extension or the same one twice, has parameters that are unknown, doubled, invalid or
    ///   were not offered, or ignores a condition. Also when it asks for a window of 8 bits, which zlib cannot keep to.
    public static func confirm(
        _ response: [WebSocketExtension], settings: PerMessageDeflateSettings
    ) throws(WebSocketExtensionError) -> PerMessageDeflate? {
        guard let element = response.first else { return nil }
        if let other = response.first(where: { $0.name != name || !settings.isOffered }) {
            throw WebSocketExtensionError(
                "the server accepted the extension \(WebSocketExtensionError.quoted(other.name)), which was not offered"
            )
        }
        guard response.count == 1 else { throw WebSocketExtensionError("the server accepted permessage-deflate twice") }
        let parameters = try DeflateParameters(element)
        let offer = DeflateParameters(offering: settings)
        try parameters.checkConditions(of: offer)

        var agreed = PerMessageDeflate(parameters)
        agreed.clientNoContextTakeover = agreed.clientNoContextTakeover || offer.clientNoContextTakeover
        agreed.clientMaxWindowBits = min(agreed.clientMaxWindowBits, settings.clientMaxWindowBits)
        return agreed
    }
}

extension DeflateParameters {
    fileprivate init(offering settings: PerMessageDeflateSettings) {
        serverNoContextTakeover = settings.serverNoContextTakeover
        clientNoContextTakeover = settings.clientNoContextTakeover
        if settings.serverMaxWindowBits < 15 { serverMaxWindowBits = settings.serverMaxWindowBits }
        clientMaxWindowBits = settings.clientMaxWindowBits < 15 ? .bits(settings.clientMaxWindowBits) : .any
    }

    /// Checks what a response says against the offer.
    fileprivate func checkConditions(of offer: DeflateParameters) throws(WebSocketExtensionError) {
        if offer.serverNoContextTakeover, !serverNoContextTakeover {
            throw WebSocketExtensionError("the server accepted permessage-deflate without server_no_context_takeover")
        }
        if let most = offer.serverMaxWindowBits, serverMaxWindowBits ?? 16 > most {
            throw WebSocketExtensionError(
                "the server accepted permessage-deflate with a larger window than was offered")
        }
        switch (clientMaxWindowBits, offer.clientMaxWindowBits) {
        case (.any, _): throw WebSocketExtensionError("the server's client_max_window_bits has no value")
        case (.bits(let bits), _) where bits < 9:
            throw WebSocketExtensionError("the server asks for client_max_window_bits=8, which zlib cannot keep to")
        case (.bits(let bits), .bits(let most)) where bits > most:
            throw WebSocketExtensionError("the server's client_max_window_bits is larger than was offered")
        case (.bits, _), (nil, _): break
        }
    }
}
