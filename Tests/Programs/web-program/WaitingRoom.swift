import Martlet

/// Where handlers wait until a test releases them, and what has become of them.
final class WaitingRoom {
    struct State: Encodable {
        var waiting = 0
        var released = 0
        var cancelled = 0
    }

    private(set) var state = State()
    /// Set for those who wait now, and then made anew.
    private var event = Event()

    /// Returns when the next release comes.
    ///
    /// - Throws: `CancellationError` when the client is gone.
    func wait() async throws {
        state.waiting += 1
        defer { state.waiting -= 1 }
        do {
            try await event.wait()
            state.released += 1
        } catch {
            state.cancelled += 1
            throw error
        }
    }

    func release() {
        event.set()
        event = Event()
    }
}
