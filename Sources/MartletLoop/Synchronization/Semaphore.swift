/// Bounds how many tasks do something at the same time, or how much of something they use: a number of permits that are
/// taken and given back.
///
/// ```swift
/// let connections = Semaphore(permits: 10)
/// let page = try await connections.withPermit { try await fetch(url) }
/// ```
///
/// Fair, with weights as well: permits go to the task that has waited longest, and one that wants many is not overtaken
/// by others that want few. Anybody may release, also more than was acquired; `BoundedSemaphore` takes that for the
/// mistake that it mostly is.
///
/// Acquiring permits that are there does not suspend and allocates nothing; with their release it costs about 10 ns.
public class Semaphore {
    /// How many permits are there to be taken. While tasks wait these are kept for the first of them.
    public private(set) final var available: Int
    private final let bound: Int
    private final let waiters = WaitQueue<Int, Void>()

    /// A semaphore of `permits`, which may be none to begin with.
    public convenience init(permits: Int, file: StaticString = #fileID, line: UInt = #line) {
        self.init(permits: permits, bound: .max, file: file, line: line)
    }

    init(permits: Int, bound: Int, file: StaticString, line: UInt) {
        guard permits >= 0 else {
            fatalError("a semaphore cannot have \(permits) permits: it takes 0 or more", file: file, line: line)
        }
        available = permits
        self.bound = bound
    }

    /// How many tasks wait for permits.
    public final var waiterCount: Int { waiters.count }

    /// Waits until there are `count` permits and takes them.
    ///
    /// Ends the program, naming the place that called, when `count` is negative, or more than a `BoundedSemaphore` ever
    /// has. A plain semaphore waits for more permits than it began with, since anybody may release them.
    ///
    /// - Throws: `CancellationError` when the task is cancelled and has to wait: it has taken nothing then. Permits
    ///   that are there are given to a cancelled task as well.
    @inlinable
    public final nonisolated(nonsending) func acquire(
        _ count: Int = 1, file: StaticString = #fileID, line: UInt = #line
    ) async throws(CancellationError) {
        if ifOnLoop((self, count), { $0.0.takeIfThere($0.1) }) == true { return }
        try await acquireInTurn(count, file, line)
    }

    /// Takes `count` permits if they are there and nobody waits, without waiting.
    ///
    /// - Returns: whether it did.
    public final func tryAcquire(_ count: Int = 1, file: StaticString = #fileID, line: UInt = #line) -> Bool {
        requirePossible(count, file, line)
        return takeIfThere(count)
    }

    /// Gives back `count` permits; they go to the tasks that have waited longest.
    ///
    /// Ends the program, naming the place that called, when `count` is negative, or when a `BoundedSemaphore` would
    /// have more permits than it began with.
    public final func release(_ count: Int = 1, file: StaticString = #fileID, line: UInt = #line) {
        guard count >= 0, count <= bound &- available else {
            fatalError(
                "released \(count) of a semaphore's permits when it has \(available) of at most \(bound); "
                    + "release what was acquired, once",
                file: file, line: line)
        }
        available &+= count
        if !waiters.isEmpty { grant() }
    }

    /// Holds a permit while `body` runs, and gives it back however that ends.
    ///
    /// - Throws: what `body` throws; `CancellationError` as `acquire` does.
    @inlinable
    public final nonisolated(nonsending) func withPermit<Result>(
        file: StaticString = #fileID, line: UInt = #line,
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await withPermits(1, file: file, line: line, body)
    }

    /// Holds `count` permits while `body` runs, and gives them back however that ends.
    ///
    /// - Throws: what `body` throws; `CancellationError` as `acquire` does.
    @inlinable
    public final nonisolated(nonsending) func withPermits<Result>(
        _ count: Int, file: StaticString = #fileID, line: UInt = #line,
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await acquire(count, file: file, line: line)
        defer { releaseFromAnywhere(count, file, line) }
        return try await body()
    }

    @inlinable
    final nonisolated func releaseFromAnywhere(_ count: Int, _ file: StaticString, _ line: UInt) {
        if ifOnLoop((self, count, file, line), { $0.0.release($0.1, file: $0.2, line: $0.3) }) != nil { return }
        EventLoop.callSoonThreadsafe { self.release(count, file: file, line: line) }
    }

    @usableFromInline
    final func takeIfThere(_ count: Int) -> Bool {
        guard count >= 0, count <= available, waiters.isEmpty else { return false }
        available &-= count
        return true
    }

    @usableFromInline
    final func acquireInTurn(_ count: Int, _ file: StaticString, _ line: UInt) async throws(CancellationError) {
        requirePossible(count, file, line)
        guard !takeIfThere(count) else { return }
        do throws(CancellationError) {
            try await waiters.wait(count)
        } catch {
            // This one may have been what kept those behind it from permits that are there.
            grant()
            throw error
        }
    }

    private final func grant() {
        while let waiter = waiters.first, waiter.request <= available {
            available &-= waiter.request
            waiters.answer(waiter, ())
        }
    }

    private final func requirePossible(_ count: Int, _ file: StaticString, _ line: UInt) {
        guard count >= 0, count <= bound else {
            fatalError(
                "asked for \(count) permits of a semaphore that has 0 to \(bound); it would wait for ever",
                file: file, line: line)
        }
    }
}
