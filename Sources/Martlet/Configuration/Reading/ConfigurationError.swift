/// Everything that is wrong with a configuration: each problem on a line of its own.
public nonisolated struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, in the order of the file; at least one, at most ``mostProblems``.
    public let problems: [ConfigurationProblem]
    /// Further problems that are not listed.
    public let omitted: Int

    /// More would not be read by anybody.
    public static let mostProblems = 20

    init(_ problems: [ConfigurationProblem]) {
        self.problems = Array(problems.prefix(Self.mostProblems))
        omitted = problems.count - self.problems.count
    }

    /// One problem for each line.
    public var description: String {
        let lines = problems.map(\.description) + (omitted > 0 ? ["and \(omitted) more"] : [])
        return lines.joined(separator: "\n")
    }
}

/// One thing that is wrong with a configuration, and where.
public nonisolated struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
    /// Where something was said.
    public nonisolated enum Origin: Codable, Hashable, Sendable {
        /// In a file; the line and the column count from 1, without them it is about the file as a whole.
        case file(String, line: Int? = nil, column: Int? = nil)
        /// In an environment variable.
        case environment(String)
        /// In an option of the command line, such as `--workers`.
        case flag(String)
    }

    /// Where it is wrong.
    public let origin: Origin
    /// What is wrong and what to do.
    public let message: String

    /// `etc/martlet.toml:12: unknown key "adress" in [[listen]]; did you mean "address"?`
    public var description: String {
        switch origin {
        case .file(let name, nil, _): "\(name): \(message)"
        case .file(let name, let line?, nil): "\(name):\(line): \(message)"
        case .file(let name, let line?, let column?): "\(name):\(line):\(column): \(message)"
        case .environment(let name): "\(name): \(message)"
        case .flag(let name): "\(name): \(message)"
        }
    }
}
