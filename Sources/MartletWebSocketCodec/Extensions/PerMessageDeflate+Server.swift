extension PerMessageDeflate {
    /// The first of a client's offers that a server can keep to: RFC 7692 §5.1, §7.1.
    ///
    /// Offers with parameters that are unknown, doubled or invalid are declined, and so is a window of 8 bits for what
    /// the server sends, which zlib cannot keep to. Other extensions are passed over.
    ///
    /// - Parameters:
    ///   - offers: what the request's fields name, from ``WebSocketExtension/parse(_:)``.
    ///   - settings: what the server wants.
    /// - Returns: what is agreed on, and the value of the response's Sec-WebSocket-Extensions; nil when nothing is.
    public static func accept(
        _ offers: [WebSocketExtension], settings: PerMessageDeflateSettings
    ) -> (agreed: PerMessageDeflate, response: String)? {
        guard settings.isOffered else { return nil }
        for element in offers where element.name == name {
            guard let offer = try? DeflateParameters(element) else { continue }
            if let bits = offer.serverMaxWindowBits, bits < 9 { continue }
            let response = DeflateParameters(accepting: offer, settings)
            return (PerMessageDeflate(response), response.element.description)
        }
        return nil
    }

    /// What a response says.
    init(_ response: DeflateParameters) {
        self.init(
            serverNoContextTakeover: response.serverNoContextTakeover,
            clientNoContextTakeover: response.clientNoContextTakeover,
            serverMaxWindowBits: response.serverMaxWindowBits ?? 15)
        if case .bits(let bits) = response.clientMaxWindowBits { clientMaxWindowBits = bits }
    }
}

extension DeflateParameters {
    /// The response to an offer: the smaller of what both want.
    fileprivate init(accepting offer: DeflateParameters, _ settings: PerMessageDeflateSettings) {
        serverNoContextTakeover = offer.serverNoContextTakeover || settings.serverNoContextTakeover
        clientNoContextTakeover = offer.clientNoContextTakeover || settings.clientNoContextTakeover
        // A window that is offered has to be in the response, one that is not may be (§7.1.2.1).
        if offer.serverMaxWindowBits != nil || settings.serverMaxWindowBits < 15 {
            serverMaxWindowBits = min(offer.serverMaxWindowBits ?? 15, settings.serverMaxWindowBits)
        }
        // Clients that do not name this one must not be told it (§7.1.2.2).
        switch offer.clientMaxWindowBits {
        case .bits(let bits): clientMaxWindowBits = .bits(min(bits, settings.clientMaxWindowBits))
        case .any where settings.clientMaxWindowBits < 15: clientMaxWindowBits = .bits(settings.clientMaxWindowBits)
        case .any, nil: clientMaxWindowBits = nil
        }
    }
}
