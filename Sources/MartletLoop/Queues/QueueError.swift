/// Why a queue takes or gives nothing any more.
public nonisolated struct QueueError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What became of the queue.
    public struct Code: Hashable, Sendable {
        private let rawValue: Int

        /// `AsyncQueue.shutDown` was called.
        public static let shutDown = Code(rawValue: 0)
    }

    /// What became of the queue.
    public let code: Code

    @usableFromInline
    init(_ code: Code) {
        self.code = code
    }

    /// `the queue was shut down: …`
    public var description: String {
        "the queue was shut down: it takes nothing any more, and what it held has been given out or dropped"
    }
}
