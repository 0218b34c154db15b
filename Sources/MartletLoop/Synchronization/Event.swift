/// Something that has happened or not: tasks wait until it has.
///
/// ```swift
/// let isReady = Event()
/// Task { try await isReady.wait(); print("ready") }
/// isReady.set()
/// ```
///
/// For something that happens once and has a result, use a `Future`.
public final class Event {
    /// Whether it has happened.
    public private(set) var isSet = false
    private let waiters = WaitQueue<Void, Void>()

    /// An event that has not happened yet.
    public init() {}

    /// How many tasks wait for it.
    public var waiterCount: Int { waiters.count }

    /// It has happened: all that wait go on, in the order in which they came, and those who ask from now on do not
    /// wait.
    public func set() {
        isSet = true
        waiters.answerAll(())
    }

    /// It has not happened: those who ask from now on wait for the next time. Those whom `set` has let go on do so.
    public func clear() {
        isSet = false
    }

    /// Waits until it happens; returns at once, without suspending, when it has.
    ///
    /// An event that is cleared right after it was set is not missed by those who waited.
    ///
    /// - Throws: `CancellationError` when the task is cancelled and has to wait.
    @inlinable
    public nonisolated(nonsending) func wait() async throws(CancellationError) {
        if ifOnLoop(self, { $0.isSet }) == true { return }
        try await waitUntilSet()
    }

    @usableFromInline
    func waitUntilSet() async throws(CancellationError) {
        if !isSet { try await waiters.wait(()) }
    }
}
