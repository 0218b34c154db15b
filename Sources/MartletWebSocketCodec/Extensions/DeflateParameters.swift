/// The parameters of permessage-deflate as they stand in an offer or a response: RFC 7692 §7.1.
struct DeflateParameters: Equatable {
    /// What `client_max_window_bits` says.
    enum ClientWindow: Equatable {
        /// Named without a value, as it may be in an offer: the client can be asked for any window.
        case any
        case bits(Int)
    }

    var serverNoContextTakeover = false
    var clientNoContextTakeover = false
    var serverMaxWindowBits: Int?
    var clientMaxWindowBits: ClientWindow?

    private enum Name: String {
        case serverNoContextTakeover = "server_no_context_takeover"
        case clientNoContextTakeover = "client_no_context_takeover"
        case serverMaxWindowBits = "server_max_window_bits"
        case clientMaxWindowBits = "client_max_window_bits"
    }

    init() {}

    /// - Throws: when a parameter is unknown, is there twice, or has no value it may have.
    init(_ element: WebSocketExtension) throws(WebSocketExtensionError) {
        var seen: Set<Name> = []
        for parameter in element.parameters {
            guard let name = Name(rawValue: parameter.name) else {
                throw WebSocketExtensionError(
                    "permessage-deflate has no parameter \(WebSocketExtensionError.quoted(parameter.name))")
            }
            guard seen.insert(name).inserted else {
                throw WebSocketExtensionError("permessage-deflate has \(name.rawValue) twice")
            }
            switch (name, parameter.value) {
            case (.serverNoContextTakeover, nil): serverNoContextTakeover = true
            case (.clientNoContextTakeover, nil): clientNoContextTakeover = true
            case (.serverMaxWindowBits, let value?): serverMaxWindowBits = try Self.bits(value, name)
            case (.clientMaxWindowBits, nil): clientMaxWindowBits = .any
            case (.clientMaxWindowBits, let value?): clientMaxWindowBits = .bits(try Self.bits(value, name))
            case (.serverMaxWindowBits, nil):
                throw WebSocketExtensionError("permessage-deflate has \(name.rawValue) without a value")
            case (.serverNoContextTakeover, _?), (.clientNoContextTakeover, _?):
                throw WebSocketExtensionError("permessage-deflate has \(name.rawValue) with a value")
            }
        }
    }

    /// A decimal number without leading zeros.
    private static func bits(_ text: String, _ name: Name) throws(WebSocketExtensionError) -> Int {
        guard let bits = Int(text), (8...15).contains(bits), String(bits) == text else {
            throw WebSocketExtensionError(
                "permessage-deflate has \(name.rawValue)=\(WebSocketExtensionError.quoted(text)), not 8 to 15")
        }
        return bits
    }

    /// The extension as it stands in the field.
    var element: WebSocketExtension {
        var element = WebSocketExtension(PerMessageDeflate.name)
        if serverNoContextTakeover { element.append(Name.serverNoContextTakeover.rawValue) }
        if clientNoContextTakeover { element.append(Name.clientNoContextTakeover.rawValue) }
        if let serverMaxWindowBits { element.append(Name.serverMaxWindowBits.rawValue, String(serverMaxWindowBits)) }
        switch clientMaxWindowBits {
        case .bits(let bits): element.append(Name.clientMaxWindowBits.rawValue, String(bits))
        case .any: element.append(Name.clientMaxWindowBits.rawValue)
        case nil: break
        }
        return element
    }
}
