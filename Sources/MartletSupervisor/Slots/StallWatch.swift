import MartletLoop

/// Watches whether a worker's loop turns: its count of ticks in the statistics memory has to move.
nonisolated struct StallWatch: Hashable, Sendable {
    private var ticks: UInt64
    private var movedAt: EventLoop.Instant

    init(ticks: UInt64, at instant: EventLoop.Instant) {
        self.ticks = ticks
        movedAt = instant
    }

    /// Takes a look; returns for how long the loop has stood still.
    mutating func look(ticks: UInt64, at instant: EventLoop.Instant) -> Duration {
        if ticks != self.ticks {
            self.ticks = ticks
            movedAt = instant
        }
        return instant - movedAt
    }

    /// Begins anew: the watcher was itself held up, as by a suspended machine, and knows nothing of the time before.
    mutating func restart(at instant: EventLoop.Instant) {
        movedAt = instant
    }
}
