import CMartlet

extension UnsafeContinuation where E == Never {
    /// Resumes a task that waits within code of the main actor. To be called on the loop.
    ///
    /// The runtime has any task that waited go on as nobody's, and from there to the main actor by a second way through the queue.
    /// Who knows that it is the main actor's can spare it that: its job is run as the main actor's at once. One that is another's
    /// after all goes where it belongs by a second way.
    @inlinable
    @inline(__always)
    package nonisolated func resumeOnMain(returning value: sending T) {
        martlet_set_resumes_main(true)
        resume(returning: value)
        martlet_set_resumes_main(false)
    }

    /// Whether the task that waits, and has not been resumed, was cancelled. To be called on the loop.
    package nonisolated var isCancelled: Bool {
        // It is one word, the address of the task (swift/ABI/Task.h, "continuation"), which lives as long as it waits.
        martlet_waiter_is_cancelled(unsafeBitCast(self, to: UnsafeMutableRawPointer.self))
    }
}
