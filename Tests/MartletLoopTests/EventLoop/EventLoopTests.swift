import CMartlet
import Glibc
import MartletLoop
import Testing

@Suite("Event loop")
struct EventLoopTests {
    @Test("the main actor, tasks, task groups, sleeping and nonisolated functions all run on the loop's thread")
    func everythingRunsOnTheLoop() async throws {
        #expect(martlet_on_loop_thread())
        #expect(await Task { martlet_on_loop_thread() }.value)
        #expect(await Task.detached { martlet_on_loop_thread() }.value)
        #expect(await concurrentFunction())
        try await Task.sleep(for: .milliseconds(1))
        #expect(martlet_on_loop_thread())
        let all = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<3 { group.addTask { martlet_on_loop_thread() } }
            var all = true
            for await isLoop in group { all = all && isLoop }
            return all
        }
        #expect(all)
    }

    @concurrent
    private nonisolated func concurrentFunction() async -> Bool {
        martlet_on_loop_thread()
    }

    @Test("what is resumed as the main actor's goes on where it belongs, whoever's it is")
    func resumingAsMain() async {
        let waiting = Waiting()
        let tasks = [Task { await waiting.wait() }, Task { await Elsewhere().wait(for: waiting) }]
        while waiting.waiters.count < 2 { await EventLoop.yield() }
        for waiter in waiting.waiters { waiter.resumeOnMain(returning: 7) }
        for task in tasks { #expect(await task.value == 7) }
    }

    @Test("a timer that is put off, or comes before others, is on time")
    func putOff() async {
        let start = EventLoop.Instant.readClock()
        var fired: [Int] = []
        await withUnsafeContinuation { (done: UnsafeContinuation<Void, Never>) in
            let late = EventLoop.main.callAt(start + .milliseconds(20)) {
                fired.append(2)
                done.resume()
            }
            // The loop has set out to wait for it by then.
            EventLoop.main.callLater(.milliseconds(12)) {
                fired.append(1)
                late.arm(at: start + .milliseconds(60))
            }
        }
        #expect(fired == [1, 2])
        #expect(EventLoop.Instant.readClock() >= start + .milliseconds(60))
    }

    @Test("callSoon calls in order, after what is running")
    func callSoonKeepsOrder() async {
        var calls: [Int] = []
        await withUnsafeContinuation { (done: UnsafeContinuation<Void, Never>) in
            for number in 0..<3 { EventLoop.main.callSoon { calls.append(number) } }
            EventLoop.main.callSoon { done.resume() }
            calls.append(-1)
        }
        #expect(calls == [-1, 0, 1, 2])
    }

    @Test("callSoonThreadsafe wakes the loop from another thread")
    func otherThreadsWakeTheLoop() async {
        let isLoop = await withUnsafeContinuation { (done: UnsafeContinuation<Bool, Never>) in
            onAnotherThread { EventLoop.callSoonThreadsafe { done.resume(returning: martlet_on_loop_thread()) } }
        }
        #expect(isLoop)
    }

    @Test("a thousand calls from other threads all arrive")
    func otherThreadsLoseNothing() async {
        var count = 0
        await withUnsafeContinuation { (done: UnsafeContinuation<Void, Never>) in
            let arrived: @MainActor @Sendable () -> Void = {
                count += 1
                if count == 1000 { done.resume() }
            }
            for _ in 0..<4 {
                onAnotherThread { for _ in 0..<250 { EventLoop.callSoonThreadsafe(arrived) } }
            }
        }
        #expect(count == 1000)
    }

    @Test("a flood of ready jobs starves neither timers nor I/O")
    func readyJobsDoNotStarveTheRest() async throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        var isFlooding = true
        func flood() {
            if isFlooding { EventLoop.main.callSoon(flood) }
        }
        for _ in 0..<10 { flood() }
        try await Task.sleep(for: .milliseconds(5))
        write(ends[1], "x", 1)
        await withUnsafeContinuation { (readable: UnsafeContinuation<Void, Never>) in
            var watch: DescriptorWatch?
            watch = try? EventLoop.main.watch(ends[0], for: .readable) { _ in
                watch?.cancel()
                readable.resume()
            }
        }
        isFlooding = false
    }

    @Test("ticks, jobs and busy time are counted, into given memory too")
    func countsTicks() async {
        let counters = Counters<LoopCounter>.allocate()
        EventLoop.main.report(into: counters)
        let ticks = counters.load(.ticks)
        let jobs = counters.load(.jobs)
        await withUnsafeContinuation { done in EventLoop.main.callLater(.milliseconds(2)) { done.resume() } }
        #expect(counters.load(.ticks) > ticks)
        #expect(counters.load(.jobs) > jobs)
        #expect(counters.load(.busyNanoseconds) > 0)
        #expect(counters.load(.longestTickNanoseconds) > 0)
    }

    @Test("instants stop at the ends of the clock")
    func instantsDoNotOverflow() {
        let late = EventLoop.Instant(nanoseconds: .max - 1)
        #expect(late + Duration.seconds(1) == .distantFuture)
        #expect(late + EventLoop.Interval(.seconds(1)) == .distantFuture)
        #expect(EventLoop.Interval(.seconds(-1)).nanoseconds == 0)
        #expect(EventLoop.Instant(nanoseconds: 5) + Duration.seconds(-1) == EventLoop.Instant(nanoseconds: 0))
        #expect(EventLoop.Instant(nanoseconds: 1 << 63) + Duration.seconds(Int64.max) == .distantFuture)
        #expect(EventLoop.Instant(nanoseconds: 3) - EventLoop.Instant(nanoseconds: 5) == .nanoseconds(-2))
    }
}

/// Runs `body` on a thread of its own, which ends with it.
nonisolated func onAnotherThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body)).toOpaque()
    pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, box)
    pthread_detach(thread)
}

/// Those who wait.
private final class Waiting {
    private(set) var waiters: [UnsafeContinuation<Int, Never>] = []

    func wait() async -> Int {
        await withUnsafeContinuation { waiters.append($0) }
    }

    func add(_ waiter: UnsafeContinuation<Int, Never>) { waiters.append(waiter) }
}

private actor Elsewhere {
    func wait(for waiting: Waiting) async -> Int {
        let answer = await withUnsafeContinuation { waiter in
            _ = Task { @MainActor in waiting.add(waiter) }
        }
        assertIsolated()
        return answer
    }
}
