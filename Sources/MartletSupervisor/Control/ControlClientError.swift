import Glibc
import MartletLoop

/// Why a control client got no answer.
public nonisolated struct ControlClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong. More may be added: always have a `default`.
    public nonisolated struct Code: Hashable, Sendable {
        private let name: String

        /// Words that are no command.
        public static let usage = Code(name: "usage")
        /// Nobody answers at the socket.
        public static let unreachable = Code(name: "unreachable")
        /// The connection broke, or the answer did not come in time.
        public static let failed = Code(name: "failed")
    }

    /// What went wrong.
    public let code: Code
    /// What was being done, what happened and what to do.
    public let description: String

    static func usage(_ message: String) -> Self { .init(code: .usage, description: message) }
    static func failed(_ message: String) -> Self { .init(code: .failed, description: message) }

    static func unreachable(_ path: String, code: Int32) -> Self {
        let advice =
            switch code {
            case ENOENT, ENOTDIR:
                "is martletd running? name its socket with --socket or MARTLET_CONTROL"
            case ECONNREFUSED:
                "nobody serves this socket any more; is martletd running?"
            case EACCES, EPERM:
                "only members of the file's group may use it; try as root, or see control_mode in the configuration"
            default:
                "name the daemon's socket with --socket or MARTLET_CONTROL"
            }
        return .init(
            code: .unreachable,
            description: "cannot reach the daemon at \(path): \(SystemError.message(code)); \(advice)")
    }
}
