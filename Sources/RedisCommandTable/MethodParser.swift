/// Reads the line of a method: `getex key [expiry:RedisExpiry] -> Value? ~ bulk bulk`.
struct MethodParser {
    /// Where a parameter stands.
    private enum Place {
        case required, option, optionWithWord
    }

    /// Reads the line, without its dot.
    static func parse(_ text: Substring, line: Int) throws(LineError) -> Method {
        guard let arrow = text.firstRange(of: "->") else { throw LineError(reason: "expected `-> RESULT`") }
        var end = text[arrow.upperBound...]
        var since: String?
        if let range = end.firstRange(of: " since ") {
            let version = end[range.upperBound...].trimmed
            guard isVersion(version) else {
                throw LineError(reason: "`\(version)` is no version: expected one like 6.2.0")
            }
            since = version
            end = end[..<range.lowerBound]
        }
        var (result, wire) = split(end, at: "~")
        var defaultValue = "String"
        if let range = result.firstRange(of: " default ") {
            defaultValue = result[range.upperBound...].trimmed
            result = result[..<range.lowerBound].trimmed
        }
        let kinds = wire.split(separator: " ").map(String.init)
        guard !result.isEmpty else { throw LineError(reason: "expected a result behind `->`") }
        guard kinds.isEmpty || kinds.count == 2 else {
            throw LineError(reason: "expected two kinds behind `~`, those of RESP2 and of RESP3")
        }
        var pieces = try pieces(text[..<arrow.lowerBound])
        guard let name = pieces.first, name.allSatisfy(\.isIdentifierPart) else {
            throw LineError(reason: "expected the name of a method behind the dot")
        }
        pieces.removeFirst()
        var arguments: [Argument] = []
        for piece in pieces { arguments.append(try argument(piece)) }
        let method = Method(
            name: name, arguments: arguments, result: result, defaultValue: defaultValue,
            wire: kinds.isEmpty ? nil : (kinds[0], kinds[1]), since: since, line: line)
        try check(method)
        return method
    }

    /// Splits at spaces, but not within brackets.
    private static func pieces(_ text: Substring) throws(LineError) -> [String] {
        var pieces: [String] = []
        var current = ""
        var isOption = false
        for character in text {
            switch character {
            case "[":
                guard !isOption else { throw LineError(reason: "`[` within an option") }
                isOption = true
            case "]":
                guard isOption else { throw LineError(reason: "`]` without `[`") }
                isOption = false
            case " " where !isOption:
                if !current.isEmpty { pieces.append(current) }
                current = ""
                continue
            default: break
            }
            current.append(character)
        }
        guard !isOption else { throw LineError(reason: "`[` without `]`") }
        if !current.isEmpty { pieces.append(current) }
        return pieces
    }

    private static func argument(_ piece: String) throws(LineError) -> Argument {
        if piece.hasPrefix("[") { return try option(piece) }
        if piece.hasPrefix("#") { return .count(of: String(piece.dropFirst())) }
        if piece.hasPrefix("\"") {
            guard piece.count >= 2, piece.hasSuffix("\"") else { throw LineError(reason: "`\(piece)` has no end") }
            return .word(String(piece.dropFirst().dropLast()))
        }
        if isWord(piece) { return .word(piece) }
        return .required(try parameter(piece))
    }

    private static func option(_ piece: String) throws(LineError) -> Argument {
        guard let end = piece.lastIndex(of: "]") else { throw LineError(reason: "`\(piece)` has no `]`") }
        var effects = Argument.Effects()
        for mark in piece[piece.index(after: end)...] {
            switch mark {
            case "!": effects.insert(.notIdempotent)
            case "^": effects.insert(.blocks)
            default: throw LineError(reason: "`\(mark)` behind `]`: only `!` and `^` mean something there")
            }
        }
        var words = piece[piece.index(after: piece.startIndex)..<end].split(separator: " ").map(String.init)
        guard let first = words.first else { throw LineError(reason: "an empty option") }
        if words.count == 1, let flag = flag(first, effects) { return flag }
        var word: String?
        let repeatsWord = first.hasSuffix("*") && isWord(String(first.dropLast()))
        if isWord(first) || repeatsWord {
            word = repeatsWord ? String(first.dropLast()) : first
            words.removeFirst()
        }
        var parameters: [Parameter] = []
        for text in words { parameters.append(try parameter(text, in: word == nil ? .option : .optionWithWord)) }
        guard !parameters.isEmpty else { throw LineError(reason: "an option without a value") }
        guard parameters.count == 1 || word != nil && parameters.allSatisfy({ !$0.isList }) else {
            throw LineError(reason: "an option of several values begins with a word and has no list among them")
        }
        guard !repeatsWord || parameters[0].isList else { throw LineError(reason: "`*` goes with a list") }
        return .option(Argument.Option(word: word, repeatsWord: repeatsWord, parameters: parameters, effects: effects))
    }

    /// `REPLACE`, `name=WORD` or `name=!WORD`.
    private static func flag(_ text: String, _ effects: Argument.Effects) -> Argument? {
        if isWord(text) { return .flag(name: text.lowercased(), word: text, whenFalse: false, effects: effects) }
        let (name, word) = split(text[...], at: "=")
        let whenFalse = word.hasPrefix("!")
        let plain = whenFalse ? String(word.dropFirst()) : word
        guard isWord(plain), name.allSatisfy(\.isIdentifierPart) else { return nil }
        return .flag(name: name, word: plain, whenFalse: whenFalse, effects: effects)
    }

    /// `name`, `name:type`, `name...:type`, `_name:type`, `@name`, `name:Type=expression`.
    private static func parameter(_ text: String, in place: Place = .required) throws(LineError) -> Parameter {
        var (declaration, defaultValue) = split(text[...], at: "=")
        let hidesLabel = declaration.hasPrefix("_")
        let showsLabel = declaration.hasPrefix("@")
        if hidesLabel || showsLabel { declaration.removeFirst() }
        var (name, type) = split(declaration[...], at: ":")
        let isList = name.hasSuffix("...")
        if isList { name.removeLast(3) }
        guard name.first?.isLowercase == true, name.allSatisfy(\.isIdentifierPart) else {
            throw LineError(reason: "`\(text)` is neither a word (upper case) nor a parameter (`name` or `name:type`)")
        }
        if type.isEmpty { type = name == "key" || name == "keys" ? "key" : "bytes" }
        let kind = try kind(type)
        guard isList || ![.pairs, .keyPairs, .scores].contains(kind) else {
            throw LineError(reason: "`\(name)` is a list: `\(name)...:\(type)`")
        }
        guard defaultValue.isEmpty || place != .required else { throw LineError(reason: "a default outside of `[ ]`") }
        return Parameter(
            name: name, kind: kind, isList: isList,
            isLabelled: showsLabel || !hidesLabel && isLabelled(kind, isList: isList, in: place),
            defaultValue: defaultValue.isEmpty ? nil : defaultValue)
    }

    /// Keys, bytes and text explain themselves, and so do lists; numbers, times and options do not.
    private static func isLabelled(_ kind: Parameter.Kind, isList: Bool, in place: Place) -> Bool {
        switch place {
        case .optionWithWord: true
        case .option: !isList
        case .required: !isList && ![.key, .bytes, .text].contains(kind)
        }
    }

    private static func kind(_ type: String) throws(LineError) -> Parameter.Kind {
        switch type {
        case "key": return .key
        case "bytes": return .bytes
        case "int": return .int
        case "double": return .double
        case "text": return .text
        case "seconds": return .seconds
        case "milliseconds": return .milliseconds
        case "any": return .any
        case "pairs": return .pairs
        case "keypairs": return .keyPairs
        case "scores": return .scores
        default:
            let words = type.split(separator: "|").map(String.init)
            if words.count == 2, words.allSatisfy(isWord) { return .choice(words[0], words[1]) }
            guard type.first?.isUppercase == true, type.allSatisfy({ $0.isIdentifierPart || $0 == "." }) else {
                throw LineError(reason: "unknown type `\(type)`")
            }
            return .swift(type)
        }
    }

    /// What Swift would complain about in the generated file, where nobody would understand it.
    private static func check(_ method: Method) throws(LineError) {
        var names: Set<String> = []
        for name in method.arguments.flatMap(\.parameterNames) where !names.insert(name).inserted {
            throw LineError(reason: "two parameters are called `\(name)`")
        }
        for name in names.intersection(["command", "resultType"]) {
            throw LineError(reason: "`\(name)` means something else in what is generated: call the parameter otherwise")
        }
        for case .count(let name) in method.arguments {
            let lists = method.arguments.flatMap(\.parameters).filter(\.isList).map(\.name)
            guard lists.contains(name) else { throw LineError(reason: "`#\(name)`: no list is called `\(name)`") }
        }
    }

    /// Whether it is sent as it stands.
    private static func isWord(_ text: String) -> Bool {
        guard text.first?.isUppercase == true else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isUppercase || $0.isNumber) }
    }

    /// Whether it is a version of the server.
    static func isVersion(_ text: String) -> Bool {
        text.split(separator: ".").count == 3 && text.allSatisfy { $0.isNumber || $0 == "." }
    }

    private static func split(_ text: Substring, at separator: Character) -> (String, String) {
        guard let index = text.firstIndex(of: separator) else { return (text.trimmed, "") }
        return (text[..<index].trimmed, text[text.index(after: index)...].trimmed)
    }
}

extension Argument {
    /// The parameters in it.
    var parameters: [Parameter] {
        switch self {
        case .word, .count, .flag: []
        case .required(let parameter): [parameter]
        case .option(let option): option.parameters
        }
    }

    /// The names of what a caller gives.
    var parameterNames: [String] {
        switch self {
        case .flag(let name, _, _, _): [name]
        case .option(let option) where option.parameters.count > 1: [option.tupleName]
        default: parameters.map(\.name)
        }
    }
}

extension StringProtocol {
    /// Where `text` is first.
    func firstRange(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
