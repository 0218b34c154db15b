/// Why a barrier lets nobody through.
public nonisolated struct BarrierError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was done to the barrier.
    public struct Code: Hashable, Sendable {
        private let rawValue: Int

        /// `Barrier.abort` was called.
        public static let aborted = Code(rawValue: 0)
        /// `Barrier.reset` was called while the task waited.
        public static let reset = Code(rawValue: 1)
    }

    /// What was done to the barrier.
    public let code: Code

    init(_ code: Code) {
        self.code = code
    }

    /// `the barrier was aborted: …`
    public var description: String {
        code == .reset
            ? "the barrier was reset while this task waited; wait again to be part of the next round"
            : "the barrier was aborted: nobody gets through until it is reset"
    }
}
