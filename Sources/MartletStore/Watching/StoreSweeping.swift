import MartletLoop

/// Tidies a store up again and again.
enum StoreSweeping {
    /// Begins with it.
    ///
    /// - Parameters:
    ///   - interval: how often, about.
    ///   - sweep: does it; what cannot be done now is done the next time. Returns whether the store is still there, which it
    ///     does not keep.
    /// - Returns: what goes on until it is cancelled.
    static func task(
        every interval: Duration, _ sweep: @escaping @MainActor () async throws -> Bool
    ) -> Task<Void, Never> {
        Task {
            while true {
                // Uneven, so that the workers do not all look at the same moment.
                try? await Task.sleep(for: interval * Double.random(in: 0.75...1.25))
                guard !Task.isCancelled, (try? await sweep()) ?? true else { return }
            }
        }
    }
}
