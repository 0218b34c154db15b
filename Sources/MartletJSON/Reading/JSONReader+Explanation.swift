extension JSONReader {
    /// One line that tells a client what is wrong with its document: `items[3].price: expected a number, found a string`.
    ///
    /// Without a path when the error is about the document as a whole. A long key is cut.
    public static func explanation(of error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            explanation(context.debugDescription, at: context.codingPath)
        case .keyNotFound(let key, let context):
            explanation("is missing", at: context.codingPath + [key])
        @unknown default:
            "\(error)"
        }
    }

    private static func explanation(_ what: String, at path: [any CodingKey]) -> String {
        path.isEmpty ? what : "\(text(of: path)): \(what)"
    }

    /// The path as JavaScript would write it.
    private static func text(of path: [any CodingKey]) -> String {
        var text = ""
        for key in path {
            if let index = key.intValue, key is JSONKey {
                text += "[\(index)]"
            } else if isName(key.stringValue) {
                text += (text.isEmpty ? "" : ".") + key.stringValue
            } else {
                text += "[\(quoted(key.stringValue))]"
            }
        }
        return text
    }

    private static let longestKey = 64

    private static func isName(_ key: String) -> Bool {
        guard let first = key.utf8.first, key.utf8.count <= longestKey, first &- 0x30 > 9 else { return false }
        return key.utf8.allSatisfy { byte in
            byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
    }

    private static func quoted(_ key: String) -> String {
        var text = ""
        for scalar in key.unicodeScalars.prefix(longestKey) {
            text += scalar.value == 0x22 ? "\\\"" : scalar.escaped(asASCII: false)
        }
        return "\"\(text)\(key.unicodeScalars.count > longestKey ? "…" : "")\""
    }
}
