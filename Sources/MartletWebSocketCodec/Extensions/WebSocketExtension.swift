/// One extension in a Sec-WebSocket-Extensions field, offered or accepted: RFC 6455 §9.1.
public struct WebSocketExtension: Sendable, Hashable {
    /// `name` or `name=value` behind a semicolon.
    public struct Parameter: Sendable, Hashable {
        /// A token; compared with case.
        public let name: String
        /// A token, without the quotes that it may have come in.
        public let value: String?
    }

    /// The token that the extension is registered by; compared with case.
    public let name: String
    /// In the order of the field.
    public private(set) var parameters: [Parameter] = []

    init(_ name: String) { self.name = name }

    mutating func append(_ name: String, _ value: String? = nil) {
        parameters.append(Parameter(name: name, value: value))
    }
}

extension WebSocketExtension: CustomStringConvertible {
    /// The extension as it stands in the field.
    public var description: String {
        parameters.reduce(into: name) { text, parameter in
            text += "; " + parameter.name
            if let value = parameter.value { text += "=" + value }
        }
    }
}
