extension WebSocketExtension {
    /// All extensions that the Sec-WebSocket-Extensions fields of a message name, in order.
    ///
    /// Elements that are empty are passed over, as lists of fields go, and there may be none.
    ///
    /// - Parameter fields: the values of the fields: several are one list.
    /// - Throws: when a field does not follow RFC 6455 §9.1, or names more than 32 extensions or 16 parameters of one.
    public static func parse(_ fields: some Sequence<String>) throws(WebSocketExtensionError) -> [WebSocketExtension] {
        var extensions: [WebSocketExtension] = []
        for field in fields {
            var reader = ExtensionReader(field)
            while let next = try reader.next() {
                guard extensions.count < mostExtensions else {
                    throw WebSocketExtensionError("Sec-WebSocket-Extensions names too many extensions")
                }
                extensions.append(next)
            }
        }
        return extensions
    }

    private static let mostExtensions = 32
}

/// Reads one field value from left to right. Between tokens and separators there may be spaces and tabs.
private struct ExtensionReader {
    private var rest: Substring.UTF8View

    private static let mostParameters = 16

    init(_ field: String) { rest = field[...].utf8 }

    /// The next extension; nil at the end of the list.
    mutating func next() throws(WebSocketExtensionError) -> WebSocketExtension? {
        repeat { skipBlanks() } while skip(",")
        if rest.isEmpty { return nil }
        var element = WebSocketExtension(try token())
        while skip(";") {
            guard element.parameters.count < Self.mostParameters else {
                throw WebSocketExtensionError("Sec-WebSocket-Extensions has too many parameters")
            }
            skipBlanks()
            let name = try token()
            element.append(name, skip("=") ? try value() : nil)
        }
        guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { throw malformed }
        return element
    }

    private var malformed: WebSocketExtensionError { WebSocketExtensionError("Sec-WebSocket-Extensions is malformed") }

    private mutating func skipBlanks() {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: byte) else { return false }
        rest.removeFirst()
        return true
    }

    /// A token, and the blanks behind it.
    private mutating func token() throws(WebSocketExtensionError) -> String {
        let token = rest.prefix(while: Self.isToken)
        guard !token.isEmpty else { throw malformed }
        rest = rest[token.endIndex...]
        skipBlanks()
        return String(Substring(token))
    }

    /// A token, or a quoted string that is one without quotes and escapes; and the blanks behind it.
    private mutating func value() throws(WebSocketExtensionError) -> String {
        skipBlanks()
        guard skip("\"") else { return try token() }
        var text: [UInt8] = []
        while !skip("\"") {
            _ = skip("\\")
            guard let byte = rest.popFirst(), Self.isToken(byte) else { throw malformed }
            text.append(byte)
        }
        guard !text.isEmpty else { throw malformed }
        skipBlanks()
        return String(decoding: text, as: UTF8.self)
    }

    /// `tchar`, RFC 9110 §5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "^")...UInt8(ascii: "`"): true
        case UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "+"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "|"), UInt8(ascii: "~"): true
        default: false
        }
    }
}
