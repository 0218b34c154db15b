extension EventLoop {
    /// Waits until `instant`; not at all when it has passed. Unlike `Task.sleep`, leaves no timer behind when it is
    /// cancelled.
    static func sleep(until instant: Instant) async throws(CancellationError) {
        if Task.isCancelled { throw CancellationError() }
        guard instant > main.time() else { return }
        let sleeper = WaitQueue<Void, Void>()
        let timer = LoopTimer { sleeper.answerFirst(()) }
        timer.arm(at: instant)
        defer { timer.cancel() }
        try await sleeper.wait(())
    }
}
