/// What a queue refused, or could not do: what was being done, with which queue, and why.
public nonisolated struct WorkQueueError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of error it is.
    public struct Code: Hashable, Sendable {
        private let name: String

        /// The URL, the name or a setting is none that can be used.
        public static let invalid = Code(name: "invalid")
        /// The job cannot be taken as it is: too large, no kind, options out of range.
        public static let invalidJob = Code(name: "invalidJob")
        /// There are as many jobs as there may be.
        public static let full = Code(name: "full")
        /// There is no such job.
        public static let notFound = Code(name: "notFound")
        /// The job is not in a state in which that can be done.
        public static let wrongState = Code(name: "wrongState")
        /// The back end cannot be reached, or refuses.
        public static let unavailable = Code(name: "unavailable")
        /// What the back end holds cannot be understood.
        public static let corrupt = Code(name: "corrupt")
        /// The queue is closed.
        public static let closed = Code(name: "closed")
    }

    /// What kind of error it is.
    public let code: Code
    /// The queue's name.
    public let queue: String
    /// What happened, and what to do.
    public let reason: String
    /// What it is because of, in words.
    public let cause: String?

    init(_ code: Code, queue: String, _ reason: String, cause: (any Error)? = nil) {
        self.code = code
        self.queue = queue
        self.reason = reason
        self.cause = cause.map { "\($0)" }
    }

    /// One line.
    public var description: String {
        "queue \"\(queue)\": \(reason)" + (cause.map { ": \($0)" } ?? "")
    }
}
