import Glibc
import MartletLoop
import MartletSupervisor

/// Gets a configuration from where people write it: options of the command line go before the environment, that before
/// the file, that before the defaults.
public nonisolated enum ConfigurationFile {
    /// A larger file was hardly written by hand.
    public static let largest = 1 << 20

    /// Reads and validates a file. Nothing is bound, written or changed.
    ///
    /// - Parameters:
    ///   - path: the file; without one there are only the defaults and what is said outside of a file.
    ///   - environment: the variables, of which those that begin with `MARTLET_` count: `MARTLET_WORKERS`,
    ///     `MARTLET_LOG_LEVEL` for `level` in `[log]`, `MARTLET_LISTEN` for addresses separated by commas.
    ///   - overrides: what the options of the command line say.
    /// - Throws: a ``ConfigurationError`` with everything that is wrong.
    public static func load(
        path: String?, environment: [String: String], overrides: [ConfigurationOverride] = []
    ) throws(ConfigurationError) -> Configuration {
        try parse(
            path.map { path throws(ConfigurationError) in try contents(of: path) } ?? [], name: path ?? "defaults",
            environment: environment, overrides: overrides)
    }

    /// Validates the text of a file, as ``load(path:environment:overrides:)`` does; messages call the file `name`.
    public static func parse(
        _ text: [UInt8], name: String, environment: [String: String] = [:], overrides: [ConfigurationOverride] = []
    ) throws(ConfigurationError) -> Configuration {
        let document = try document(text, name: name)
        var reader = ConfigurationReader(file: name)
        reader.read(document)
        let variables = ConfigurationOverride.read(
            environment: environment, keys: Configuration.overridableKeys)
        // A later one goes before an earlier one.
        for override in variables.overrides + overrides { reader.apply(override) }
        reader.finishOverrides()
        let problems = sorted(reader.problems) + variables.problems
        guard problems.isEmpty else { throw ConfigurationError(problems) }
        return resolved(
            reader, document: document, overrides: variables.overrides + overrides, environment: environment)
    }

    /// Puts the default path of the control socket where nobody named one.
    private static func resolved(
        _ reader: ConfigurationReader, document: TOMLTable, overrides: [ConfigurationOverride],
        environment: [String: String]
    ) -> Configuration {
        var configuration = reader.configuration
        if document["control"] == nil, !overrides.contains(where: { $0.key == "control" }) {
            configuration.control = ControlSocketPath.default(environment: environment)
        }
        return configuration
    }

    /// In the order of the file; what is about no line stays behind, as it came.
    private static func sorted(_ problems: [ConfigurationProblem]) -> [ConfigurationProblem] {
        func line(_ problem: ConfigurationProblem) -> Int {
            if case .file(_, let line, _) = problem.origin { line ?? 0 } else { .max }
        }
        return problems.enumerated().sorted { (line($0.element), $0.offset) < (line($1.element), $1.offset) }.map(
            \.element)
    }

    private static func document(_ text: [UInt8], name: String) throws(ConfigurationError) -> TOMLTable {
        guard String(validating: text, as: UTF8.self) != nil else {
            let line = lineOfInvalidText(text)
            throw error(.file(name, line: line), "the text is not valid UTF-8; save the file as UTF-8")
        }
        do throws(TOMLError) {
            return try TOMLParser.parse(text)
        } catch {
            let position = error.position
            throw self.error(.file(name, line: position.line, column: position.column), error.message)
        }
    }

    private static func lineOfInvalidText(_ text: [UInt8]) -> Int {
        // No byte of a scalar of several bytes is a line feed.
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
    }

    // MARK: Reading

    private static func contents(of path: String) throws(ConfigurationError) -> [UInt8] {
        // Without O_NONBLOCK opening a named pipe would wait for somebody who writes to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw unreadable(path, errno) }
        guard facts.st_mode & S_IFMT != S_IFDIR else { throw unreadable(path, EISDIR) }
        guard facts.st_mode & S_IFMT == S_IFREG else {
            throw error(.file(path), "cannot read it: it is not a regular file")
        }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, errno) }
            guard count > 0 else { return text }
            text += buffer[..<count]
            guard text.count <= largest else {
                throw error(.file(path), "cannot read it: it is larger than \(ByteCount(Int64(largest)))")
            }
        }
    }

    private static func unreadable(_ path: String, _ code: Int32) -> ConfigurationError {
        let advice =
            switch code {
            case ENOENT, ENOTDIR: "name the file with --config"
            case EACCES: "make it readable for this user: chmod a+r"
            case EISDIR: "name a file in it, such as \(path.hasSuffix("/") ? path : path + "/")martlet.toml"
            default: "check the disk"
            }
        return error(.file(path), "cannot read it: \(SystemError.message(code)); \(advice)")
    }

    private static func error(_ origin: ConfigurationProblem.Origin, _ message: String) -> ConfigurationError {
        ConfigurationError([ConfigurationProblem(origin: origin, message: message)])
    }
}
