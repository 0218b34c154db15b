import MartletLoop
import Testing

@Suite("Virtual clock")
struct VirtualClockTests {
    @Test("an hour of sleep takes no time and is exactly an hour", .timeLimit(.minutes(5)))
    func sleepsExactly() async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            try await Task.sleep(for: .seconds(3600), clock: .eventLoop)
            #expect(clock.now - start == .seconds(3600))
            #expect(EventLoop.main.now == clock.now)
            #expect(EventLoop.main.time() == clock.now)
        }
    }

    @Test("timers fire in the order of their time, each at its own")
    func firesInOrder() async {
        await withVirtualClock { clock in
            let start = clock.now
            var fired: [Duration] = []
            for delay in [30, 10, 20] {
                EventLoop.main.callLater(.seconds(delay)) { fired.append(clock.now - start) }
            }
            await clock.advance(by: .seconds(60))
            #expect(fired == [.seconds(10), .seconds(20), .seconds(30)])
            #expect(clock.now - start == .seconds(60))
        }
    }

    @Test("a clock that does not advance by itself stands still until it is moved")
    func advancedByHand() async throws {
        try await withVirtualClock(advancesItself: false) { clock in
            var woken: [String] = []
            let sleeper = Task {
                try await Task.sleep(for: .seconds(5), clock: .eventLoop)
                woken.append("first")
                try await Task.sleep(for: .seconds(5), clock: .eventLoop)
                woken.append("second")
            }
            await clock.advance(by: .milliseconds(4999))
            #expect(woken.isEmpty)
            await clock.advance(by: .milliseconds(1))
            #expect(woken == ["first"])
            await clock.advance(by: .seconds(5))
            #expect(woken == ["first", "second"])
            try await sleeper.value
        }
    }

    @Test("a timer that a timer arms is the virtual clock's too")
    func nestedTimers() async {
        await withVirtualClock(advancesItself: false) { clock in
            let start = clock.now
            var fired: Duration?
            EventLoop.main.callLater(.seconds(1)) {
                EventLoop.main.callLater(.seconds(1)) { fired = clock.now - start }
            }
            await clock.advance(by: .seconds(10))
            #expect(fired == .seconds(2))
        }
    }

    @Test("a cancelled sleep leaves no timer")
    func cancelledSleep() async {
        await withVirtualClock(advancesItself: false) { clock in
            let task = Task { try await EventLoop.Clock().sleep(until: clock.now + .seconds(1), tolerance: nil) }
            await clock.settle()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let timer = EventLoop.main.callLater(.seconds(1)) {}
            timer.cancel()
            await clock.advance(by: .seconds(2))
            #expect(clock.armedTimers == 0)
        }
    }

    @Test("the loop's clock sleeps in virtual time")
    func loopClock() async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            try await Task.sleep(until: start + .seconds(90), clock: .eventLoop)
            #expect(clock.now == start + .seconds(90))
            try await Task.sleep(until: start, clock: .eventLoop)
            #expect(clock.now == start + .seconds(90))
        }
    }

    @Test("time outside goes on as ever")
    func realTimeOutside() async throws {
        let virtual = try await withVirtualClock { clock in
            try await Task.sleep(for: .seconds(1_000_000))
            return clock.now
        }
        #expect(EventLoop.main.now.duration(to: virtual) > .seconds(900_000))
        let start = EventLoop.main.time()
        try await Task.sleep(for: .milliseconds(2))
        #expect(EventLoop.main.time() - start >= .milliseconds(2))
    }
}
