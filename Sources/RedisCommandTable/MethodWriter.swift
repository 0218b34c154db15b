/// Writes the Swift of the commands of one file of the table: operations, and the methods that send them.
package struct MethodWriter {
    private var text = ""
    private let file: String

    /// The Swift of a table that was read from `file`.
    package static func swift(of table: Table, file: String) -> String {
        var writer = MethodWriter(file: file)
        writer.write("// Made from \(file). Change that.")
        writer.write("")
        writer.write("import MartletRESP")
        writer.write("")
        writer.write("nonisolated extension RedisOperation {")
        for command in table.commands {
            for method in command.methods { writer.writeOperations(method, of: command) }
        }
        writer.write("}")
        writer.write("")
        writer.write("extension RedisCommands {")
        for command in table.commands {
            for method in command.methods { writer.writeSenders(method, of: command) }
        }
        writer.write("}")
        return writer.text
    }

    private init(file: String) { self.file = file }

    private mutating func write(_ line: String, indent: Int = 0) {
        text += line.isEmpty ? "\n" : String(repeating: "    ", count: indent) + line + "\n"
    }

    /// The first line of a function.
    private mutating func writeFunction(_ name: String, _ parameters: [String], _ effects: String) {
        write("\(name)(\(parameters.joined(separator: ", "))) \(effects) {", indent: 1)
    }

    private mutating func writeDocumentation(_ method: Method, of command: Command) {
        for line in method.documentation.split(separator: "\n") { write("/// \(line)", indent: 1) }
        write("///", indent: 1)
        var facts = "`\(command.name)`, since \(method.since ?? command.since)."
        if let wire = method.wire { facts += " The answer is of kind \(wire.resp2) in RESP2, \(wire.resp3) in RESP3." }
        write("/// \(facts)", indent: 1)
    }

    // MARK: Operations

    private mutating func writeOperations(_ method: Method, of command: Command) {
        writeOperation(method, of: command)
        if method.takesPairs { writeForwarder(method, of: command, Shape(takesDictionary: true)) }
        if method.returnsValues { writeForwarder(method, of: command, Shape()) }
        if let variadic = method.variadicParameter { writeForwarder(method, of: command, Shape(variadic: variadic)) }
    }

    /// The one that builds the command.
    private mutating func writeOperation(_ method: Method, of command: Command) {
        // A result that is the value and nothing else is what the operation is of.
        let isValue = method.result == "Value"
        let values = isValue ? "Output" : "Value"
        let result = method.resultType(values: values)
        var parameters = method.parameterList(Shape())
        if method.returnsValues { parameters.append("as resultType: \(values).Type") }
        writeDocumentation(method, of: command)
        let generics = method.returnsValues && !isValue ? "<Value: RedisDecodable>" : ""
        let requirement = isValue ? "" : " where Output == \(result)"
        writeFunction(
            "public static func \(method.name)\(generics)", parameters, "-> RedisOperation<\(result)>\(requirement)")
        let introducer = method.arguments.isEmpty ? "let" : "var"
        let traits = command.traits.isEmpty ? ", traits: []" : command.traits
        let name = "\"\(command.name)\"\(command.encodedName)"
        write("\(introducer) command = RedisCommand(exactly: \(name)\(traits))", indent: 2)
        for argument in method.arguments { writeAppend(argument) }
        let names = method.arguments.flatMap(\.parameterNames)
        if command.flags.contains(.blocking), names.contains("timeout") {
            write("command.blockingTime = timeout > .zero ? timeout : nil", indent: 2)
        }
        write("return RedisOperation<\(result)>(command)", indent: 2)
        write("}", indent: 1)
        write("")
    }

    private mutating func writeAppend(_ argument: Argument) {
        switch argument {
        case .word(let word): write("command.append(\"\(word)\")", indent: 2)
        case .count(let name): write("command.append(\(name).count)", indent: 2)
        case .required(let parameter): write(parameter.appending(), indent: 2)
        case .flag(let name, let word, let whenFalse, let effects):
            write("if \(whenFalse ? "!" : "")\(name) {", indent: 2)
            write("command.append(\"\(word)\")", indent: 3)
            writeEffects(effects, name)
            write("}", indent: 2)
        case .option(let option): writeOption(option)
        }
    }

    private mutating func writeOption(_ option: Argument.Option) {
        let first = option.parameters[0]
        if first.isList, option.repeatsWord {
            write("for element in \(first.name) {", indent: 2)
            write("command.append(\"\(option.word ?? "")\")", indent: 3)
            write(first.appending(element: "element"), indent: 3)
            write("}", indent: 2)
        } else if first.isList {
            write("if !\(first.name).isEmpty {", indent: 2)
            if let word = option.word { write("command.append(\"\(word)\")", indent: 3) }
            write(first.appending(isOption: true), indent: 3)
            writeEffects(option.effects, first.name)
            write("}", indent: 2)
        } else if first.defaultValue != nil, option.word == nil {
            write(first.appending(), indent: 2)
        } else {
            let name = option.parameters.count > 1 ? option.tupleName : first.name
            write("if let \(name) {", indent: 2)
            if let word = option.word { write("command.append(\"\(word)\")", indent: 3) }
            for parameter in option.parameters {
                write(
                    parameter.appending(element: option.parameters.count > 1 ? "\(name).\(parameter.name)" : nil),
                    indent: 3)
            }
            writeEffects(option.effects, name)
            write("}", indent: 2)
        }
    }

    private mutating func writeEffects(_ effects: Argument.Effects, _ name: String) {
        if effects.contains(.notIdempotent) { write("command.traits.remove(.idempotent)", indent: 3) }
        if effects.contains(.blocks) {
            write("command.traits.insert(.blocking)", indent: 3)
            write("command.blockingTime = \(name) > .zero ? \(name) : nil", indent: 3)
        }
    }

    /// One that calls the one that builds the command: with values of the usual type, or parameters of another shape.
    private mutating func writeForwarder(_ method: Method, of command: Command, _ shape: Shape) {
        let result = method.resultType(values: method.defaultValue)
        var arguments = method.forwardedArguments(shape)
        if method.returnsValues { arguments.append("as: \(method.defaultValue).self") }
        writeDocumentation(method, of: command)
        if shape.takesDictionary { write("@_disfavoredOverload", indent: 1) }
        writeFunction(
            "public static func \(method.name)\(shape.generics(method))", method.parameterList(shape),
            "-> RedisOperation<\(result)> where Output == \(result)")
        write("RedisOperation<\(result)>.\(method.name)(\(arguments.joined(separator: ", ")))", indent: 2)
        write("}", indent: 1)
        write("")
    }

    // MARK: Senders

    private mutating func writeSenders(_ method: Method, of command: Command) {
        writeSender(method, of: command, Shape())
        if method.takesPairs { writeSender(method, of: command, Shape(takesDictionary: true)) }
        if let variadic = method.variadicParameter { writeSender(method, of: command, Shape(variadic: variadic)) }
    }

    private mutating func writeSender(_ method: Method, of command: Command, _ shape: Shape) {
        let result = method.resultType(values: "Value")
        var parameters = method.parameterList(shape)
        var arguments = method.forwardedArguments(Shape())
        if method.returnsValues {
            parameters.append("as resultType: Value.Type = \(method.defaultValue).self")
            arguments.append("as: resultType")
        }
        writeDocumentation(method, of: command)
        if shape.takesDictionary { write("@_disfavoredOverload", indent: 1) }
        if command.flags.contains(.write), !method.returnsNothing { write("@discardableResult", indent: 1) }
        writeFunction(
            "@inline(__always) public nonisolated(nonsending) func \(method.name)\(shape.generics(method, values: true))",
            parameters,
            "async throws(RedisError)\(method.returnsNothing ? "" : " -> \(result)")")
        write(
            "\(method.returnsNothing ? "_ = " : "")try await send("
                + "RedisOperation<\(result)>.\(method.name)(\(arguments.joined(separator: ", "))))",
            indent: 2)
        write("}", indent: 1)
        write("")
    }
}

extension Shape {
    /// The generic parameters that a form of a method has.
    fileprivate func generics(_ method: Method, values: Bool = false) -> String {
        var generics: [String] = []
        let parameter = method.arguments.flatMap(\.parameters).first { $0.name == variadic }
        if let parameter, parameter.kind != .text { generics.append("Element: RedisArgument") }
        if values, method.returnsValues { generics.append("Value: RedisDecodable") }
        return generics.isEmpty ? "" : "<\(generics.joined(separator: ", "))>"
    }
}

extension Command {
    /// The arguments of `RedisCommand`'s initialiser that say how its name is sent.
    fileprivate var encodedName: String {
        let words = name.split(separator: " ")
        let encoded = words.map { "$\($0.utf8.count)\\r\\n\($0)\\r\\n" }.joined()
        return ", encoded: \"\(encoded)\"\(words.count > 1 ? ", words: \(words.count)" : "")"
    }

    /// The argument of `RedisCommand`'s initialiser that says what it is.
    fileprivate var traits: String {
        var traits: [String] = []
        if flags.contains(.read) {
            traits.append(".readOnly")
        } else if flags.contains(.idempotent) {
            traits.append(".idempotent")
        }
        if flags.contains(.blocking) { traits.append(".blocking") }
        if flags.contains(.connection) { traits.append(".connection") }
        switch traits.count {
        case 0: return ""
        case 1: return ", traits: \(traits[0])"
        default: return ", traits: [\(traits.joined(separator: ", "))]"
        }
    }
}

extension Parameter {
    /// The statement that appends it to `command`, or one element of it.
    fileprivate func appending(element: String? = nil, isOption: Bool = false) -> String {
        let value = element ?? name
        let isList = isList && element == nil
        switch kind {
        case .key where isList && isOption: return "for element in \(value) { command.append(key: element) }"
        case .bytes where isList && isOption, .any where isList:
            return "for element in \(value) { command.append(element) }"
        case .key: return "command.append(\(isList ? "keys" : "key"): \(value))"
        case .bytes, .int, .double, .text, .any:
            return isList ? "command.append(contentsOf: \(value))" : "command.append(\(value))"
        case .seconds: return "command.append(seconds: \(value))"
        case .milliseconds: return "command.append(milliseconds: \(value))"
        case .pairs: return "command.append(pairs: \(value))"
        case .keyPairs: return "command.append(keyPairs: \(value))"
        case .scores: return "command.append(scores: \(value))"
        case .choice(let yes, let no): return "command.append(\(value) ? \"\(yes)\" : \"\(no)\")"
        case .swift(let type):
            return isList ? "\(type).append(\(value), to: &command)" : "\(value).append(to: &command)"
        }
    }
}
