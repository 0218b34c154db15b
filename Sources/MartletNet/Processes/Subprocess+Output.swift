import Glibc
import MartletLoop

extension Subprocess {
    /// What came of a program, or of several in a pipeline, that ran to the end.
    public nonisolated struct Output: Hashable, Sendable {
        private let commands: [Command]
        /// How each program of the pipeline ended, in their order.
        public let statuses: [TerminationStatus]
        /// What the program, or the last one of the pipeline, wrote to standard output, if that was a pipe.
        public let standardOutput: [UInt8]
        /// What the program, or all of the pipeline, wrote to standard error, if that was a pipe.
        public let standardError: [UInt8]

        init(_ results: [(Command, TerminationStatus)], standardOutput: [UInt8], standardError: [UInt8]) {
            commands = results.map(\.0)
            statuses = results.map(\.1)
            self.standardOutput = standardOutput
            self.standardError = standardError
        }

        /// How the program, or the last one of the pipeline, ended.
        public var status: TerminationStatus { statuses.last ?? .exited(0) }

        /// Standard output as text, invalid UTF-8 repaired.
        public var text: String { String(decoding: standardOutput, as: UTF8.self) }

        /// Standard error as text, invalid UTF-8 repaired.
        public var errorText: String { String(decoding: standardError, as: UTF8.self) }

        /// Insists on success.
        ///
        /// In a pipeline every program must have succeeded; one before the last may have ended because the next one
        /// wanted no more (SIGPIPE).
        ///
        /// ```swift
        /// let head = try await Subprocess.run(["git", "rev-parse", "HEAD"]).check().text
        /// ```
        ///
        /// - Returns: itself.
        /// - Throws: `SubprocessError` with the first program that failed, how, and what was written to standard error.
        @discardableResult
        public func check() throws(SubprocessError) -> Output {
            for (index, status) in statuses.enumerated() where !status.isSuccess {
                let wasCutOff = status == .signaled(SIGPIPE, coreDumped: false) && index < statuses.count - 1
                guard wasCutOff else {
                    throw SubprocessError(.failed, commands[index], status: status, errorText: errorText)
                }
            }
            return self
        }
    }
}
