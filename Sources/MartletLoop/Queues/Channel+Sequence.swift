extension Channel: AsyncSequence {
    /// Receives element after element; ends when the channel is closed and nothing is left in it. Tasks that read side
    /// by side share the elements among them.
    public nonisolated func makeAsyncIterator() -> Iterator {
        Iterator(channel: self)
    }

    /// Reads a channel until its end.
    public nonisolated struct Iterator: AsyncIteratorProtocol {
        let channel: Channel

        /// The next element, once there is one; `nil` at the end.
        ///
        /// - Throws: `CancellationError` when the task is cancelled and has to wait.
        public mutating func next() async throws(CancellationError) -> Element? {
            try await channel.receive()
        }

        /// The next element, once there is one, wherever the caller is isolated; `nil` at the end.
        ///
        /// - Throws: `CancellationError` when the task is cancelled and has to wait.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(CancellationError) -> Element? {
            try await channel.receive()
        }
    }
}
