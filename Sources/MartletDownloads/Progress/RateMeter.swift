import MartletLoop

/// Bytes a second, over the last seconds: an average in which what is past counts less and less.
final class RateMeter {
    private var average = 0.0
    private var counted = 0
    private var since: EventLoop.Instant
    private var hasAverage = false

    /// What was is forgotten to a third in this time.
    private static let memory = 2.0
    /// Shorter times say nothing.
    private static let shortest = 0.2

    init() {
        since = EventLoop.main.time()
    }

    deinit {}

    func add(_ bytes: Int) {
        counted += bytes
        settle()
    }

    var rate: Double {
        settle()
        return average
    }

    private func settle() {
        let now = EventLoop.main.time()
        let seconds = since.duration(to: now).inSeconds
        guard seconds >= Self.shortest else { return }
        let current = Double(counted) / seconds
        // The weight of this stretch against all before.
        let weight = hasAverage ? min(1, seconds / Self.memory) : 1
        average += (current - average) * weight
        hasAverage = true
        counted = 0
        since = now
    }
}

nonisolated extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
