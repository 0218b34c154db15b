/// The right to use one of a bounded number of threads or processes. A slot goes from each call to the one that has
/// waited longest, and only so many may wait.
package final class SlotQueue {
    /// How many slots there are.
    package nonisolated let limit: Int
    /// How many calls may wait for one.
    package nonisolated let queueLimit: Int
    /// How many are taken.
    package private(set) var busy = 0
    /// How many calls were refused because too many waited.
    package private(set) var rejected = 0

    private nonisolated let owner: String
    private let waiting = WaitQueue<Void, Void>()
    /// Whether `close` was called.
    package private(set) var isClosed = false

    /// - Parameter owner: the pool's name for errors.
    package init(limit: Int, queueLimit: Int, owner: String) {
        require(
            limit >= 1, "pool \"\(owner)\" cannot work with \(limit) threads or processes: give it at least one")
        require(queueLimit >= 0, "the queue limit of pool \"\(owner)\" cannot be negative: \(queueLimit)")
        self.limit = limit
        self.queueLimit = queueLimit
        self.owner = owner
    }

    /// How many calls wait.
    package var queued: Int { waiting.count }

    /// Takes a slot, when there is none after those who wait already.
    package func take() async throws {
        try Task.checkCancellation()
        guard !isClosed else { throw OffloadError(.closed, pool: owner, queueLimit: queueLimit) }
        guard busy == limit else {
            busy += 1
            return
        }
        guard waiting.count < queueLimit else {
            rejected += 1
            throw OffloadError(.queueFull, pool: owner, queueLimit: queueLimit)
        }
        try await waiting.wait(())
    }

    /// Gives a slot to the next one.
    package func giveBack() {
        if !waiting.answerFirst(()) { busy -= 1 }
    }

    /// Refuses whoever comes from now on; those who wait still get their slot.
    package func close() {
        isClosed = true
    }

    /// Whether it is closed and everyone is done.
    package var isFinished: Bool { isClosed && busy == 0 }
}
