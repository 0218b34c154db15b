import Glibc
import MartletLoop

extension Subprocess {
    /// A program to start, its arguments and its surroundings. An array of strings is one: `["ls", "-l"]`.
    public nonisolated struct Command: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
        /// The program and its arguments.
        ///
        /// A program without a slash is looked up in the directories of PATH, as the program will see that variable;
        /// entries that are no absolute paths are passed over. One with a slash is a path, and a relative one starts at
        /// the working directory.
        public var arguments: [String]
        /// Its environment.
        public var environment: Environment
        /// Where it starts; `nil` means where this process is.
        public var workingDirectory: String?
        /// Whether its own children are ended together with it: signals go to all of them, and what is left of them
        /// when it ends is killed. See `SpawnRequest.startsGroup`.
        public var startsGroup: Bool

        /// A command with all of its parts.
        public init(
            _ arguments: [String], environment: Environment = .inherited, workingDirectory: String? = nil,
            startsGroup: Bool = false
        ) {
            self.arguments = arguments
            self.environment = environment
            self.workingDirectory = workingDirectory
            self.startsGroup = startsGroup
        }

        /// The program and its arguments, everything else as this process has it.
        public init(arrayLiteral elements: String...) {
            self.init(elements)
        }

        /// A line for the shell, /bin/sh.
        ///
        /// ```swift
        /// try await Subprocess.run(.shell("sort | uniq -c | head -n \"$1\"", arguments: ["10"]), input: words)
        /// ```
        ///
        /// - Parameters:
        ///   - script: what the shell is to do. Do not build it from strings that come from elsewhere.
        ///   - arguments: what `"$1"`, `"$2"` and so on stand for in the script: the safe way to hand something over.
        ///   - environment: its environment.
        ///   - workingDirectory: where it starts; `nil` means where this process is.
        ///   - startsGroup: whether what the shell starts ends with it.
        public static func shell(
            _ script: String, arguments: [String] = [], environment: Environment = .inherited,
            workingDirectory: String? = nil, startsGroup: Bool = false
        ) -> Command {
            Command(
                ["/bin/sh", "-c", script, "sh"] + arguments, environment: environment,
                workingDirectory: workingDirectory, startsGroup: startsGroup)
        }

        /// `ls -l /usr`
        public var description: String { arguments.joined(separator: " ") }

        func spawnRequest() throws(SystemError) -> SpawnRequest {
            guard let name = arguments.first, !name.isEmpty else {
                throw SystemError(
                    "start a program", code: EINVAL, advice: "name it in the first element of the command")
            }
            let variables = try environment.variables(of: name)
            let path = name.utf8.contains(UInt8(ascii: "/")) ? name : try ProgramSearch(environment).path(of: name)
            var request = SpawnRequest(.path(path), arguments: arguments, environment: variables)
            request.workingDirectory = workingDirectory
            request.startsGroup = startsGroup
            return request
        }
    }
}
