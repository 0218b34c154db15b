import MartletLoop
import Testing

/// One after another, because debug mode is the process's.
@Suite("Debug mode", .serialized)
struct DebuggingTests {}

/// Switches debug mode on for the time of `body`, and sets everything back.
func withDebugMode(_ body: () async throws -> Void) async rethrows {
    let loop = EventLoop.main
    let patience = loop.patienceForLines
    let (wasOn, threshold, onSlowJob, onLostError, onTaskDump) =
        (loop.isDebugging, loop.slowJobThreshold, loop.onSlowJob, loop.onLostError, loop.onTaskDump)
    loop.isDebugging = true
    // The dumps are of all the other tests' tasks as well, which are not to be kept waiting.
    loop.patienceForLines = .milliseconds(20)
    loop.onSlowJob = { _ in }
    defer {
        loop.isDebugging = wasOn
        loop.patienceForLines = patience
        loop.slowJobThreshold = threshold
        loop.onSlowJob = onSlowJob
        loop.onLostError = onLostError
        loop.onTaskDump = onTaskDump
    }
    try await body()
}

/// Looks every millisecond whether the condition holds, for a minute at most. The loop has nothing to do in between,
/// so that the virtual clocks of other tests go on.
func reached(_ isReached: () -> Bool) async {
    let deadline = EventLoop.Instant.readClock() + .seconds(60)
    while !isReached(), EventLoop.Instant.readClock() < deadline { try? await Task.sleep(for: .milliseconds(1)) }
}
