import CMartlet

/// A task that is suspended until it is resumed or cancelled, once.
package class Suspension {
    private var continuation: UnsafeContinuation<Bool, Never>?
    private var isCancelled = false

    init() {}

    /// Suspends the calling task, which must be the only one that does so here.
    ///
    /// - Returns: whether it was resumed; otherwise it was cancelled.
    @inline(never)
    final func suspend() async -> Bool {
        // No values of generic type here: they would be allocated on the task between the record's two ends.
        let record = martlet_add_cancellation_handler(Unmanaged.passUnretained(self).toOpaque())
        let wasResumed = await withUnsafeContinuation { begin($0) }
        martlet_remove_cancellation_handler(record)
        return wasResumed
    }

    /// Suspends the calling task until it is resumed, also when it is cancelled meanwhile.
    final func suspendUncancellably() async {
        _ = await withUnsafeContinuation { begin($0) }
    }

    /// Whether it can still be resumed.
    final var isSuspended: Bool { continuation != nil }

    private func begin(_ continuation: UnsafeContinuation<Bool, Never>) {
        if isCancelled {
            continuation.resume(returning: false)
        } else {
            self.continuation = continuation
            LoopDebugger.current?.currentTaskSuspends()
            suspended()
        }
    }

    /// Lets the task go on.
    final func resume() {
        continuation?.resume(returning: true)
        continuation = nil
    }

    /// Called when the task has been suspended.
    func suspended() {}

    /// Called when it was cancelled while it was suspended, before it goes on.
    func cancelled() {}

    fileprivate final func cancel() {
        isCancelled = true
        guard let continuation else { return }
        self.continuation = nil
        cancelled()
        continuation.resume(returning: false)
    }

    deinit {}
}

/// Called by the runtime when a task that is in `Suspension.suspend` is cancelled, from any thread.
@_cdecl("martlet_wait_cancelled")
nonisolated func waitCancelled(_ pointer: UnsafeMutableRawPointer) {
    // The task holds the suspension until it has removed its handler, which waits for a call that is under way.
    let suspension = Unmanaged<Suspension>.fromOpaque(pointer).takeUnretainedValue()
    onLoop { suspension.cancel() }
}
