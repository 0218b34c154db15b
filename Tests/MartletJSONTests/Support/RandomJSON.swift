/// Random documents from a seed, and random damage to them.
struct RandomJSON: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    /// A document with white space at random, containers at most `depth` deep.
    mutating func document(depth: Int = 4) -> String { space() + value(depth) + space() }

    private mutating func value(_ depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 10 : 7), using: &self) {
        case 0: return ["null", "true", "false"].randomElement(using: &self) ?? ""
        case 1, 2: return number()
        case 3: return "\(Int.random(in: .min ... .max, using: &self))"
        case 4...6: return string()
        case 7, 8:
            let members = (0..<Int.random(in: 0...30, using: &self) / (6 - depth)).map { i in
                // Numbered, so that no two are equal: which of them holds is a matter of taste.
                space() + "\"\(i)" + string().dropFirst() + space() + ":" + space() + value(depth - 1) + space()
            }
            return "{" + (members.isEmpty ? space() : members.joined(separator: ",")) + "}"
        default:
            let elements = (0..<Int.random(in: 0...6, using: &self)).map { _ in space() + value(depth - 1) + space() }
            return "[" + (elements.isEmpty ? space() : elements.joined(separator: ",")) + "]"
        }
    }

    private mutating func space() -> String {
        Int.random(in: 0..<4, using: &self) > 0
            ? "" : [" ", "\n", "\t", "\r\n", "    "].randomElement(using: &self) ?? ""
    }

    private mutating func number() -> String {
        var text = Bool.random(using: &self) ? "-" : ""
        text += "\(UInt64.random(in: 0...(1 << UInt64.random(in: 0...62, using: &self)), using: &self))"
        if Bool.random(using: &self) { text += ".\(UInt32.random(in: 0...99_999, using: &self))" }
        if Bool.random(using: &self) {
            text += ["e", "E", "e-", "E+"].randomElement(using: &self) ?? ""
            text += "\(Int.random(in: 0...250, using: &self))"
        }
        return text
    }

    private mutating func string() -> String {
        let parts = [
            "a", "name", "é", "日本", "🦜", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\ud83e\\udd9c", " ",
            "0123456789",
        ]
        return "\""
            + (0..<Int.random(in: 0...5, using: &self)).map { _ in parts.randomElement(using: &self) ?? "" }.joined()
            + "\""
    }

    /// The document with a few bytes changed, removed or doubled.
    mutating func damaged(_ document: [UInt8]) -> [UInt8] {
        let bytes = Array("{}[]\",:\\u0e9.-+tfn \u{1}\u{80}ÿ".utf8)
        var damaged = document
        for _ in 0..<Int.random(in: 1...3, using: &self) where !damaged.isEmpty {
            let at = Int.random(in: 0..<damaged.count, using: &self)
            switch Int.random(in: 0..<4, using: &self) {
            case 0: damaged.remove(at: at)
            case 1: damaged.insert(bytes.randomElement(using: &self) ?? 0, at: at)
            case 2: damaged[at] = bytes.randomElement(using: &self) ?? 0
            default: damaged.removeLast(damaged.count - at)
            }
        }
        return damaged
    }
}
