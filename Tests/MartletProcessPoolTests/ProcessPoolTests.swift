import FoundationEssentials
import Glibc
import MartletLoop
import MartletProcessPool
import Testing

@Suite("Process pool")
struct ProcessPoolTests {
    @Test("work runs in another process, which is this program, without its main, and prepared")
    func runsElsewhere() async throws {
        let pool = ProcessPool(processes: 1, name: "a pool with a long name")
        #expect(pool.processes == 0)
        let there = try await offloadProcess(LookAround(), on: pool)
        #expect(there.pid != getpid() && there.pid == there.session)
        #expect(there.name == "a pool with a l")
        #expect(there.score == "500")
        #expect(there.standardInput == "/dev/null")
        #expect(there.environment == nil && !there.blocksSignals && there.threads == 1)
        #expect(pool.processes == 1)
        #expect(try await offloadProcess(LookAround(), on: pool).pid == there.pid, "the process is used again")
        try await pool.close()
        #expect(pool.processes == 0 && !isAlive(there.pid))
    }

    @Test("values arrive as they were, the odd ones too")
    func carriesValues() async throws {
        let sum = try await offloadProcess(Sum(numbers: [0.1, 1e300, -1e300]), on: Self.pool)
        #expect(sum == [0.1, 1e300, -1e300].reduce(0, +))
        #expect(try await offloadProcess(Sum(numbers: [.infinity, -.infinity]), on: Self.pool).isNaN)
        #expect(try await offloadProcess(Generic(items: ["a", "é", "\0\n"]), on: Self.pool) == ["\0\n", "é", "a"])
        for size in [0, 1, 700, 800, 65_536, 3_000_000] {
            let bytes = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            #expect(try await offloadProcess(Echo(bytes: bytes), on: Self.pool) == bytes)
        }
    }

    @Test("an error of the work arrives: itself when it is Codable, otherwise what it says")
    func carriesErrors() async throws {
        await #expect(throws: Refuse.Detailed(detail: "of false", numbers: [1, 2])) {
            try await offloadProcess(Refuse(isDetailed: true), on: Self.pool)
        }
        let error = await #expect(throws: ProcessWorkError.self) {
            try await offloadProcess(Refuse(isDetailed: false), on: Self.pool)
        }
        #expect(error?.code == .failed)
        #expect(error?.description == "Refuse in another process: it threw Plain()")
    }

    @Test(
        "a process that ends fails its call alone, and says how it ended",
        arguments: [
            (.trap, nil), (.exit(0), .exited(0)), (.exit(3), .exited(3)),
            (.kill(SIGKILL), .signaled(SIGKILL, coreDumped: false)),
            (.kill(SIGTERM), .signaled(SIGTERM, coreDumped: false)), (.kill(SIGSEGV), nil),
            (.closeEverything, .signaled(SIGKILL, coreDumped: false)),
            (.leaveRubbish, .signaled(SIGKILL, coreDumped: false)),
        ] as [(Misbehave.Way, TerminationStatus?)])
    func survivesCrashes(way: Misbehave.Way, expected: TerminationStatus?) async throws {
        let pool = ProcessPool(processes: 2)
        async let neighbour = offloadProcess(Sum(numbers: [1, 2]), on: pool)
        let error = await #expect(throws: ProcessWorkError.self) {
            try await offloadProcess(Misbehave(way: way), on: pool)
        }
        #expect(error?.code == .crashed)
        if let expected { #expect(error?.status == expected) }
        if case .trap = way {
            #expect(error?.standardError.contains("this work traps") == true, "\(error?.standardError ?? "")")
        }
        #expect(try await neighbour == 3)
        #expect(try await offloadProcess(Sum(numbers: [4, 5]), on: pool) == 9)
        #expect(pool.crashes == 1 && pool.busy == 0)
        try await pool.close()
        #expect(pool.processes == 0)
    }

    @Test("a crash tells the last words of the process, and no more than the last lines")
    func reportsLastWords() async throws {
        let lines = (0..<2000).map { "line \($0)" }.joined(separator: "\n") + "\n\n"
        let error = await #expect(throws: ProcessWorkError.self) {
            try await offloadProcess(Misbehave(way: .say(lines)), on: Self.pool)
        }
        #expect(error?.standardError == (1990..<2000).map { "line \($0)" }.joined(separator: "\n"))
        #expect(error?.description.contains("was killed by signal 6") == true)
    }

    @Test("cancelling kills the process and waits until it is gone")
    func cancels() async throws {
        let pool = ProcessPool(processes: 1)
        let pid = try await offloadProcess(LookAround(), on: pool).pid
        let mark = "/tmp/martlet-process-pool-\(pid)"
        defer { unlink(mark) }
        let task = Task { try await offloadProcess(Misbehave(way: .createAndSleep(mark)), on: pool) }
        try await eventually { access(mark, F_OK) == 0 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(!isAlive(pid) && pool.processes == 0 && pool.busy == 0)
        #expect(try await offloadProcess(Sum(numbers: [1]), on: pool) == 1)
        try await pool.close()
    }

    @Test("cancelled at any time, from the start of a process to the answer, it leaves the pool whole")
    func cancelsAtAnyTime() async throws {
        let pool = ProcessPool(processes: 1)
        var delay = Duration.zero
        var isDone = false
        while !isDone {
            let task = Task { try await offloadProcess(Echo(bytes: Data(count: 300_000)), on: pool).count }
            try await Task.sleep(for: delay)
            task.cancel()
            switch await task.result {
            case .success(let count):
                #expect(count == 300_000)
                isDone = true
            case .failure(let error): #expect(error is CancellationError)
            }
            #expect(pool.busy == 0 && pool.queued == 0 && pool.processes <= 1)
            delay = delay * 3 / 2 + .milliseconds(2)
        }
        try await pool.close()
        #expect(pool.crashes == 0)
    }

    @Test("one that is cancelled while it waits for a process leaves at once")
    func cancelsWaiting() async throws {
        let pool = ProcessPool(processes: 1)
        let first = Task { try await offloadProcess(Misbehave(way: .sleep), on: pool) }
        let second = Task { try await offloadProcess(Sum(numbers: []), on: pool) }
        try await eventually { pool.queued == 1 }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(pool.busy == 1)
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        try await pool.close()
    }

    @Test("a timeout kills the process, and the call's is stronger than the pool's")
    func timesOut() async throws {
        let pool = ProcessPool(processes: 1, timeout: .seconds(3600))
        let error = await #expect(throws: ProcessWorkError.self) {
            try await offloadProcess(Misbehave(way: .sleep), on: pool, timeout: .milliseconds(20))
        }
        #expect(error?.code == .timedOut)
        #expect(pool.processes == 0)
        try await pool.close()
    }

    @Test("a full queue refuses with the limit")
    func refusesWhenFull() async throws {
        let pool = ProcessPool(processes: 1, queueLimit: 1, name: "small")
        let tasks = (0..<2).map { _ in Task { try await offloadProcess(Misbehave(way: .sleep), on: pool) } }
        try await eventually { pool.queued == 1 }
        let error = await #expect(throws: OffloadError.self) { try await offloadProcess(Sum(numbers: []), on: pool) }
        #expect(error?.code == .queueFull && error?.queueLimit == 1 && pool.rejected == 1)
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.result }
        try await pool.close()
    }

    @Test("what is larger than the limit is refused, on the way there and back, and the process stays")
    func refusesLargeMessages() async throws {
        let pool = ProcessPool(processes: 1, messageLimit: 1000)
        for work in [Misbehave(way: .output(2000)), Misbehave(way: .say(String(repeating: "x", count: 2000)))] {
            let error = await #expect(throws: ProcessWorkError.self) { try await offloadProcess(work, on: pool) }
            #expect(error?.description.contains("the pool's messageLimit is 1000") == true)
        }
        #expect(try await offloadProcess(Misbehave(way: .output(10)), on: pool).count == 10)
        #expect(pool.processes == 1 && pool.crashes == 0)
        try await pool.close()
    }

    @Test("a type that has no name in the other process is refused with what to do")
    func refusesHiddenTypes() async throws {
        let error = await #expect(throws: ProcessWorkError.self) { try await offloadHidden(on: Self.pool) }
        #expect(error?.description.contains("must not be private") == true)
    }

    @Test("a process is replaced after so many pieces of work")
    func replacesProcesses() async throws {
        let pool = ProcessPool(processes: 1, maximumJobsPerProcess: 2)
        var pids: [Int32] = []
        for _ in 0..<6 { pids.append(try await offloadProcess(LookAround(), on: pool).pid) }
        #expect(Set(pids).count == 3 && pids[0] == pids[1] && pids[2] == pids[3])
        try await pool.close()
    }

    @Test("idle processes end")
    func endsIdleProcesses() async throws {
        let pool = ProcessPool(processes: 2, idleTime: .milliseconds(5))
        for _ in 0..<2 {
            _ = try await offloadProcess(Sum(numbers: []), on: pool)
            try await eventually { pool.processes == 0 }
        }
        #expect(pool.crashes == 0)
    }

    @Test("a process that is killed while it is idle is noticed, and fails nobody")
    func noticesLoss() async throws {
        let pool = ProcessPool(processes: 1)
        let pid = try await offloadProcess(LookAround(), on: pool).pid
        kill(pid, SIGKILL)
        try await eventually { pool.processes == 0 }
        #expect(pool.crashes == 1)
        #expect(try await offloadProcess(LookAround(), on: pool).pid != pid)
        try await pool.close()
    }

    @Test("one crash after the other makes the next start wait")
    func backsOff() async throws {
        let pool = ProcessPool(processes: 1)
        let clock = ContinuousClock()
        var last = Duration.zero
        for _ in 0..<4 {
            last = await clock.measure {
                await #expect(throws: ProcessWorkError.self) {
                    try await offloadProcess(Misbehave(way: .exit(1)), on: pool)
                }
            }
        }
        #expect(last >= .milliseconds(200))
        #expect(try await offloadProcess(Sum(numbers: [1]), on: pool) == 1)
        try await pool.close()
    }

    @Test("hundreds of calls at once all get what is theirs")
    func manyAtOnce() async throws {
        let pool = ProcessPool(processes: 2)
        let tasks = (0..<300).map { number in
            Task { try await offloadProcess(Sum(numbers: [Double(number)]), on: pool) }
        }
        for (number, task) in tasks.enumerated() { #expect(try await task.value == Double(number)) }
        #expect(pool.processes <= 2)
        try await pool.close()
    }

    @Test("closing waits for what runs and what waits, and refuses what comes after")
    func closes() async throws {
        let pool = ProcessPool(processes: 1)
        let tasks = (0..<3).map { number in
            Task { try await offloadProcess(Sum(numbers: [Double(number)]), on: pool) }
        }
        try await eventually { pool.queued == 2 }
        let closing = Task { try await pool.close() }
        for (number, task) in tasks.enumerated() { #expect(try await task.value == Double(number)) }
        try await closing.value
        #expect(pool.processes == 0)
        let error = await #expect(throws: OffloadError.self) { try await offloadProcess(Sum(numbers: []), on: pool) }
        #expect(error?.code == .closed)
    }

    @Test("work may use the loop where it is, and what it started ends with it")
    func nests() async throws {
        let pool = ProcessPool(processes: 1, maximumJobsPerProcess: 1)
        let inner = try await offloadProcess(Nest(), on: pool)
        try await eventually { !isAlive(inner) }
        try await pool.close()
    }

    @Test("neither descriptors nor zombies are left")
    func leavesNothing() async throws {
        let count = try await offloadProcess(CountLeaks(), on: Self.pool)
        #expect(count.before == count.after)
        #expect(count.children == "")
    }

    private static let pool = ProcessPool(processes: 2, name: "tests")
}

private func isAlive(_ pid: Int32) -> Bool {
    kill(pid, 0) == 0
}

/// Turns the loop until `condition` holds.
private func eventually(within limit: Duration = .seconds(60), _ condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + limit
    while !condition() {
        guard ContinuousClock.now < deadline else { throw Late() }
        try await Task.sleep(for: .milliseconds(1))
    }
}

private struct Late: Error {}
