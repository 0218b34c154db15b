/// Writes calls of all methods with made-up arguments, for the tests: with no option, and with all of them.
package struct SampleWriter {
    private var text = ""

    /// The Swift of the samples of a table that was read from `file`.
    package static func swift(of table: Table, file: String) -> String {
        var writer = SampleWriter()
        let name = table.group.words(of: \.isIdentifierPart).map(\.capitalized).joined()
        writer.text = """
            // Made from \(file). Change that.

            @testable import MartletRedis
            import MartletRESP

            extension CommandGroup {
                /// The commands of the group \(table.group).
                static func the\(name)Group() -> CommandGroup {
                    var group = CommandGroup(name: "\(table.group)")

            """
        for command in table.commands {
            writer.write(command)
        }
        for omission in table.omissions {
            let reason = omission.reason.split(separator: "\n").joined(separator: " ")
            writer.text += "        group.omit(\"\(omission.name)\", because: \(quoted(reason)))\n"
        }
        writer.text += "        return group\n    }\n}\n"
        return writer.text
    }

    private mutating func write(_ command: Command) {
        let flags = command.flags.map { "\"\($0.rawValue)\"" }.sorted().joined(separator: ", ")
        text += "        group.add(\"\(command.name)\", since: \"\(command.since)\", flags: [\(flags)])\n"
        for method in command.methods {
            var calls = [call(method, withOptions: false)]
            let full = call(method, withOptions: true)
            if full != calls[0] { calls.append(full) }
            var facts = method.wire.map { ", kinds: (\"\($0.resp2)\", \"\($0.resp3)\")" } ?? ""
            if let since = method.since { facts += ", since: \"\(since)\"" }
            for call in calls {
                text += "        group.sample(\(Self.quoted(method.name)), \(call)\(facts))\n"
            }
        }
    }

    private func call(_ method: Method, withOptions: Bool) -> String {
        let result = method.resultType(values: method.defaultValue)
        var arguments: [String] = []
        for argument in method.arguments {
            switch argument {
            case .word, .count: continue
            case .flag(let name, _, let whenFalse, _):
                if withOptions { arguments.append("\(name): \(!whenFalse)") }
            case .required(let parameter): arguments.append(parameter.labelled(parameter.sample))
            case .option(let option) where !withOptions: _ = option
            case .option(let option) where option.parameters.count > 1:
                let values = option.parameters.map { "\($0.name): \($0.sample)" }
                arguments.append("\(option.tupleName): (\(values.joined(separator: ", ")))")
            case .option(let option):
                arguments.append(option.parameters[0].labelled(option.parameters[0].sample))
            }
        }
        return "RedisOperation<\(result)>.\(method.name)(\(arguments.joined(separator: ", ")))"
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"") + "\""
    }
}

extension Parameter {
    fileprivate func labelled(_ value: String) -> String { isLabelled ? "\(name): \(value)" : value }

    /// A value, in Swift.
    fileprivate var sample: String {
        if isList, ![.pairs, .keyPairs, .scores].contains(kind) { return "[\(element(1)), \(element(2))]" }
        return element(1)
    }

    private func element(_ number: Int) -> String {
        switch kind {
        case .key: "\"{k}:\(name)\(number)\""
        case .bytes, .text: "\"\(name)\(number)\""
        case .int: "\(number)"
        case .double: "\(number).5"
        case .any: number == 1 ? "\"\(name)\"" : "\(number)"
        case .seconds: ".seconds(\(number))"
        case .milliseconds: ".milliseconds(\(number))"
        case .choice: "true"
        case .pairs: "[\"\(name)1\": \"value\", \"\(name)2\": 2]"
        case .keyPairs: "[\"{k}:\(name)1\": \"value\", \"{k}:\(name)2\": 2]"
        case .scores: "[\"\(name)1\": 1.5, \"\(name)2\": 2]"
        case .swift(let type): "\(type).sample"
        }
    }
}
