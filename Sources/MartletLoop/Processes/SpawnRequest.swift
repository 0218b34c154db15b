import Glibc

/// What to start, and what to give it.
public nonisolated struct SpawnRequest: Sendable {
    /// The program's file.
    public enum Executable: Sendable {
        /// A path; relative ones are looked up from the working directory, there is no search in PATH.
        case path(String)
        /// An open descriptor (man 2 execveat): the file that it was, even if the path holds another one by now.
        case descriptor(Int32)
    }

    /// The program's file.
    public var executable: Executable
    /// All arguments, the program's name first.
    public var arguments: [String]
    /// `NAME=VALUE`; `nil` passes on this process's own.
    public var environment: [String]?
    /// Descriptors that become 3, 4, 5, … there. Everything else that is close-on-exec stays here.
    public var descriptors: [Int32] = []
    /// Becomes descriptor 0; `nil` shares this process's own.
    public var standardInput: Int32?
    /// Becomes descriptor 1; `nil` shares this process's own.
    public var standardOutput: Int32?
    /// Becomes descriptor 2; `nil` shares this process's own.
    public var standardError: Int32?
    /// Where it starts; `nil` means where this process is.
    public var workingDirectory: String?
    /// A signal that it gets when the thread that started it ends (PR_SET_PDEATHSIG, man 2 prctl).
    public var parentDeathSignal: Int32?
    /// Who it runs as; `nil` means who this process is. Anybody else takes root, or CAP_SETUID and CAP_SETGID.
    public var credentials: ProcessCredentials?
    /// Whether it leads a session of its own, out of reach of the terminal's signals (man 2 setsid).
    public var startsSession = false
    /// Whether it leads a process group of its own (man 2 setpgid): signals go to the whole group, that is, to its
    /// children as well, and what is left of the group when it ends is killed. It is in the background of a terminal
    /// then: Ctrl-C does not reach it, and reading from the terminal stops it.
    public var startsGroup = false

    /// A request with only the program, its arguments and its environment set.
    public init(_ executable: Executable, arguments: [String], environment: [String]? = nil) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }

    /// How messages name it.
    var program: String {
        switch executable {
        case .path(let path): path
        case .descriptor: arguments.first ?? "the program"
        }
    }

    /// A zero byte would end a string there, and the program would see another one than was asked for.
    func check() throws(SystemError) {
        guard !arguments.isEmpty else {
            throw SystemError("start", target: program, code: EINVAL, advice: "give it a name as the first argument")
        }
        var strings = arguments + (environment ?? [])
        if case .path(let path) = executable { strings.append(path) }
        if let workingDirectory { strings.append(workingDirectory) }
        guard strings.allSatisfy({ !$0.utf8.contains(0) }) else {
            throw SystemError(
                "start", target: arguments[0], code: EINVAL,
                advice: "an argument, a path or the environment contains a zero byte")
        }
    }
}
