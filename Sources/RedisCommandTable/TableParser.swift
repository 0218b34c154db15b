/// Reads a file of the table, line by line.
///
/// A line that begins at the margin begins something: the group, a command or an omission. An indented line that begins
/// with a dot is a method of the command, and every other indented line documents what came before it.
package struct TableParser {
    private let file: String
    private var table = Table()
    private var subject = Subject.nothing
    private var names: Set<String> = []

    /// What the next indented line is about.
    private enum Subject {
        case nothing, command, method, omission
    }

    private init(file: String) { self.file = file }

    /// Reads the text of a file.
    package static func parse(_ text: String, file: String) throws(TableError) -> Table {
        var parser = TableParser(file: file)
        var number = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            do throws(LineError) {
                try parser.read(line, number)
            } catch {
                throw TableError(file: file, line: number, reason: error.reason)
            }
        }
        try parser.finish(at: number)
        return parser.table
    }

    private mutating func read(_ line: Substring, _ number: Int) throws(LineError) {
        let content = line.trimmed
        if content.isEmpty || content.hasPrefix("#") && !line.hasPrefix(" ") { return }
        guard line.hasPrefix("    ") else {
            guard !line.hasPrefix(" ") && !line.hasPrefix("\t") else {
                throw LineError(reason: "an indented line begins with four spaces")
            }
            return try begin(content, number)
        }
        if content.hasPrefix(".") {
            guard subject == .command || subject == .method else {
                throw LineError(reason: "this method belongs to no command")
            }
            return try addMethod(content, number)
        }
        try document(content)
    }

    private mutating func begin(_ content: String, _ number: Int) throws(LineError) {
        if content.hasPrefix("group ") {
            guard table.group.isEmpty else { throw LineError(reason: "a file has one group") }
            table.group = Substring(content.dropFirst("group ".count)).trimmed
            return
        }
        guard !table.group.isEmpty else { throw LineError(reason: "the first line is `group NAME`") }
        if content.hasPrefix("omit ") {
            let name = try commandName(Substring(content.dropFirst("omit ".count)).trimmed)
            table.omissions.append(Omission(name: name, line: number))
            subject = .omission
            return
        }
        let fields = content.split(separator: "|", omittingEmptySubsequences: false).map(\.trimmed)
        guard fields.count == 3 else { throw LineError(reason: "expected `NAME | version | flags`") }
        var flags: Set<Command.Flag> = []
        for word in fields[2].split(separator: " ") {
            guard let flag = Command.Flag(rawValue: String(word)) else {
                let all = Command.Flag.allCases.map(\.rawValue).joined(separator: ", ")
                throw LineError(reason: "unknown flag `\(word)`; there are \(all)")
            }
            flags.insert(flag)
        }
        guard !flags.isSuperset(of: [.read, .write]) else { throw LineError(reason: "it is either `read` or `write`") }
        guard MethodParser.isVersion(fields[1]) else {
            throw LineError(reason: "`\(fields[1])` is no version: expected one like 6.2.0")
        }
        table.commands.append(
            Command(name: try commandName(fields[0]), since: fields[1], flags: flags, line: number))
        subject = .command
    }

    private mutating func commandName(_ text: String) throws(LineError) -> String {
        let isName = text.allSatisfy { $0.isASCII && ($0.isUppercase || $0.isNumber || " -_".contains($0)) }
        guard isName, !text.isEmpty else {
            throw LineError(reason: "`\(text)` is no name of a command: those are upper case")
        }
        guard names.insert(text).inserted else { throw LineError(reason: "`\(text)` is in the table already") }
        return text
    }

    private mutating func addMethod(_ content: String, _ number: Int) throws(LineError) {
        let method = try MethodParser.parse(content.dropFirst(), line: number)
        table.commands[table.commands.count - 1].methods.append(method)
        subject = .method
    }

    private mutating func document(_ content: String) throws(LineError) {
        switch subject {
        case .nothing, .command:
            throw LineError(reason: "text that documents no method: a method begins with a dot")
        case .method:
            let command = table.commands.count - 1
            let method = table.commands[command].methods.count - 1
            table.commands[command].methods[method].documentation.append(line: content)
        case .omission:
            table.omissions[table.omissions.count - 1].reason.append(line: content)
        }
    }

    /// What can only be seen at the end.
    private func finish(at last: Int) throws(TableError) {
        guard !table.group.isEmpty else { throw TableError(file: file, line: last, reason: "no `group NAME`") }
        for command in table.commands {
            guard !command.methods.isEmpty else {
                throw TableError(file: file, line: command.line, reason: "\(command.name) has no method")
            }
            for method in command.methods where method.documentation.isEmpty {
                throw TableError(file: file, line: method.line, reason: "`\(method.name)` is not documented")
            }
        }
        for omission in table.omissions where omission.reason.isEmpty {
            throw TableError(file: file, line: omission.line, reason: "say why \(omission.name) is omitted")
        }
    }
}

extension Substring {
    /// Without spaces at both ends.
    var trimmed: String {
        var text = self
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text.drop { $0.isWhitespace })
    }
}

extension String {
    /// Adds a line.
    fileprivate mutating func append(line: String) { self += isEmpty ? line : "\n" + line }
}
