// How a method of the table looks in Swift.

/// A way to write the parameters of a method.
struct Shape {
    /// The list that is written as Swift's variadic parameter.
    var variadic: String?
    /// Whether pairs come as a dictionary.
    var takesDictionary = false
}

extension Method {
    /// The list that may be written without brackets: the last parameter that has to be given, if nothing may follow it.
    var variadicParameter: String? {
        let lists = arguments.flatMap(\.parameters).filter(\.isList)
        guard lists.count == 1, case .required(let last)? = arguments.last(where: { !$0.isWord }) else { return nil }
        return last.isList && !last.isLabelled && [.key, .bytes, .text].contains(last.kind) ? last.name : nil
    }

    /// Whether one of its parameters can be a dictionary.
    var takesPairs: Bool {
        arguments.flatMap(\.parameters).contains { [.pairs, .keyPairs, .scores].contains($0.kind) }
    }

    /// The type of the result, with the type of its values.
    func resultType(values: String) -> String {
        if returnsNothing { return "RedisDone" }
        var type = ""
        var name = ""
        for character in result + " " {
            if character.isIdentifierPart {
                name.append(character)
            } else {
                type += name == "Value" ? values : name
                type.append(character)
                name = ""
            }
        }
        return String(type.dropLast())
    }

    /// The parameters, without that of the type.
    func parameterList(_ shape: Shape) -> [String] {
        arguments.compactMap { argument in
            switch argument {
            case .word, .count: nil
            case .flag(let name, _, let whenFalse, _): "\(name): Bool = \(whenFalse)"
            case .required(let parameter): "\(parameter.labelAndName): \(parameter.type(shape))"
            case .option(let option): option.declaration(shape)
            }
        }
    }

    /// The arguments that pass its parameters on to another form of itself.
    func forwardedArguments(_ shape: Shape) -> [String] {
        arguments.compactMap { argument in
            switch argument {
            case .word, .count: nil
            case .flag(let name, _, _, _): "\(name): \(name)"
            case .required(let parameter): parameter.forwarded(shape)
            case .option(let option) where option.parameters.count > 1: "\(option.tupleName): \(option.tupleName)"
            case .option(let option): option.parameters[0].forwarded(shape)
            }
        }
    }
}

extension Argument {
    /// Whether it is always the same.
    var isWord: Bool {
        if case .word = self { true } else { false }
    }
}

extension Argument.Option {
    fileprivate func declaration(_ shape: Shape) -> String {
        guard parameters.count == 1 else {
            let elements = parameters.map { "\($0.name): \($0.elementType(isOption: true))" }
            return "\(tupleName): (\(elements.joined(separator: ", ")))? = nil"
        }
        let parameter = parameters[0]
        let type = parameter.elementType(isOption: true)
        if parameter.isList { return "\(parameter.labelAndName): [\(type)] = []" }
        if let value = parameter.defaultValue { return "\(parameter.labelAndName): \(type) = \(value)" }
        return "\(parameter.labelAndName): \(type)? = nil"
    }
}

extension Parameter {
    /// How it is declared: `_ key` or `count`.
    fileprivate var labelAndName: String { isLabelled ? name : "_ \(name)" }

    /// How it is passed on.
    fileprivate func forwarded(_ shape: Shape) -> String {
        let value =
            switch kind {
            case .pairs where shape.takesDictionary, .keyPairs where shape.takesDictionary: "RedisPairs(\(name))"
            case .scores where shape.takesDictionary: "RedisScores(\(name))"
            default: name
            }
        return isLabelled ? "\(name): \(value)" : value
    }

    /// The type of a parameter that has to be given.
    fileprivate func type(_ shape: Shape) -> String {
        switch kind {
        case .pairs, .keyPairs:
            shape.takesDictionary ? "[some RedisArgument & Hashable: some RedisArgument]" : "RedisPairs"
        case .scores: shape.takesDictionary ? "[some RedisArgument & Hashable: Double]" : "RedisScores"
        default:
            if shape.variadic == name {
                "\(kind == .text ? "String" : "Element")..."
            } else {
                isList ? "[\(elementType(isOption: false))]" : elementType(isOption: false)
            }
        }
    }

    /// The type of one value. Swift cannot infer an opaque type from a default.
    fileprivate func elementType(isOption: Bool) -> String {
        switch kind {
        case .key, .bytes: isOption ? "any RedisArgument" : "some RedisArgument"
        case .int: "Int"
        case .double: "Double"
        case .text: "String"
        case .seconds, .milliseconds: "Duration"
        case .any: "any RedisArgument"
        case .choice: "Bool"
        case .swift(let name): name
        case .pairs, .keyPairs: "RedisPairs"
        case .scores: "RedisScores"
        }
    }
}
