import MartletHTTP

/// What a route matches: a path whose segments are literals or stand for something.
///
/// | segment     | matches                                                   | captures      |
/// |-------------|-----------------------------------------------------------|---------------|
/// | `text`      | itself, escapes decoded                                   |               |
/// | `{name}`    | one segment that is not empty; `:name` is the same        | the segment   |
/// | `{name:int}`| one segment of that ``RouteParameterType``                | the segment   |
/// | `*`         | one segment that is not empty                             |               |
/// | `{name...}` | all that is left, also nothing; only as the last segment  | what is left  |
///
/// `/a` and `/a/` are different; `/a/{rest...}` matches `/a/` and below, not `/a`. A character that means something
/// here is written as an escape where it is meant literally: `%2A`, `%7B`, `%2F`.
public nonisolated struct RoutePattern: Hashable, Sendable {
    /// One segment.
    public nonisolated enum Segment: Hashable, Sendable {
        /// The decoded text; empty only as the last segment, of a pattern that ends with `/`.
        case literal(String)
        /// One captured segment, of a type.
        case parameter(String, RouteParameterType = .text)
        /// One segment that nobody asks for.
        case wildcard
        /// All that is left, captured.
        case rest(String)
    }

    /// The most captures a pattern may have: they are kept in place, not allocated.
    public static let mostCaptures = 16
    /// The most segments a pattern may have.
    public static let mostSegments = 64

    /// The segments; at least one.
    public let segments: [Segment]

    /// The names of what is captured, in the order of ``RouteCaptures``.
    public var parameterNames: [String] {
        segments.compactMap { segment in
            switch segment {
            case .parameter(let name, _), .rest(let name): name
            case .literal, .wildcard: nil
            }
        }
    }

    /// Parses a pattern such as `/users/{id}/files/{path...}`.
    public init(parsing text: String) throws(RouteError) {
        var parser = RoutePatternParser(text)
        segments = try parser.parse()
    }

    /// The pattern with what captures made anonymous: patterns of the same shape match the same paths.
    var shape: String { print { _ in "" } }

    private func print(_ name: (String) -> String) -> String {
        var text = ""
        for segment in segments {
            text += "/"
            switch segment {
            case .literal(let literal): text += Self.escaped(literal)
            case .parameter(let parameter, let type):
                let suffix = type == .text ? "" : ":\(type.rawValue)"
                text += name(parameter).isEmpty && type == .text ? "*" : "{\(name(parameter))\(suffix)}"
            case .wildcard: text += "*"
            case .rest(let rest): text += "{\(name(rest))...}"
            }
        }
        return text
    }

    /// `literal` with an escape for each byte that a pattern or a path cannot show.
    private static func escaped(_ literal: String) -> String {
        var text = ""
        for scalar in literal.unicodeScalars {
            let mustEscape = scalar.value <= 0x20 || scalar.value == 0x7F || "{}*?#%/".unicodeScalars.contains(scalar)
            if mustEscape || (scalar == ":" && text.isEmpty) {
                text += (scalar.value < 16 ? "%0" : "%") + String(scalar.value, radix: 16, uppercase: true)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

nonisolated extension RoutePattern: CustomStringConvertible {
    /// The pattern in the form that parses to the same one.
    public var description: String { print { $0 } }
}

/// A route that cannot be added.
public nonisolated struct RouteError: Error, Equatable, CustomStringConvertible {
    /// What is wrong. More may be added: always have a `default`.
    public nonisolated struct Code: Hashable, Sendable {
        private let name: String

        /// The pattern is malformed.
        public static let pattern = Code(name: "pattern")
        /// Another route takes the same paths for the same method, so one of the two could never be reached.
        public static let conflict = Code(name: "conflict")
    }

    /// What is wrong.
    public let code: Code
    /// The pattern as it was given.
    public let pattern: String
    /// Where a malformed pattern is wrong: a character, counted from 1.
    public let column: Int?
    /// What is wrong and what to do instead.
    public let reason: String

    package init(_ code: Code, pattern: String, column: Int? = nil, reason: String) {
        self.code = code
        self.pattern = pattern
        self.column = column
        self.reason = reason
    }

    /// All of it on one line.
    public var description: String {
        "route pattern \"\(pattern)\"\(column.map { ", character \($0)" } ?? ""): \(reason)"
    }
}

/// Reads a pattern segment by segment.
private nonisolated struct RoutePatternParser {
    private let text: String
    private var segments: [RoutePattern.Segment] = []
    private var names: Set<String> = []
    private var column = 1

    init(_ text: String) { self.text = text }

    mutating func parse() throws(RouteError) -> [RoutePattern.Segment] {
        guard text.unicodeScalars.first == "/" else { throw error("a pattern begins with /") }
        let parts = text.unicodeScalars.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= RoutePattern.mostSegments else {
            throw error("more than \(RoutePattern.mostSegments) segments")
        }
        for (index, part) in parts.enumerated() {
            column += 1
            try append(String(part), isLast: index == parts.count - 1)
            column += part.count
        }
        return segments
    }

    private mutating func append(_ part: String, isLast: Bool) throws(RouteError) {
        if part == "*" {
            segments.append(.wildcard)
        } else if part.hasPrefix(":") {
            segments.append(.parameter(try name(part.dropFirst(), at: column + 1)))
        } else if part.hasPrefix("{") {
            try appendCapture(part, isLast: isLast)
        } else if part.isEmpty, !isLast {
            throw error("an empty segment can only be the last one")
        } else {
            segments.append(.literal(try literal(part)))
        }
    }

    private mutating func appendCapture(_ part: String, isLast: Bool) throws(RouteError) {
        guard let close = part.firstIndex(of: "}") else { throw error("\"{\" is not closed; write {name}") }
        guard part.index(after: close) == part.endIndex else {
            throw error("a parameter is a whole segment; nothing may follow \"}\"")
        }
        let inside = part.dropFirst().dropLast()
        guard inside.hasSuffix("...") else {
            try appendParameter(inside)
            return
        }
        guard isLast else { throw error("\(part) takes all that is left, so it must be the last segment") }
        segments.append(.rest(try name(inside.dropLast(3), at: column + 1)))
    }

    /// `name` or `name:type`.
    private mutating func appendParameter(_ inside: Substring) throws(RouteError) {
        guard let colon = inside.firstIndex(of: ":") else {
            segments.append(.parameter(try name(inside, at: column + 1)))
            return
        }
        let typeName = inside[inside.index(after: colon)...]
        guard let type = RouteParameterType(rawValue: String(typeName)) else {
            let known = RouteParameterType.allCases.map(\.rawValue).joined(separator: ", ")
            throw error("there is no type \"\(typeName)\"; there are \(known)", inside[..<colon].count + 2)
        }
        segments.append(.parameter(try name(inside[..<colon], at: column + 1), type))
    }

    private mutating func name(_ name: Substring, at column: Int) throws(RouteError) -> String {
        func fail(_ reason: String) -> RouteError {
            RouteError(.pattern, pattern: text, column: column, reason: reason)
        }
        if name.isEmpty { throw fail("a parameter needs a name") }
        let isName = name.utf8.enumerated().allSatisfy { index, byte in
            let isLetter = (byte | 0x20) &- 0x61 < 26 || byte == 0x5F
            return isLetter || (index > 0 && (byte &- 0x30 < 10 || byte == 0x2D))
        }
        guard isName else {
            throw fail("\"\(name)\" is no name: a letter or _, then letters, digits, _ and -")
        }
        guard names.insert(String(name)).inserted else { throw fail("the name \"\(name)\" is used twice") }
        guard names.count <= RoutePattern.mostCaptures else {
            throw fail("more than \(RoutePattern.mostCaptures) parameters")
        }
        return String(name)
    }

    private func literal(_ part: String) throws(RouteError) -> String {
        for (index, scalar) in part.unicodeScalars.enumerated() {
            switch scalar {
            case "{", "}": throw error("a parameter is a whole segment; write %7B or %7D for the brace itself", index)
            case "*": throw error("* is a whole segment; write %2A for the asterisk itself", index)
            case "?", "#": throw error("\(scalar) is not part of a path; write it as an escape if it is meant", index)
            default:
                guard scalar.value > 0x20, scalar.value != 0x7F else {
                    throw error("white space and control characters are not part of a path", index)
                }
            }
        }
        let bytes = Array(part.utf8)
        let decoded: String
        do {
            decoded = try PercentEncoding.string(ByteRange(0, bytes.count), in: bytes.span)
        } catch {
            throw self.error("a % needs two hexadecimal digits behind it, and escapes must be UTF-8 without NUL")
        }
        guard decoded != ".", decoded != ".." else {
            throw error("the segment \(decoded) never matches: such segments are resolved before routing")
        }
        return decoded
    }

    private func error(_ reason: String, _ offset: Int = 0) -> RouteError {
        RouteError(.pattern, pattern: text, column: column + offset, reason: reason)
    }
}
