import Glibc
import MartletLoop
import MartletProcessPool
import Testing

/// What is true of a process as a whole is looked at in one where nothing else happens.
@Suite("Threads of a process")
struct ThreadsTests {
    @Test("there is one thread until something is offloaded, and one again when threads have been idle")
    func countsThreads() async throws {
        let pool = ProcessPool(processes: 1)
        let counts = try await offloadProcess(CountThreads(), on: pool)
        #expect(counts.before == 1)
        #expect(counts.during == 3)
        #expect(counts.after == 1)
        try await pool.close()
    }

    @Test("a deadlock is found although threads of a pool are idle, and not while one works")
    func findsDeadlocks() async throws {
        let pool = ProcessPool(processes: 1)
        let error = await #expect(throws: ProcessWorkError.self) { try await offloadProcess(Deadlock(), on: pool) }
        #expect(error?.code == .failed && error?.description.contains("deadlock: the event loop") == true)
        try await pool.close()
    }
}

private nonisolated func threadCount() -> Int {
    names(in: "/proc/self/task").count
}

/// Waits until there are so many threads, ten seconds at most; how many there are then.
private nonisolated func threadCount(atLeast count: Int) -> Int {
    let end = ContinuousClock.now + .seconds(10)
    while threadCount() < count, ContinuousClock.now < end { usleep(100) }
    return threadCount()
}

nonisolated struct CountThreads: ProcessWork {
    struct Output: Codable, Sendable {
        var before: Int
        var during: Int
        var after: Int
    }

    func run() throws -> Output {
        try MainActor.assumeIsolated {
            try EventLoop.main.run {
                let before = threadCount()
                let pool = ThreadPool(threads: 4, idleTime: .milliseconds(20))
                // Each waits for the other's thread, or two calls could have one after the other.
                async let first = offload(on: pool) { threadCount(atLeast: 3) }
                async let second = offload(on: pool) { threadCount(atLeast: 3) }
                let during = try await max(first, second)
                while pool.threads > 0 { try await Task.sleep(for: .milliseconds(1)) }
                return Output(before: before, during: during, after: threadCount())
            }
        }
    }
}

nonisolated struct Deadlock: ProcessWork {
    func run() throws -> Int {
        try MainActor.assumeIsolated {
            try EventLoop.main.run {
                let promise = Promise<Int>()
                try await offload { for _ in 0..<100 { _ = threadCount() } }
                defer { promise.succeed(0) }
                return try await promise.future.value
            }
        }
    }
}
