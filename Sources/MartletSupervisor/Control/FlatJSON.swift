/// Reads the small JSON bodies of the control socket: one object whose values are texts, whole numbers or truth values
/// (RFC 8259).
///
/// The full decoder lives in Foundation, which the supervisor does without.
nonisolated struct FlatJSON {
    /// The members: a number or truth value as it was written, a text without its quotes.
    private(set) var members: [String: String] = [:]
    private var rest: ArraySlice<UInt8>

    /// `nil` when it is anything else, or has a key twice.
    init?(_ bytes: [UInt8]) {
        rest = bytes[...]
        guard take("{") else { return nil }
        if !take("}") {
            repeat {
                guard let key = string(), take(":"), let value = string() ?? scalar(), members[key] == nil else {
                    return nil
                }
                members[key] = value
            } while take(",")
            guard take("}") else { return nil }
        }
        skipSpace()
        guard rest.isEmpty else { return nil }
    }

    private mutating func skipSpace() {
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// A text; escapes are not needed for anything that could be meant here, and refused.
    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        let text = rest.prefix { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") && $0 >= 0x20 }
        rest = rest.dropFirst(text.count)
        guard rest.first == UInt8(ascii: "\"") else { return nil }
        rest.removeFirst()
        return String(validating: text, as: UTF8.self)
    }

    private mutating func scalar() -> String? {
        skipSpace()
        let text = rest.prefix { $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
        rest = rest.dropFirst(text.count)
        let word = String(decoding: text, as: UTF8.self)
        return Int(word) != nil || word == "true" || word == "false" ? word : nil
    }
}
