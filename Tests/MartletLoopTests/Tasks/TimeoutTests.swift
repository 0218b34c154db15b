import MartletLoop
import Testing

@Suite("Timeouts")
struct TimeoutTests {
    private let activity = Activity()

    @Test("a body that takes too long is cancelled, waited for, and the error says what, how long and where")
    func expires() async throws {
        await withVirtualClock { clock in
            let start = clock.now
            let error = await #expect(throws: TimeoutError.self) {
                try await withTimeout(.seconds(5), for: "the reply") {
                    try await activity.untilCancelled(cleanUp: .seconds(2))
                }
            }
            #expect(clock.now - start == .seconds(7))
            #expect(activity.running == 0)
            #expect(error?.subject == "the reply" && error?.limit == .seconds(5))
            #expect(
                error?.description.hasPrefix("the reply did not end within 5.0 seconds (set at MartletLoopTests/")
                    == true)
        }
    }

    @Test("a body that is in time returns its value or throws its error, and no timer stays", arguments: [0, 4])
    func inTime(seconds: Int) async throws {
        try await withVirtualClock { clock in
            let value = try await withTimeout(.seconds(5)) {
                if seconds > 0 { try await Task.sleep(for: .seconds(seconds), clock: .eventLoop) }
                return 1
            }
            #expect(value == 1)
            await #expect(throws: Failure(1)) {
                try await withTimeout(.seconds(5)) {
                    if seconds > 0 { try await Task.sleep(for: .seconds(seconds), clock: .eventLoop) }
                    throw Failure(1)
                }
            }
            #expect(clock.armedTimers == 0)
        }
    }

    @Test("a value that is returned in spite of the cancellation is returned")
    func valueInSpite() async throws {
        try await withVirtualClock { _ in
            let value = try await withTimeout(.seconds(1)) {
                try? await Task.sleep(for: .seconds(10), clock: .eventLoop)
                return "late"
            }
            #expect(value == "late")
        }
    }

    @Test("an error of the body that is not the cancellation stays what it is")
    func ownErrorStays() async {
        await withVirtualClock { _ in
            _ = await #expect(throws: Failure(3)) {
                try await withTimeout(.seconds(1)) {
                    try? await Task.sleep(for: .seconds(10), clock: .eventLoop)
                    throw Failure(3)
                }
            }
        }
    }

    @Test(
        "zero, negative and past deadlines cancel at the first suspension",
        arguments: [Duration.zero, .seconds(-1), .seconds(Int64.min)])
    func alreadyOver(duration: Duration) async throws {
        #expect(try await withTimeout(duration) { 1 } == 1)
        let error = await #expect(throws: TimeoutError.self) {
            try await withTimeout(duration) { try await activity.untilCancelled() }
        }
        #expect(error?.limit == .zero)
        await #expect(throws: TimeoutError.self) {
            try await withDeadline(EventLoop.Instant(nanoseconds: 0)) { try await activity.untilCancelled() }
        }
        #expect(activity.running == 0)
    }

    @Test("huge durations never end", arguments: [Duration.seconds(Int64.max), .seconds(1 << 40)])
    func huge(duration: Duration) async throws {
        let value = try await withTimeout(duration) {
            await Task.yield()
            return 1
        }
        #expect(value == 1)
        try await withVirtualClock { clock in
            try await withDeadline(.distantFuture) {
                await Task.yield()
                #expect(clock.armedTimers == 0)
            }
        }
    }

    @Test("the caller's cancellation stays a cancellation, and waits for the body")
    func callerCancelled() async {
        await withVirtualClock { clock in
            let start = clock.now
            let task = Task {
                try await withTimeout(.seconds(10)) { try await activity.untilCancelled(cleanUp: .seconds(20)) }
            }
            await clock.settle()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(activity.running == 0)
            #expect(clock.now - start == .seconds(20))
        }
    }

    @Test("a body in a caller that was cancelled before is cancelled from the outset")
    func callerCancelledBefore() async {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await withTimeout(.seconds(10)) { Task.isCancelled }
        }
        #expect(try! await task.value)
    }

    @Test(
        "of nested deadlines the earliest counts, and only its own place says timeout",
        arguments: [(2, 5, "inner", 2), (5, 2, "outer", 2), (3, 3, "outer", 3)])
    func nesting(inner: Int, outer: Int, expired: String, seconds: Int) async {
        await withVirtualClock { clock in
            let start = clock.now
            var innerError: (any Error)?
            let error = await #expect(throws: TimeoutError.self) {
                try await withTimeout(.seconds(outer), for: "outer") {
                    do {
                        try await withTimeout(.seconds(inner), for: "inner") { try await activity.untilCancelled() }
                    } catch {
                        innerError = error
                        throw error
                    }
                }
            }
            #expect(error?.subject == expired)
            #expect(innerError is TimeoutError == (expired == "inner"))
            #expect(clock.now - start == .seconds(seconds))
            #expect(clock.armedTimers == 0)
        }
    }

    @Test("of two deadlines at the same time the outer one says timeout, whichever timer is first")
    func tie() async {
        await withVirtualClock { clock in
            let error = await #expect(throws: TimeoutError.self) {
                try await withTimeout(.seconds(10), for: "outer") { outer in
                    try await withTimeout(.seconds(3), for: "inner") { inner in
                        outer.reschedule(to: inner.instant)
                        try await activity.untilCancelled()
                    }
                }
            }
            #expect(error?.subject == "outer")
        }
    }

    @Test("an outer deadline that moves away leaves the tie to the inner one")
    func tieMoves() async {
        await withVirtualClock { clock in
            let error = await #expect(throws: TimeoutError.self) {
                try await withTimeout(.seconds(3), for: "outer") { outer in
                    try await withTimeout(.seconds(3), for: "inner") {
                        try await Task.sleep(for: .seconds(2), clock: .eventLoop)
                        outer.reschedule(in: .seconds(9))
                        try await activity.untilCancelled()
                    }
                }
            }
            #expect(error?.subject == "inner")
        }
    }

    @Test("an inner deadline that passes while its body cleans up after the outer one did not expire")
    func innerDuringCleanUp() async {
        await withVirtualClock { clock in
            var inner: Timeout?
            let error = await #expect(throws: TimeoutError.self) {
                try await withTimeout(.seconds(2), for: "outer") {
                    try await withTimeout(.seconds(5), for: "inner") { timeout in
                        inner = timeout
                        try await activity.untilCancelled(cleanUp: .seconds(10))
                    }
                }
            }
            #expect(error?.subject == "outer" && inner?.hasExpired == false)
        }
    }

    @Test("the outer deadline passes while the inner one's body cleans up: the outer one says timeout")
    func outerDuringCleanUp() async {
        await withVirtualClock { clock in
            let error = await #expect(throws: TimeoutError.self) {
                try await withTimeout(.seconds(5), for: "outer") {
                    try await withTimeout(.seconds(3), for: "inner") {
                        try await activity.untilCancelled(cleanUp: .seconds(10))
                    }
                }
            }
            #expect(error?.subject == "outer")
        }
    }

    @Test("the current deadline is the earliest of those around")
    func currentDeadline() async throws {
        try await withVirtualClock { clock in
            #expect(Deadline.current == nil)
            try await withTimeout(.seconds(5)) {
                #expect(Deadline.current?.remaining == .seconds(5))
                try await withTimeout(.seconds(9)) {
                    try await Task.sleep(for: .seconds(2), clock: .eventLoop)
                    #expect(Deadline.current?.remaining == .seconds(3))
                }
                try await withTimeout(.seconds(1)) { #expect(Deadline.current?.remaining == .seconds(1)) }
                try await shield { #expect(Deadline.current == nil) }
                #expect(Deadline.current?.hasPassed == false)
            }
            #expect(Deadline.current == nil)
        }
    }

    @Test("a task that stays behind is not bound by a deadline that is over")
    func staysBehind() async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            let stray = try await withTimeout(.seconds(5)) {
                Task {
                    try await Task.sleep(for: .seconds(6), clock: .eventLoop)
                    #expect(Deadline.current == nil)
                    try await withTimeout(.seconds(1)) { try await activity.untilCancelled() }
                }
            }
            await #expect(throws: TimeoutError.self) { try await stray.value }
            #expect(clock.now - start == .seconds(7))
        }
    }

    @Test("a deadline moves: later, earlier, again and again")
    func reschedules() async throws {
        await withVirtualClock { clock in
            let start = clock.now
            let error = await #expect(throws: TimeoutError.self) {
                try await withTimeout(.seconds(2)) { timeout in
                    for _ in 0..<5 {
                        try await Task.sleep(for: .seconds(1), clock: .eventLoop)
                        #expect(timeout.reschedule(in: .seconds(2)))
                    }
                    timeout.reschedule(to: start + .seconds(8))
                    timeout.reschedule(in: .seconds(3))
                    timeout.reschedule(to: start + .seconds(6))
                    #expect(Deadline.current?.instant == start + .seconds(6))
                    try await activity.untilCancelled()
                }
            }
            #expect(clock.now - start == .seconds(6))
            #expect(error?.limit == .seconds(6))
        }
    }

    @Test("a deadline that has expired, or whose body has ended, does not move any more")
    func reschedulesNoMore() async throws {
        try await withVirtualClock { clock in
            var kept: Timeout?
            try await withDeadline(clock.now + .seconds(1)) { timeout in kept = timeout }
            #expect(kept?.reschedule(in: .seconds(1)) == false)
            #expect(kept?.hasExpired == false)
            await #expect(throws: TimeoutError.self) {
                try await withTimeout(.seconds(1)) { timeout in
                    kept = timeout
                    do { try await activity.untilCancelled() } catch {
                        #expect(timeout.hasExpired && !timeout.reschedule(in: .seconds(1)))
                        throw error
                    }
                }
            }
            #expect(kept?.hasExpired == true)
            await #expect(throws: TimeoutError.self) {
                try await withTimeout(.seconds(100)) { timeout in
                    timeout.reschedule(in: .zero)
                    try await activity.untilCancelled()
                }
            }
        }
    }
}
