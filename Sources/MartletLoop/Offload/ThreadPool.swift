import CMartlet
import Glibc

/// A bounded number of threads for work that would keep the loop: see `offload`.
///
/// There is no thread before the first call, one more only while all others are busy, and none again after some idle
/// seconds. When every thread is busy, calls wait in the order in which they came, and as many as `queueLimit` may.
///
/// The threads get no signals. A pool that is not closed lets its threads end when it goes away.
public final class ThreadPool {
    /// The pool that `offload` and files use unless told otherwise: four threads more than there are CPUs (but at most
    /// 32, as in Python's `ThreadPoolExecutor`), because what is offloaded mostly waits, and 1,024 calls may wait.
    public static let shared = ThreadPool(
        threads: min(32, sharedExtraThreads + max(1, Int(martlet_affinity(nil, 0)))), queueLimit: 1024, name: "offload")
    private static let sharedExtraThreads = 4

    /// What its threads are called (man 5 proc, comm), and errors name.
    public nonisolated let name: String

    private let slots: SlotQueue
    private let crew: ThreadCrew
    private let closing = WaitQueue<Void, Void>()

    /// A pool of one's own, for work that shall not wait behind that of others. Starts nothing.
    ///
    /// - Parameters:
    ///   - threads: how many there may be, at least 1.
    ///   - queueLimit: how many calls may wait when all of them are busy; 0 refuses what cannot start at once.
    ///   - name: what the threads are called; the system shows the first 15 bytes.
    ///   - idleTime: after how long without work a thread ends.
    public init(threads: Int, queueLimit: Int = 1024, name: String = "pool", idleTime: Duration = .seconds(5)) {
        self.name = name
        slots = SlotQueue(limit: threads, queueLimit: queueLimit, owner: name)
        crew = ThreadCrew(name: name, idleTime: idleTime)
    }

    deinit {
        crew.dismiss()
    }

    /// How many threads there may be.
    public nonisolated var threadLimit: Int { slots.limit }

    /// How many calls may wait for a thread.
    public nonisolated var queueLimit: Int { slots.queueLimit }

    /// How many threads there are, busy or idle.
    public var threads: Int { crew.count }

    /// How many threads run work.
    public var busy: Int { slots.busy }

    /// How many calls wait for a thread.
    public var queued: Int { slots.queued }

    /// How many calls were refused because the queue was full.
    public var rejected: Int { slots.rejected }

    /// Takes no more work, and waits until what it has in hand and in its queue is done and its threads have ended.
    ///
    /// - Throws: `CancellationError` when the waiting task is cancelled; the pool goes on closing.
    public func close() async throws(CancellationError) {
        require(self !== ThreadPool.shared, "the shared thread pool cannot be closed: others use it")
        slots.close()
        if slots.isFinished { crew.dismiss() }
        // A thread that ends is work in hand: it comes back to the loop to be joined.
        EventLoop.main.externalWork += 1
        defer { EventLoop.main.externalWork -= 1 }
        while busy > 0 || crew.count > 0 {
            crew.whenGone = { [closing] in closing.answerAll(()) }
            try await closing.wait(())
        }
    }

    /// See `offload`.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await slots.take()
        EventLoop.main.externalWork += 1
        defer {
            EventLoop.main.externalWork -= 1
            slots.giveBack()
            if slots.isFinished { crew.dismiss() }
        }
        try crew.prepare(for: busy)
        return try await withTaskExecutorPreference(crew) { try await Self.perform(work) }
    }

    /// Nonisolated and concurrent, so that it runs on the executor that the task prefers.
    @concurrent
    private nonisolated static func perform<Value: Sendable>(
        _ work: @Sendable () throws -> Value
    ) async throws -> Value {
        try Task.checkCancellation()
        return try work()
    }
}
