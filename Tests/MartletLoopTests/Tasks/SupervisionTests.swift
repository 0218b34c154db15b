import MartletLoop
import Testing

@Suite("Supervision")
struct SupervisionTests {
    private let log = Journal<String>()
    private let activity = Activity()

    /// What happened, in short: `"a failed"`, without the waits.
    private func note(_ event: SupervisionEvent) {
        let words = "\(event)".split(separator: ":")[1].split(separator: " ")
        if event.kind != .restarting { log.note(words.joined(separator: " ")) }
    }

    private func supervise(
        _ strategy: RestartStrategy = .oneForOne, limit: RestartLimit = RestartLimit(3, within: .seconds(60)),
        _ setUp: @MainActor (SupervisedTaskGroup) throws -> Void
    ) async throws {
        try await withSupervision(
            "group", strategy: strategy, limit: limit, backoff: .constant(.seconds(1)), onEvent: note, setUp)
    }

    /// A body that fails, the first `times` it is run, after a second, and then waits until it is cancelled.
    private func failing(_ times: Int) -> @MainActor () async throws -> Void {
        var left = times
        return {
            if left > 0 {
                left -= 1
                try await Task.sleep(for: .seconds(1), clock: .eventLoop)
                throw Failure(left)
            }
            try await activity.untilCancelled()
        }
    }

    @Test("a group without children, and one whose children are done, ends")
    func ends() async throws {
        try await supervise { _ in }
        try await supervise { group in
            group.add("transient", restart: .transient) { await Task.yield() }
            group.add("temporary", restart: .temporary) { throw Failure() }
        }
        #expect(
            log.entries == ["transient started", "temporary started", "temporary failed", "transient returned"])
    }

    @Test(
        "who is started again depends on the policy",
        arguments: [
            (RestartPolicy.permanent, false, true), (.permanent, true, true), (.transient, false, false),
            (.transient, true, true), (.temporary, false, false), (.temporary, true, false),
        ])
    func policies(policy: RestartPolicy, fails: Bool, restarts: Bool) async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            var runs = 0
            var child: SupervisedChild?
            try await supervise { group in
                child = group.add("child", restart: policy) {
                    runs += 1
                    if runs == 1, fails { throw Failure() }
                    if runs == 2 {
                        Task { await child?.stop() }
                        try await activity.untilCancelled()
                    }
                }
            }
            #expect(runs == (restarts ? 2 : 1) && child?.restarts == runs - 1 && child?.isRunning == false)
            #expect(clock.now - start == .seconds(restarts ? 1 : 0))
        }
    }

    @Test(
        "who else is cancelled, from the last to the first, and started again depends on the strategy",
        arguments: [
            (RestartStrategy.oneForOne, ["b started"]),
            (.restForOne, ["d was stopped", "c was stopped", "b started", "c started", "d started"]),
            (
                .oneForAll,
                [
                    "d was stopped", "c was stopped", "a was stopped", "a started", "b started", "c started",
                    "d started",
                ]
            ),
        ])
    func strategies(strategy: RestartStrategy, expected: [String]) async throws {
        try await withVirtualClock { clock in
            let task = Task {
                try await supervise(strategy) { group in
                    group.add("a") { try await activity.untilCancelled() }
                    group.add("b", failing(1))
                    group.add("c") { try await activity.untilCancelled(cleanUp: .seconds(3)) }
                    group.add("d") { try await activity.untilCancelled(cleanUp: .seconds(1)) }
                }
            }
            await clock.settle()
            log.entries = []
            try await Task.sleep(for: .seconds(20), clock: .eventLoop)
            #expect(log.entries == ["b failed"] + expected)
            log.entries = []
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(log.entries == ["d", "c", "b", "a"].map { "\($0) was stopped" })
            #expect(activity.running == 0)
        }
    }

    @Test("a temporary child that is cancelled with the others stays away")
    func temporaryStaysAway() async throws {
        try await withVirtualClock { clock in
            let task = Task {
                try await supervise(.oneForAll) { group in
                    group.add("a", failing(1))
                    group.add("b", restart: .temporary) { try await activity.untilCancelled() }
                }
            }
            try await Task.sleep(for: .seconds(10), clock: .eventLoop)
            task.cancel()
            _ = await task.result
            #expect(
                log.entries == [
                    "a started", "b started", "a failed", "b was stopped", "a started", "a was stopped",
                ])
        }
    }

    @Test("one restart too many ends the group with an error that names child and cause, when all have ended")
    func givesUp() async throws {
        await withVirtualClock { clock in
            let start = clock.now
            let error = await #expect(throws: SupervisionError.self) {
                try await supervise(limit: RestartLimit(2, within: .seconds(60))) { group in
                    group.add("first") { try await activity.untilCancelled(cleanUp: .seconds(1)) }
                    group.add("bad", failing(10))
                    group.add("last") { try await activity.untilCancelled(cleanUp: .seconds(1)) }
                }
            }
            #expect(error?.child == "bad" && error?.group == "group" && error?.cause as? Failure == Failure(7))
            #expect(
                error?.description
                    == "the group \"group\" gave up after more than 2 restarts within 60.0 seconds: "
                    + "its child \"bad\" failed: Failure(number: 7)")
            #expect(log.entries.suffix(3) == ["bad failed too often", "last was stopped", "first was stopped"])
            // Three runs of a second, two waits of one, two children that clean up one after the other.
            #expect(clock.now - start == .seconds(7))
            #expect(activity.running == 0)
        }
    }

    @Test("restarts that lie outside of the window do not count")
    func windowSlides() async throws {
        try await withVirtualClock { clock in
            let task = Task {
                try await supervise(limit: RestartLimit(1, within: .seconds(2))) { group in
                    group.add("child", failing(5))
                }
            }
            try await Task.sleep(for: .seconds(60), clock: .eventLoop)
            #expect(log.entries.filter { $0 == "child failed" }.count == 5)
            task.cancel()
            _ = await task.result
        }
    }

    @Test("a permanent child that returns is started again, and too often is an error without a cause")
    func permanentReturns() async {
        await withVirtualClock { _ in
            let error = await #expect(throws: SupervisionError.self) {
                try await supervise { group in group.add("child") {} }
            }
            #expect(error?.cause == nil)
            #expect(log.entries.filter { $0 == "child started" }.count == 4)
        }
    }

    @Test("a child that fails at once, without back-off, does not keep the loop from the rest")
    func noStarvation() async throws {
        let task = Task {
            try await withSupervision(limit: .none, backoff: .none, onEvent: { _ in }) { group in
                group.add("child") { throw Failure() }
            }
        }
        try await Task.sleep(for: .milliseconds(5), clock: .eventLoop)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("a group inside a group that gives up is started again by the outer one")
    func tree() async {
        await withVirtualClock { clock in
            var inner = 0
            let error = await #expect(throws: SupervisionError.self) {
                try await withSupervision("outer", limit: RestartLimit(1, within: .seconds(60)), onEvent: { _ in }) {
                    outer in
                    outer.add("net") {
                        inner += 1
                        try await supervise(limit: RestartLimit(0, within: .seconds(60))) { group in
                            group.add("listener", failing(1))
                            group.add("other") { try await activity.untilCancelled() }
                        }
                    }
                }
            }
            #expect(inner == 2 && activity.running == 0)
            #expect(error?.group == "outer" && error?.child == "net")
            #expect((error?.cause as? SupervisionError)?.child == "listener")
            #expect(error?.description.hasSuffix("its child \"listener\" failed: Failure(number: 0)") == true)
        }
    }

    @Test("children may be added while the group runs, and stopped for good")
    func dynamic() async throws {
        try await withVirtualClock { clock in
            var kept: SupervisedTaskGroup?
            var late: SupervisedChild?
            try await supervise { group in
                kept = group
                group.add("main", restart: .transient) {
                    late = group.add("late") { try await activity.untilCancelled(cleanUp: .seconds(1)) }
                    try await Task.sleep(for: .seconds(1), clock: .eventLoop)
                    #expect(late?.isRunning == true)
                    await late?.stop()
                    #expect(late?.isRunning == false && activity.running == 0)
                    await late?.stop()
                }
            }
            #expect(log.entries == ["main started", "late started", "late was stopped", "main returned"])
            log.entries = []
            kept?.add("too late") {}
            #expect(log.entries == ["too late was added too late"])
            await late?.stop()
            kept = nil
            await late?.stop()
        }
    }

    @Test("a child that is stopped while it waits to be started again stays stopped")
    func stoppedWhileWaiting() async throws {
        try await withVirtualClock { clock in
            let start = clock.now
            try await supervise { group in
                let child = group.add("child") { throw Failure() }
                group.add("other", restart: .temporary) {
                    for _ in 0..<5 { await Task.yield() }
                    await child.stop()
                }
            }
            #expect(log.entries == ["child started", "child failed", "other started", "other returned"])
            #expect(clock.now == start && clock.armedTimers == 0)
        }
    }

    @Test("a failure while others wait to be started again starts them together")
    func failureDuringBackOff() async throws {
        try await withVirtualClock { clock in
            let task = Task {
                try await supervise(.restForOne) { group in
                    group.add("a") {
                        if activity.started == 0 {
                            try await activity.track {
                                try await Task.sleep(for: .milliseconds(1500), clock: .eventLoop)
                            }
                            throw Failure()
                        }
                        try await activity.untilCancelled()
                    }
                    group.add("b", failing(1))
                }
            }
            try await Task.sleep(for: .seconds(20), clock: .eventLoop)
            task.cancel()
            _ = await task.result
            #expect(
                log.entries == [
                    "a started", "b started", "b failed", "a failed", "a started", "b started", "b was stopped",
                    "a was stopped",
                ])
        }
    }

    @Test("an error of setUp is thrown, and nothing is started")
    func setUpFails() async {
        await #expect(throws: Failure(5)) {
            try await supervise { group in
                group.add("child") {}
                throw Failure(5)
            }
        }
        #expect(log.entries.isEmpty)
    }

    @Test("a caller that was cancelled before starts nothing")
    func cancelledBefore() async {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await supervise { group in group.add("child") {} }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(!log.entries.contains("child started"))
    }

    @Test("a child that stops itself ends the program with a message that says so", arguments: [false, true])
    func stopsItself(isSuspendedFirst: Bool) async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            [isSuspendedFirst] in
            try await withSupervision { @MainActor group in
                var child: SupervisedChild?
                child = group.add("selfish") {
                    if isSuspendedFirst { await Task.yield() }
                    await child?.stop()
                }
            }
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("the supervised child \"selfish\" stops itself"))
    }
}
