extension AsyncQueue: AsyncSequence {
    /// Gets element after element; ends when the queue was shut down and nothing is left in it. Tasks that read side by
    /// side share the elements among them.
    ///
    /// What was got counts as unfinished until `taskDone` is called, here as well.
    @inlinable
    public nonisolated func makeAsyncIterator() -> Iterator {
        Iterator(queue: self)
    }

    /// Reads a queue until its end.
    public nonisolated struct Iterator: AsyncIteratorProtocol {
        @usableFromInline let queue: AsyncQueue

        @usableFromInline
        init(queue: AsyncQueue) {
            self.queue = queue
        }

        /// The next element, once there is one; `nil` at the end.
        ///
        /// - Throws: `CancellationError` when the task is cancelled and would have to wait.
        @inlinable
        public nonisolated(nonsending) mutating func next() async throws(CancellationError) -> Element? {
            if let element = ifOnLoop(queue, { $0.removesAtOnce() }) ?? nil { return element }
            return try await queue.nextInTurn()
        }

        /// The next element, once there is one, wherever the caller is isolated; `nil` at the end.
        ///
        /// - Throws: `CancellationError` when the task is cancelled and would have to wait.
        @inlinable
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(CancellationError) -> Element? {
            if let element = ifOnLoop(queue, { $0.removesAtOnce() }) ?? nil { return element }
            return try await queue.nextInTurn()
        }
    }
}
