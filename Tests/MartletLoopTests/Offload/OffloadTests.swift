import CMartlet
import Glibc
import MartletLoop
import Synchronization
import Testing

@Suite("Offload")
struct OffloadTests {
    private struct Failure: Error, Equatable {}

    @Test("work runs on a thread with the pool's name, on which every signal is blocked, and comes back to the loop")
    func runsOnAThread() async throws {
        let pool = ThreadPool(threads: 1, name: "a name that is too long")
        #expect(pool.threads == 0)
        let (onLoop, name, blocked) = try await offload(on: pool) {
            var mask = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &mask)
            return (martlet_on_loop_thread(), threadName(), sigismember(&mask, SIGTERM) == 1)
        }
        #expect(!onLoop && martlet_on_loop_thread())
        #expect(name == "a name that is ")
        #expect(blocked)
        #expect(pool.threads == 1)
        try await pool.close()
    }

    @Test("the closure is part of the task: it sees task-local values and cancellation, and what it throws arrives")
    func belongsToTheTask() async throws {
        let label = try await Values.$label.withValue("here") { try await offload { Values.label } }
        #expect(label == "here")
        await #expect(throws: Failure()) { try await offload { throw Failure() } }

        let gate = Gate()
        defer { gate.remove() }
        let started = Flag()
        let task = Task {
            try await offload {
                started.set()
                gate.pass()
                return Task.isCancelled
            }
        }
        try await eventually { started.isSet }
        task.cancel()
        gate.open()
        #expect(try await task.value)
    }

    @Test("one that is cancelled while its closure runs waits for it")
    func waitsForTheClosure() async throws {
        let pool = ThreadPool(threads: 1)
        let gate = Gate()
        defer { gate.remove() }
        var hasEnded = false
        let started = Flag()
        let task = Task {
            defer { hasEnded = true }
            return try await offload(on: pool) {
                started.set()
                gate.pass()
                return 7
            }
        }
        try await eventually { started.isSet }
        task.cancel()
        for _ in 0..<10 { await Task.yield() }
        #expect(!hasEnded)
        gate.open()
        #expect(try await task.value == 7)
        try await pool.close()
    }

    @Test("one that is cancelled before, or while it waits for a thread, leaves at once and never runs")
    func leavesTheQueue() async throws {
        let pool = ThreadPool(threads: 1)
        let gate = Gate()
        defer { gate.remove() }
        let first = Task { try await offload(on: pool) { gate.pass() } }
        try await eventually { pool.busy == 1 }
        let ran = Flag()
        let second = Task { try await offload(on: pool) { ran.set() } }
        try await eventually { pool.queued == 1 }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(pool.queued == 0 && pool.busy == 1)
        let third = Task.immediate {
            withUnsafeCurrentTask { $0?.cancel() }
            try await offload(on: pool) { ran.set() }
        }
        await #expect(throws: CancellationError.self) { try await third.value }
        gate.open()
        try await first.value
        try await pool.close()
        #expect(!ran.isSet)
    }

    @Test("a full queue refuses with the limit and what to do, and counts it", arguments: [0, 1, 3])
    func refusesWhenFull(limit: Int) async throws {
        let pool = ThreadPool(threads: 2, queueLimit: limit, name: "small")
        let gate = Gate()
        defer { gate.remove() }
        let taken = (0..<2 + limit).map { _ in Task { try await offload(on: pool) { gate.pass() } } }
        try await eventually { pool.busy == 2 && pool.queued == limit }
        let error = await #expect(throws: OffloadError.self) { try await offload(on: pool) {} }
        #expect(error?.code == .queueFull)
        #expect(
            error?.description.hasPrefix("the queue of pool \"small\" is full: \(limit) calls wait already") == true)
        #expect(pool.rejected == 1)
        gate.open(taken.count)
        for task in taken { try await task.value }
        #expect(pool.busy == 0 && pool.queued == 0)
        try await offload(on: pool) {}
        try await pool.close()
    }

    @Test("waiting calls start in the order in which they came")
    func keepsOrder() async throws {
        let pool = ThreadPool(threads: 1)
        let order = Mutex<[Int]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addImmediateTask { @MainActor in
                    try await offload(on: pool) { order.withLock { $0.append(number) } }
                }
            }
            try await group.waitForAll()
        }
        #expect(order.withLock { $0 } == Array(0..<100))
        try await pool.close()
    }

    @Test("thousands of calls at once all return what is theirs, and never more run than there are threads")
    func manyAtOnce() async throws {
        let pool = ThreadPool(threads: 3, queueLimit: 10_000)
        let running = Atomic(0)
        let most = Atomic(0)
        let tasks = (0..<5000).map { number in
            Task {
                try await offload(on: pool) {
                    let now = running.add(1, ordering: .relaxed).newValue
                    most.max(now, ordering: .relaxed)
                    running.subtract(1, ordering: .relaxed)
                    return number
                }
            }
        }
        var sum = 0
        for task in tasks { sum += try await task.value }
        #expect(sum == 4999 * 5000 / 2)
        #expect(most.load(ordering: .relaxed) <= 3)
        #expect(pool.threads <= 3)
        try await pool.close()
        #expect(pool.threads == 0)
    }

    @Test("calls one after the other share a thread")
    func startsNoMoreThreadsThanNeeded() async throws {
        let pool = ThreadPool(threads: 8)
        for _ in 0..<500 { try await offload(on: pool) {} }
        #expect(pool.threads == 1)
        try await pool.close()
    }

    @Test("threads that have nothing to do end, and start again when there is something")
    func idleThreadsEnd() async throws {
        let pool = ThreadPool(threads: 2, name: "idle", idleTime: .milliseconds(1))
        for _ in 0..<20 {
            async let first: Void = offload(on: pool) {}
            async let second: Void = offload(on: pool) {}
            _ = try await (first, second)
            try await eventually { pool.threads == 0 }
        }
        #expect(!threadNames().contains("idle"))
    }

    @Test("closing waits for what runs and what waits, ends the threads and refuses what comes after")
    func closes() async throws {
        let pool = ThreadPool(threads: 1, name: "closing")
        let gate = Gate()
        defer { gate.remove() }
        let tasks = (0..<3).map { number in
            Task {
                try await offload(on: pool) {
                    gate.pass()
                    return number
                }
            }
        }
        try await eventually { pool.queued == 2 }
        var isClosed = false
        let closing = (0..<2).map { _ in
            Task {
                try await pool.close()
                isClosed = true
            }
        }
        for _ in 0..<10 { await Task.yield() }
        let error = await #expect(throws: OffloadError.self) { try await offload(on: pool) {} }
        #expect(error?.code == .closed)
        #expect(!isClosed)
        gate.open(3)
        for (number, task) in tasks.enumerated() { #expect(try await task.value == number) }
        for task in closing { try await task.value }
        #expect(pool.threads == 0 && !threadNames().contains("closing"))
        try await pool.close()
    }

    @Test("the threads of a pool that goes away end")
    func dropped() async throws {
        var pool: ThreadPool? = ThreadPool(threads: 2, name: "dropped", idleTime: .seconds(3600))
        if let pool { try await offload(on: pool) {} }
        #expect(threadNames().contains("dropped"))
        pool = nil
        try await eventually { !threadNames().contains("dropped") }
    }

    @Test("virtual time stands still while a thread works")
    func holdsVirtualTime() async throws {
        try await withVirtualClock { @MainActor clock in
            let sleeper = Task { try await Task.sleep(for: .seconds(60)) }
            let start = clock.now
            try await offload { _ = usleep(20_000) }
            #expect(clock.now == start)
            try await sleeper.value
            #expect(clock.now - start >= .seconds(60))
        }
    }
}

private nonisolated enum Values {
    @TaskLocal static var label = "none"
}

/// Set from any thread.
final class Flag: Sendable {
    private let value = Atomic(false)
    nonisolated init() {}
    nonisolated var isSet: Bool { value.load(ordering: .relaxed) }
    nonisolated func set() { value.store(true, ordering: .relaxed) }
}

private nonisolated func threadName() -> String {
    firstLine("/proc/thread-self/comm")
}

private func threadNames() -> [String] {
    guard let directory = opendir("/proc/self/task") else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let number = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if number.first != "." { names.append(firstLine("/proc/self/task/\(number)/comm")) }
    }
    return names
}

private nonisolated func firstLine(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
}
