/// A route's text with places for the parameters of its path: `Hello, {name}`.
///
/// Only braces around a name are a place; all others are text, so JSON needs no care. `{{name}}` is the text `{name}`.
/// What is filled in came from a stranger: it is escaped for HTML, XML and JSON when that is what the text is.
public nonisolated struct TextTemplate: Hashable, Sendable {
    private enum Piece: Hashable {
        case text(String)
        case parameter(String)
    }

    private enum Escaping: Hashable {
        case none, markup, json
    }

    private let pieces: [Piece]
    private let escaping: Escaping

    /// Reads a text; every text is a template.
    public init(_ text: String, contentType: String = "text/plain") {
        pieces = Self.parse(text)
        let mediaType = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
        if mediaType == "application/json" || mediaType.hasSuffix("+json") {
            escaping = .json
        } else if ["text/html", "text/xml", "application/xml"].contains(mediaType) || mediaType.hasSuffix("+xml") {
            escaping = .markup
        } else {
            escaping = .none
        }
    }

    /// The names of the places, in order.
    public var parameterNames: [String] {
        pieces.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
    }

    /// The text with its places filled.
    ///
    /// - Parameter value: what a parameter of the path is; one that is not there leaves its place empty.
    public func render(_ value: (String) -> String?) -> String {
        var result = ""
        for piece in pieces {
            switch piece {
            case .text(let text): result += text
            case .parameter(let name): append(value(name) ?? "", to: &result)
            }
        }
        return result
    }

    private func append(_ value: String, to result: inout String) {
        switch escaping {
        case .none: result += value
        case .markup: for scalar in value.unicodeScalars { Self.appendToMarkup(scalar, to: &result) }
        case .json: for scalar in value.unicodeScalars { Self.appendToJSON(scalar, to: &result) }
        }
    }

    private static func appendToMarkup(_ scalar: UnicodeScalar, to result: inout String) {
        switch scalar {
        case "&", "<", ">", "\"", "'": result += "&#\(scalar.value);"
        default: result.unicodeScalars.append(scalar)
        }
    }

    private static func appendToJSON(_ scalar: UnicodeScalar, to result: inout String) {
        if scalar == "\"" || scalar == "\\" {
            result += "\\\(scalar)"
        } else if scalar.value < 0x20 {  // RFC 8259 §7
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
            result.unicodeScalars.append(scalar)
        }
    }

    private static func parse(_ text: String) -> [Piece] {
        var pieces: [Piece] = []
        var literal = ""
        var rest = text[...]
        while let brace = rest.firstIndex(of: "{") {
            literal += rest[..<brace]
            rest = rest[brace...]
            let isQuoted = rest.hasPrefix("{{")
            let afterBraces = rest.dropFirst(isQuoted ? 2 : 1)
            let name = afterBraces.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
            guard let first = name.first, first.isLetter || first == "_",
                afterBraces.dropFirst(name.count).hasPrefix(isQuoted ? "}}" : "}")
            else {
                literal.append("{")
                rest = rest.dropFirst()
                continue
            }
            rest = afterBraces.dropFirst(name.count + (isQuoted ? 2 : 1))
            if isQuoted {
                literal += "{\(name)}"
            } else {
                if !literal.isEmpty { pieces.append(.text(literal)) }
                pieces.append(.parameter(String(name)))
                literal = ""
            }
        }
        literal += rest
        if !literal.isEmpty { pieces.append(.text(literal)) }
        return pieces
    }
}
