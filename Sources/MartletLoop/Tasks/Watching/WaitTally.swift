/// Somebody who waits for several tasks or futures.
final class WaitTally {
    private let watches: [CompletionWatch]
    private let condition: WaitCondition
    private let waiting = WaitQueue<Void, Void>()
    private var pending = 0
    private var ended = 0
    private var failed = 0

    init(_ watches: [CompletionWatch], until condition: WaitCondition) {
        self.watches = watches
        self.condition = condition
    }

    /// Waits until the condition is met, but not longer than `timeout`.
    func wait(atMost timeout: Duration?) async throws(CancellationError) {
        for watch in watches {
            if let hasFailed = watch.hasFailed {
                ended += 1
                if hasFailed { failed += 1 }
            } else if watch.add(self) {
                pending += 1
            }
        }
        defer { for watch in watches { watch.remove(self) } }
        if Task.isCancelled { throw CancellationError() }
        guard !isMet else { return }
        let timer = LoopTimer { [unowned self] in waiting.answerFirst(()) }
        if let timeout { timer.arm(at: EventLoop.main.time() + timeout) }
        defer { timer.cancel() }
        try await waiting.wait(())
    }

    /// Those of `members`, which are in the order of the watches, that have ended, and the others.
    func split<Member>(_ members: [Member]) -> (done: [Member], pending: [Member]) {
        var done: [Member] = []
        var pending: [Member] = []
        for (member, watch) in zip(members, watches) {
            if watch.hasFailed == nil { pending.append(member) } else { done.append(member) }
        }
        return (done, pending)
    }

    /// A watch that it was added to has ended.
    func oneEnded(hasFailed: Bool) {
        pending -= 1
        ended += 1
        if hasFailed { failed += 1 }
        if isMet { waiting.answerFirst(()) }
    }

    private var isMet: Bool {
        condition.isMet(pending: pending, ended: ended, failed: failed)
    }
}
