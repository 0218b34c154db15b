/// Lists of tokens in fields, RFC 9110 §5.6.1 and §5.6.2.
enum FieldTokens {
    /// Whether `name`, in lowercase, is an element of the list in `field`, ignoring the case of ASCII letters.
    static func contains(_ name: String, in field: String?) -> Bool {
        guard let field else { return false }
        return elements(of: field).contains { equals($0, name) }
    }

    /// Whether `text` is `name`, which is in lowercase, ignoring the case of ASCII letters.
    static func equals(_ text: some StringProtocol, _ name: String) -> Bool {
        text.utf8.count == name.utf8.count
            && zip(text.utf8, name.utf8).allSatisfy { byte, expected in
                (0x41...0x5A).contains(byte) ? byte | 0x20 == expected : byte == expected
            }
    }

    /// The elements of the list in `field`, without white space around them; empty ones do not count.
    static func elements(of field: String) -> [Substring] {
        field.utf8.split(separator: UInt8(ascii: ",")).compactMap { element in
            let start = element.drop(while: isBlank)
            guard let last = start.lastIndex(where: { !isBlank($0) }) else { return nil }
            return Substring(start[...last])
        }
    }

    /// Whether `text` is a token.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
