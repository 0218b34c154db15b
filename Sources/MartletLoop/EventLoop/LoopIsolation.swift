import CMartlet

/// Calls `body` at once as part of the loop when the caller is on its thread, else not at all.
///
/// For the fast ways of `nonisolated(nonsending)` functions: those do not hop, wherever they are called from, and a
/// look at a thread-local word lets them at the loop's state. Calling a `MainActor` function that does not suspend
/// costs two switches of executor (20 ns), `MainActor.assumeIsolated` 30 ns for its check.
///
/// - Parameters:
///   - argument: what `body` works on; a closure that captures nothing is called without an allocation.
///   - body: what to do.
/// - Returns: what `body` returned; `nil` on another thread.
@inlinable
@inline(__always)
package nonisolated func ifOnLoop<Argument, Result>(
    _ argument: Argument, _ body: @escaping @MainActor (Argument) -> Result
) -> Result? {
    guard martlet_on_loop_thread() else { return nil }
    // Isolation to an actor is no part of how a synchronous function is called, which `MainActor.assumeIsolated` stands
    // on as well. The isolation holds: `MainActor` runs its jobs on the loop's thread only, which is this one, and runs
    // none before `body` has returned.
    return unsafeBitCast(body, to: ((Argument) -> Result).self)(argument)
}

/// Calls `action` as part of the loop: at once when the caller is on its thread, else soon. For the cancellation
/// handlers of waits, which any thread may call.
@inline(__always)
package nonisolated func onLoop(_ action: @escaping @MainActor @Sendable () -> Void) {
    if ifOnLoop((), { action() }) == nil { EventLoop.callSoonThreadsafe(action) }
}
