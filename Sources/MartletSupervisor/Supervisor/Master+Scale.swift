import Glibc
import Logging
import MartletLoop

/// A change of the number of workers under way.
struct RunningScale {
    let workers: Int
    let before: Int
    let startedAt: EventLoop.Instant
    let done: (ScaleVerdict) -> Void
}

/// What came of a change of the number of workers.
public nonisolated struct ScaleVerdict: Hashable, Sendable {
    /// Whether there are as many as were asked for. If not, there are as many as before.
    public let ok: Bool
    /// How many there are to be now.
    public let workers: Int
    /// How long it took.
    public let duration: Duration
    /// Why it was refused or failed.
    public let message: String?
}

extension Master {
    /// Changes the number of workers until the next reload, or changes nothing.
    func scale(to workers: Int) async -> ScaleVerdict {
        await withUnsafeContinuation { continuation in
            beginScale(to: workers) { continuation.resume(returning: $0) }
        }
    }

    func beginScale(to workers: Int, _ done: @escaping (ScaleVerdict) -> Void) {
        let startedAt = EventLoop.Instant.readClock()
        func refuse(_ reason: String) {
            done(ScaleVerdict(ok: false, workers: wanted, duration: .zero, message: reason))
        }
        guard (1...SupervisorPlan.mostWorkers).contains(workers) else {
            refuse("there can be 1 to \(SupervisorPlan.mostWorkers) workers, not \(workers)")
            return
        }
        if let obstacle {
            refuse(obstacle)
            return
        }
        do throws(SystemError) {
            try sockets.grow(to: workers)
        } catch {
            extendSlots()
            note(.error, "the number of workers stays at \(wanted): \(error)")
            refuse("\(error)")
            return
        }
        scaling = RunningScale(workers: workers, before: wanted, startedAt: startedAt, done: done)
        want(workers)
    }

    private func want(_ workers: Int) {
        wanted = workers
        extendSlots()
        for slot in slots.dropFirst(workers) {
            for worker in slot.workers { worker.isRetiring = true }
        }
        bell.ring()
    }

    /// A worker that was to be added failed: there are as many as before.
    func scaleFailed(slot: Int, reason: String) {
        guard let failed = scaling, slot >= failed.before else { return }
        scaling = nil
        want(failed.before)
        let message = "the new worker of slot \(slot) failed: \(reason)"
        note(.error, "the number of workers stays at \(wanted): \(message)")
        failed.done(ScaleVerdict(ok: false, workers: wanted, duration: now - failed.startedAt, message: message))
    }

    func abandonScale(reason: String) {
        guard let running = scaling else { return }
        scaling = nil
        running.done(ScaleVerdict(ok: false, workers: wanted, duration: now - running.startedAt, message: reason))
    }

    /// Tells those who wait what has been reached.
    func settle() {
        closeLeftSockets()
        settleScale()
        settleDepartures()
    }

    private func settleScale() {
        guard let running = scaling else { return }
        let isServed = slots.prefix(wanted).allSatisfy { $0.current?.state.isReady == true }
        let isRetired = !workers.contains { $0.isRetiring && !$0.state.isLeaving && !$0.isStalled }
        guard isServed, isRetired else { return }
        scaling = nil
        logger.notice("there are \(wanted) workers now", metadata: ["before": "\(running.before)"])
        running.done(ScaleVerdict(ok: true, workers: wanted, duration: now - running.startedAt, message: nil))
    }

    private func settleDepartures() {
        guard !departures.isEmpty else { return }
        let living = Set(workers.map(\.id))
        let over = departures.filter { $0.workers.isDisjoint(with: living) }
        departures.removeAll { $0.workers.isDisjoint(with: living) }
        for departure in over { departure.done() }
    }
}
