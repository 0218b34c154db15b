import Glibc

/// Keeps a thread until the test lets it go on: a pipe that is read and written.
struct Gate: Sendable {
    private let ends: [Int32]

    init() {
        var ends: [Int32] = [0, 0]
        precondition(pipe(&ends) == 0, "no pipe")
        self.ends = ends
    }

    /// Blocks the calling thread until `open` was called once for it.
    nonisolated func pass() {
        var byte: UInt8 = 0
        while read(ends[0], &byte, 1) < 0 && errno == EINTR {}
    }

    /// Lets `count` threads pass, those that wait or the next ones.
    nonisolated func open(_ count: Int = 1) {
        let bytes = [UInt8](repeating: 0, count: count)
        write(ends[1], bytes, count)
    }

    func remove() {
        for end in ends { close(end) }
    }
}

/// Turns the loop until `condition` holds.
func eventually(within limit: Duration = .seconds(60), _ condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + limit
    while !condition() {
        guard ContinuousClock.now < deadline else { throw Late() }
        try await Task.sleep(for: .milliseconds(1))
    }
}

struct Late: Error {}
