/// How the names of channels are made of a request's parameters: `chat/{room}`.
///
/// In braces stands a parameter of the route's pattern; everything else is taken as it is. A parameter's value may
/// contain anything, a slash too where a client has encoded one: a pattern with several parameters has to keep them
/// apart by something that their values cannot contain.
public nonisolated struct ChannelNamePattern: Hashable, Sendable {
    private enum Part: Hashable, Sendable {
        case literal(String)
        case parameter(String)
    }

    private var parts: [Part] = []

    /// Reads a pattern.
    ///
    /// - Throws: ``ChannelNamePatternError`` when it is empty, or a brace is not closed, not opened, or has nothing in
    ///   it.
    public init(_ text: String) throws(ChannelNamePatternError) {
        guard !text.isEmpty else { throw ChannelNamePatternError(pattern: text, reason: "is empty") }
        var rest = text[...]
        while let end = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[end] == "{" else { throw ChannelNamePatternError(pattern: text, reason: "has a } too many") }
            if end > rest.startIndex { parts.append(.literal(String(rest[..<end]))) }
            rest = rest[end...].dropFirst()
            guard let close = rest.firstIndex(where: { $0 == "{" || $0 == "}" }), rest[close] == "}" else {
                throw ChannelNamePatternError(pattern: text, reason: "has a { that is not closed")
            }
            guard close > rest.startIndex else {
                throw ChannelNamePatternError(pattern: text, reason: "has braces with no name in them")
            }
            parts.append(.parameter(String(rest[..<close])))
            rest = rest[close...].dropFirst()
        }
        if !rest.isEmpty { parts.append(.literal(String(rest))) }
    }

    /// The parameters that it needs, in its order: the route's pattern has to have them all.
    public var parameters: [String] {
        parts.compactMap { if case .parameter(let name) = $0 { name } else { nil } }
    }

    /// The name with the parameters' values put in; `nil` when one has none.
    public func name(_ value: (String) -> String?) -> String? {
        var name = ""
        for part in parts {
            switch part {
            case .literal(let text): name += text
            case .parameter(let parameter):
                guard let value = value(parameter) else { return nil }
                name += value
            }
        }
        return name
    }
}

/// A pattern for the names of channels is not right.
public nonisolated struct ChannelNamePatternError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The pattern.
    public let pattern: String
    /// What is wrong with it.
    public let reason: String

    /// For whoever wrote it.
    public var description: String {
        "\"\(pattern)\" cannot name channels: it \(reason); write something like chat/{room}"
    }
}
