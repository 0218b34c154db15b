/// Writes figures in the text exposition format of Prometheus, version 0.0.4: families, each with its help, its kind and
/// its samples.
nonisolated struct PrometheusText {
    /// The media type of the format.
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// The kinds of families that there are here.
    enum Kind: String {
        case counter, gauge, histogram
    }

    /// The text, which ends with a line end once anything is in it.
    private(set) var text = ""
    private var families: Set<String> = []

    /// Begins a family; false when there is one of that name already: its samples are then to be left out.
    mutating func begin(_ name: String, _ kind: Kind, help: String) -> Bool {
        guard families.insert(name).inserted else { return false }
        let help = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        return true
    }

    /// Adds a sample of the family that was begun last.
    mutating func add(_ name: String, _ labels: [(String, String)] = [], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.0)=\(Self.quoted($0.1))" }.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    /// Adds a histogram.
    ///
    /// - Parameters:
    ///   - name: the family's.
    ///   - labels: besides `le`.
    ///   - buckets: upper bounds, ascending, and how many values are at most that.
    ///   - count: how many values there are.
    ///   - sum: of all values.
    mutating func add(
        histogram name: String, _ labels: [(String, String)], buckets: [(bound: Double, count: UInt64)],
        count: UInt64, sum: Double
    ) {
        for (bound, count) in buckets { add("\(name)_bucket", labels + [("le", "\(bound)")], "\(count)") }
        add("\(name)_bucket", labels + [("le", "+Inf")], "\(count)")
        add("\(name)_sum", labels, "\(sum)")
        add("\(name)_count", labels, "\(count)")
    }

    // MARK: Names

    /// A metric's name: what is no letter, digit, `_` or `:` becomes `_`.
    static func name(_ text: String) -> String { identifier(text, allowsColon: true) }

    /// A label's name: what is no letter, digit or `_` becomes `_`.
    static func labelName(_ text: String) -> String { identifier(text, allowsColon: false) }

    private static func identifier(_ text: String, allowsColon: Bool) -> String {
        var result = ""
        for byte in text.utf8 {
            let isLetter = (byte | 0x20) &- 0x61 < 26 || byte == 0x5F || (byte == 0x3A && allowsColon)
            let isDigit = byte &- 0x30 < 10
            if isDigit, result.isEmpty { result = "_" }
            result.unicodeScalars.append(isLetter || isDigit ? Unicode.Scalar(byte) : "_")
        }
        return result.isEmpty ? "_" : result
    }

    /// A label's value in quotes, on one line.
    static func quoted(_ value: String) -> String {
        var result = "\""
        for character in value.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result + "\""
    }
}
