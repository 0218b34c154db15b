import MartletLoop

/// Why a program that ran did not do what was asked of it. One that cannot be started is a `SystemError`.
public nonisolated struct SubprocessError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public struct Code: Hashable, Sendable {
        private let rawValue: Int

        /// It ended with a code other than 0, or by a signal.
        public static let failed = Code(rawValue: 0)
        /// It wrote more than the limit allows.
        public static let outputLimitExceeded = Code(rawValue: 1)
    }

    /// What went wrong.
    public let code: Code
    /// The program and its arguments.
    public let command: Subprocess.Command
    /// With `.failed`, how it ended.
    public let status: TerminationStatus?
    /// With `.failed`, what it wrote to standard error, as far as that was collected.
    public let errorText: String
    /// With `.outputLimitExceeded`, how many bytes were allowed.
    public let limit: Int

    init(
        _ code: Code, _ command: Subprocess.Command, status: TerminationStatus? = nil, errorText: String = "",
        limit: Int = 0
    ) {
        self.code = code
        self.command = command
        self.status = status
        self.errorText = errorText
        self.limit = limit
    }

    /// `"sort -k x" exited with code 2: sort: invalid number at field start …`
    public var description: String {
        if code == .outputLimitExceeded {
            return "\"\(command)\" wrote more than \(limit) bytes; raise the limit, "
                + "or read its output as a stream (withSubprocess)"
        }
        let words = errorText.drop { $0.isWhitespace }.prefix(1000)
        return "\"\(command)\" \(status.map { "\($0)" } ?? "failed")" + (words.isEmpty ? "" : ": \(words)")
    }
}
