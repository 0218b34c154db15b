import Testing

@Suite("Cancellation at every suspension point")
struct CancellationTests {
    @Test("leaks nothing, loses nothing and hangs nobody", arguments: CancellationScenario.all)
    func cancelledAnywhere(scenario: CancellationScenario) async throws {
        try await cancelledAtEverySuspension(of: scenario)
    }
}

nonisolated extension CancellationScenario {
    /// The whole table.
    static var all: [CancellationScenario] {
        synchronization + queues + channels + pacing + offloading
    }
}
