/// Text commands: which command a line means.
enum ControlText {
    /// The command that a line means, and what it was given.
    ///
    /// - Throws: what is wrong with the line.
    static func parse<Subject>(
        _ line: String, in table: [ControlCommand<Subject>]
    ) throws(ControlRefusal) -> (command: ControlCommand<Subject>, request: ControlRequest) {
        let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let command = table.first(where: { words.starts(with: $0.words) }) else {
            throw unknown(words, in: table)
        }
        var rest = words.dropFirst(command.words.count)
        var request = ControlRequest(patience: command.usualPatience)
        if command.parameter != nil {
            guard let argument = rest.popFirst() else { throw misuse(of: command) }
            request.argument = argument
        }
        if let word = rest.popFirst() {
            guard let patience = command.waits.first(where: { $0.word == word }) else { throw misuse(of: command) }
            request.patience = patience
        }
        guard rest.isEmpty else { throw misuse(of: command) }
        return (command, request)
    }

    private static func misuse<Subject>(of command: ControlCommand<Subject>) -> ControlRefusal {
        ControlRefusal(.misuse, "usage: \(command.usage)")
    }

    private static func unknown<Subject>(_ words: [String], in table: [ControlCommand<Subject>]) -> ControlRefusal {
        let typed = String(words.joined(separator: " ").prefix(64))
        let known = table.map { $0.words.joined(separator: " ") }
        let advice = Spelling.nearest(to: typed, among: known).map { "did you mean \"\($0)\"?" }
        return ControlRefusal(
            .unknown, "unknown command \"\(typed)\"; \(advice ?? "\"help\" lists all commands")")
    }

    /// What is sent for an answer: its lines and an empty one.
    static func rendering(_ answer: any ControlAnswer) -> String {
        "\(answer.text)\n\n"
    }

    /// What is sent for a refusal: lines of which the first starts with `error: `, and an empty one.
    static func rendering(_ refusal: ControlRefusal) -> String {
        let lines = refusal.message.split(separator: "\n")
        return "error: \(lines.joined(separator: "\n       "))\n\n"
    }
}
