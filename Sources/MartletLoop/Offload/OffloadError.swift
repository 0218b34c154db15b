/// Why a pool did not take a piece of work.
public nonisolated struct OffloadError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was in the way.
    public struct Code: Hashable, Sendable {
        private let rawValue: Int

        /// As many calls wait already as the pool lets wait.
        public static let queueFull = Code(rawValue: 0)
        /// The pool was closed.
        public static let closed = Code(rawValue: 1)
    }

    /// What was in the way.
    public let code: Code
    /// The pool's name.
    public let pool: String
    /// How many calls it lets wait.
    public let queueLimit: Int

    package init(_ code: Code, pool: String, queueLimit: Int) {
        self.code = code
        self.pool = pool
        self.queueLimit = queueLimit
    }

    /// `the queue of pool "resolver" is full: 64 calls wait already; …`
    public var description: String {
        code == .closed
            ? "the pool \"\(pool)\" is closed and takes no more work"
            : "the queue of pool \"\(pool)\" is full: \(queueLimit) calls wait already; offer it less at a time (a "
                + "semaphore-limited loop), or give the work a pool of its own with a higher queueLimit"
    }
}
