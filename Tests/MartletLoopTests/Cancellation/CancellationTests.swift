import Testing

@Suite("Cancellation at every suspension point")
struct CancellationTests {
    // One after the other: each keeps the loop busy, and time stands still for all as long as one does.
    @Test("leaks nothing, loses nothing and hangs nobody", .serialized, arguments: CancellationScenario.all)
    func cancelledAnywhere(scenario: CancellationScenario) async throws {
        try await cancelledAtEverySuspension(of: scenario)
    }
}

nonisolated extension CancellationScenario {
    /// The whole table.
    static var all: [CancellationScenario] {
        synchronization + queues + channels + pacing + tasks + offloading
    }
}
