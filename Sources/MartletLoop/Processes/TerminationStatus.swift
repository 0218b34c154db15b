/// How a process ended (man 2 waitid).
public nonisolated enum TerminationStatus: Hashable, Sendable, CustomStringConvertible {
    /// It ended by itself, with this code; 0 means success.
    case exited(Int32)
    /// A signal ended it.
    case signaled(Int32, coreDumped: Bool)

    /// Whether it ended by itself, with code 0.
    public var isSuccess: Bool { self == .exited(0) }

    /// `exited with code 1`, `was killed by signal 9`
    public var description: String {
        switch self {
        case .exited(let code): "exited with code \(code)"
        case .signaled(let number, let coreDumped):
            "was killed by signal \(number)\(coreDumped ? " (core dumped)" : "")"
        }
    }
}
