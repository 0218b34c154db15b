/// The course of a reload, as a state machine that says what to do next.
///
/// ```
/// canary ──ready──▶ others, one after the other ──all ready──▶ commit
///    └──failed──┬───────────┘ failed
///               ▼
///            abandon
/// ```
/// New workers start beside the old ones, which go on accepting until the commit: only when *all* new ones have proved
/// themselves are the old ones told to drain, all at once. So a reload that fails at its last worker has taken nothing
/// away from the old generation. The price is that both generations are in memory for that long.
nonisolated struct ReloadTransaction: Hashable, Sendable {
    enum Action: Hashable, Sendable {
        /// Start a new worker in this slot.
        case start(slot: Int)
        /// Drain the old workers; the new configuration is in effect.
        case commit
        /// Take the new workers away; the old configuration goes on.
        case abandon(reason: String)
    }

    /// The generation that the new workers belong to.
    let generation: Int
    /// How many workers there will be.
    let workers: Int
    /// The slot whose new worker is being waited for.
    private(set) var slot = 0
    private var isOver = false

    /// - Parameter workers: at least 1.
    init(generation: Int, workers: Int) {
        self.generation = generation
        self.workers = workers
    }

    /// What to do first: the canary, in slot 0.
    func begin() -> Action { .start(slot: 0) }

    /// A new worker is ready and healthy.
    mutating func workerReady(slot: Int) -> Action? {
        guard !isOver, slot == self.slot else { return nil }
        self.slot += 1
        if self.slot < workers { return .start(slot: self.slot) }
        isOver = true
        return .commit
    }

    /// A new worker did not become ready, or has ended since.
    mutating func workerFailed(slot: Int, reason: String) -> Action? {
        guard !isOver else { return nil }
        isOver = true
        return .abandon(reason: "the new worker of slot \(slot) failed: \(reason)")
    }

    /// Something else keeps it from going on, such as the end of the daemon.
    mutating func abort(reason: String) -> Action? {
        guard !isOver else { return nil }
        isOver = true
        return .abandon(reason: reason)
    }
}
