/// Tasks that wait to be woken, and get nothing handed over: a `WaitQueue` for other modules.
///
/// Those cannot specialise a generic function of this one, and the frame of one that is not specialised takes some 1 KiB of
/// every task that waits.
package final class WakeQueue {
    private let queue = WaitQueue<Void, Void>()

    package init() {}

    deinit {}

    /// Whether nobody waits.
    package var isEmpty: Bool { queue.isEmpty }

    /// How many wait.
    package var count: Int { queue.count }

    /// Suspends the calling task until it is woken.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    package func wait() async throws(CancellationError) {
        let waiter = Waiter(request: (), queue: queue)
        if await !waiter.suspend() { throw CancellationError() }
    }

    /// Wakes the one that has waited longest, if there is any.
    package func wakeFirst() {
        queue.answerFirst(())
    }

    /// Wakes everyone who waits now.
    package func wakeAll() {
        queue.answerAll(())
    }
}
