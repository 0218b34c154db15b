import MartletLoop

/// Waits for `condition`, looking again every few milliseconds.
///
/// - Throws: a `Failure` that names `what` when `limit` has passed, or what `condition` throws.
func eventually(
    _ what: @autoclosure () -> String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
    let deadline = EventLoop.Instant.readClock() + limit
    while try await !condition() {
        if EventLoop.Instant.readClock() > deadline { throw Failure("not within \(limit): \(what())") }
        try await Task.sleep(for: .milliseconds(2))
    }
}
