import MartletLoop
import Testing

@Suite("shield and uncancelled")
struct ShieldTests {
    private let activity = Activity()

    @Test("the caller's cancellation lets go at once, and the work goes on")
    func goesOn() async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            var finished: EventLoop.Instant?
            let task = Task {
                try await shield {
                    try await Task.sleep(for: .seconds(5), clock: .eventLoop)
                    finished = clock.now
                }
            }
            await clock.settle()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(clock.now == start && finished == nil)
            try await Task.sleep(for: .seconds(6), clock: .eventLoop)
            #expect(finished == start + .seconds(5))
        }
    }

    @Test("values and errors come through")
    func comesThrough() async throws {
        #expect(try await shield { 1 } == 1)
        #expect(
            try await shield {
                await Task.yield(); return 2
            } == 2)
        await #expect(throws: Failure(3)) {
            try await shield {
                await Task.yield(); throw Failure(3)
            }
        }
    }

    @Test("an error after the caller has let go is reported, with its place")
    func reportsError() async {
        let reported = Journal<UnhandledError>()
        let gate = Promise<Void>()
        let task = Task { try await shield(onError: reported.note) { try await gate.future.value } }
        await Task.yield()
        task.cancel()
        _ = await task.result
        gate.fail(Failure(9))
        for _ in 0..<10 where reported.entries.isEmpty { await Task.yield() }
        #expect(reported.entries.first?.cause as? Failure == Failure(9))
        #expect(reported.entries.first?.place.hasPrefix("MartletLoopTests/ShieldTests.swift:") == true)
    }

    @Test("a caller that takes the error hears of it once")
    func doesNotReportTwice() async {
        await #expect(throws: Failure(1)) {
            try await shield(onError: { _ in Issue.record("reported as well") }) {
                await Task.yield()
                throw Failure(1)
            }
        }
    }

    @Test("in a caller that was cancelled before, the work is done all the same")
    func cancelledBefore() async {
        let done = Promise<Bool>()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await shield {
                await Task.yield()
                done.succeed(Task.isCancelled)
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try! await done.future.value == false)
    }

    @Test("uncancelled waits for its body in a cancelled caller, and the body does not see it")
    func uncancelledWaits() async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            let task = Task {
                try await withTimeout(.seconds(1)) {
                    try await uncancelled {
                        try await Task.sleep(for: .seconds(5), clock: .eventLoop)
                        return Task.isCancelled
                    }
                }
            }
            task.cancel()
            let sawCancellation = try await task.value
            #expect(!sawCancellation)
            #expect(clock.now - start == .seconds(5))
        }
    }
}
