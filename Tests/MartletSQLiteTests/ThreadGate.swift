import Glibc
import MartletLoop
import Synchronization

/// Holds a thread that is not the loop's until the loop lets it go on.
final class ThreadGate: Sendable {
    private nonisolated let isOpen = Mutex(false)
    private let beginning = Promise<Void>()

    deinit {}

    /// From the thread: says that it is there.
    nonisolated func begun() { beginning.succeed(()) }

    /// From the thread: waits for `open()`.
    nonisolated func wait() {
        while !isOpen.withLock({ $0 }) { usleep(100) }
    }

    /// Waits on the loop until the thread is there.
    func hasBegun() async throws { try await beginning.future.value }

    func open() { isOpen.withLock { $0 = true } }
}
