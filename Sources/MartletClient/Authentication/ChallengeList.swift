/// A list of challenges: `Digest realm="a", nonce="b", Basic realm="c"`.
///
///     challenge = scheme [ 1*SP ( token68 / #( token BWS "=" BWS ( token / quoted-string ) ) ) ]
///
/// Read tolerantly: what is no parameter begins the next challenge or is skipped. Bounded, and no text makes it take long.
nonisolated enum ChallengeList {
    /// One challenge.
    struct Item: Equatable {
        let scheme: String
        var parameters: [(name: String, value: String)] = []

        subscript(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

        static func == (one: Item, other: Item) -> Bool {
            one.scheme == other.scheme && one.parameters.elementsEqual(other.parameters) { $0 == $1 }
        }
    }

    private static let longest = 8192
    private static let most = 16

    /// The challenges in the value of a field.
    static func read(_ field: String) -> [Item] {
        guard field.utf8.count <= longest else { return [] }
        var reader = Reader(rest: Array(field.utf8)[...])
        var items: [Item] = []
        while true {
            reader.skipListBlanks()
            guard let name = reader.token() else {
                if reader.rest.isEmpty { return items }
                reader.rest.removeFirst()
                continue
            }
            reader.skipBlanks()
            if reader.skip(UInt8(ascii: "=")), !items.isEmpty {
                reader.skipBlanks()
                guard let value = reader.value() else { continue }
                if items[items.count - 1].parameters.count < most {
                    items[items.count - 1].parameters.append((name.lowercased(), value))
                }
            } else {
                guard items.count < most else { return items }
                items.append(Item(scheme: name))
            }
        }
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func skip(_ byte: UInt8) -> Bool {
            guard rest.first == byte else { return false }
            rest.removeFirst()
            return true
        }

        mutating func skipBlanks() {
            rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
        }

        mutating func skipListBlanks() {
            rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
        }

        mutating func token() -> String? {
            let token = rest.prefix(while: Self.isTokenByte)
            rest = rest[token.endIndex...]
            return token.isEmpty ? nil : String(decoding: token, as: UTF8.self)
        }

        mutating func value() -> String? {
            guard skip(UInt8(ascii: "\"")) else { return token() }
            var value: [UInt8] = []
            while let byte = rest.popFirst() {
                if byte == UInt8(ascii: "\"") { return String(decoding: value, as: UTF8.self) }
                if byte == UInt8(ascii: "\\") {
                    guard let escaped = rest.popFirst() else { return nil }
                    value.append(escaped)
                } else {
                    value.append(byte)
                }
            }
            return nil
        }

        private static func isTokenByte(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
    }
}
