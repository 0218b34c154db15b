import MartletLoop

/// Why work for another process has no result.
public nonisolated struct ProcessWorkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public struct Code: Hashable, Sendable {
        private let rawValue: Int

        /// The process ended before the work was done.
        public static let crashed = Code(rawValue: 0)
        /// The work took longer than it may; its process was killed.
        public static let timedOut = Code(rawValue: 1)
        /// The work threw an error whose type cannot travel.
        public static let failed = Code(rawValue: 2)
        /// What goes there or comes back is larger than the pool's limit.
        public static let tooLarge = Code(rawValue: 3)
        /// What goes there or comes back cannot be encoded or decoded, or has no name.
        public static let notCodable = Code(rawValue: 4)
        /// A process started and was not ready to work.
        public static let notReady = Code(rawValue: 5)
    }

    /// What went wrong.
    public let code: Code
    /// The type of the work.
    public let work: String
    /// How the process ended, if it has.
    public let status: TerminationStatus?
    /// The last lines that the process wrote to its standard error, when it crashed.
    public let standardError: String
    /// What happened, for `description`.
    private let message: String

    init(
        _ code: Code, work: String, _ message: String, status: TerminationStatus? = nil, standardError: String = ""
    ) {
        self.code = code
        self.work = work
        self.status = status
        self.standardError = standardError
        self.message = message
    }

    /// `CountPrimes in another process: it was killed by signal 4 before it was done; its last words: …`
    public var description: String {
        let text = "\(work) in another process: \(message)"
        return standardError.isEmpty ? text : "\(text); its last words: \(standardError)"
    }
}
