import MartletLoop
import Testing

@Suite("TaskScope")
struct TaskScopeTests {
    private let activity = Activity()

    @Test("drain waits for all, those included that are started meanwhile")
    func drains() async {
        await withVirtualClock { clock in
            let start = clock.now
            let scope = TaskScope()
            scope.spawn {
                try await Task.sleep(for: .seconds(1), clock: .eventLoop)
                scope.spawn { try await Task.sleep(for: .seconds(2), clock: .eventLoop) }
            }
            #expect(scope.count == 1 && !scope.isEmpty)
            #expect(await scope.drain() == 0)
            #expect(scope.isEmpty && clock.now - start == .seconds(3))
        }
    }

    @Test("drain cancels what is left when the time is up, waits for it, and says how much that was")
    func drainsInTime() async {
        await withVirtualClock { clock in
            let start = clock.now
            let scope = TaskScope(onError: { _ in Issue.record("a cancelled task is no error") })
            scope.spawn { try await Task.sleep(for: .seconds(1), clock: .eventLoop) }
            for _ in 0..<2 { scope.spawn { try await activity.untilCancelled(cleanUp: .seconds(2)) } }
            #expect(await scope.drain(within: .seconds(10)) == 2)
            #expect(clock.now - start == .seconds(12) && activity.running == 0)
            scope.spawn { try await activity.untilCancelled() }
            #expect(activity.running == 1)
            #expect(await scope.drain(within: .zero) == 1)
            #expect(await scope.drain(within: .zero) == 0)
        }
    }

    @Test("a task that is started while the scope is being cancelled is cancelled from the outset")
    func lateStart() async {
        let scope = TaskScope()
        var sawCancellation = false
        scope.spawn {
            do { try await activity.untilCancelled() } catch {
                scope.spawn { sawCancellation = Task.isCancelled }
            }
        }
        await scope.drain(within: .zero)
        #expect(sawCancellation)
    }

    @Test("cancelling the one who drains cancels the tasks and waits for them")
    func drainCancelled() async {
        let scope = TaskScope()
        scope.spawn { try await activity.untilCancelled() }
        let drain = Task { await scope.drain() }
        await Task.yield()
        drain.cancel()
        #expect(await drain.value == 1)
        #expect(activity.running == 0)
    }

    @Test("an error is reported with the name and the place of its task, and leaves the others alone")
    func reportsErrors() async {
        let reported = Journal<UnhandledError>()
        let scope = TaskScope(onError: reported.note)
        var other = false
        scope.spawn(name: "mail") {
            #expect(Task.name == "mail")
            await Task.yield()
            throw Failure(1)
        }
        scope.spawn {
            for _ in 0..<5 { await Task.yield() }
            other = true
        }
        scope.spawn { throw CancellationError() }
        await scope.drain()
        #expect(other)
        #expect(reported.entries.count == 2)
        #expect(reported.entries.last?.cause as? Failure == Failure(1))
        #expect(
            reported.entries.last?.description.hasPrefix(
                "unhandled error in the task \"mail\", started at MartletLoopTests/TaskScopeTests.swift:") == true)
    }

    @Test("one task may be cancelled alone, and cancelAll cancels those that run now")
    func cancels() async {
        let scope = TaskScope()
        let one = scope.spawn { try await activity.untilCancelled() }
        scope.spawn { try await activity.untilCancelled() }
        one.cancel()
        await one.value
        #expect(scope.count == 1)
        scope.cancelAll()
        await scope.drain()
        #expect(activity.cancelled == 2)
    }

    @Test("a task that cancels all before it is first suspended is one of them")
    func cancelsItself() async {
        let scope = TaskScope()
        scope.spawn {
            scope.cancelAll()
            try await activity.untilCancelled()
        }
        await scope.drain()
        #expect(activity.cancelled == 1)
    }

    @Test("draining without a limit has no deadline, however late it gets")
    func drainsWithoutLimit() async {
        await withVirtualClock { clock in
            let scope = TaskScope()
            scope.spawn { try await Task.sleep(for: .seconds(1_000_000_000), clock: .eventLoop) }
            #expect(await scope.drain() == 0)
            #expect(clock.armedTimers == 0)
        }
    }

    @Test("tasks are cancelled when their scope goes away")
    func goesAway() async {
        var scope: TaskScope? = TaskScope()
        let task = scope?.spawn { try await activity.untilCancelled() }
        scope = nil
        await task?.value
        #expect(activity.running == 0 && activity.cancelled == 1)
    }

    @Test("a scope around a body waits for its tasks, and cancels them when the body throws")
    func scoped() async {
        await withVirtualClock { clock in
            let start = clock.now
            let value = await withTaskScope { scope in
                scope.spawn { try await Task.sleep(for: .seconds(3), clock: .eventLoop) }
                return 1
            }
            #expect(value == 1 && clock.now - start == .seconds(3))
            await #expect(throws: Failure(2)) {
                try await withTaskScope { scope in
                    scope.spawn { try await activity.untilCancelled(cleanUp: .seconds(1)) }
                    throw Failure(2)
                }
            }
            #expect(activity.running == 0 && clock.now - start == .seconds(4))
        }
    }

    @Test("the deadline of whoever starts a task does not count for it")
    func noDeadline() async throws {
        let scope = TaskScope()
        try await withTimeout(.seconds(5)) {
            _ = scope.spawn { #expect(Deadline.current == nil) }
        }
        await scope.drain()
    }

    @Test("a task that waits for its own scope ends the program with a message that says so", arguments: [false, true])
    func drainsItself(isSuspendedFirst: Bool) async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            [isSuspendedFirst] in
            let scope = await TaskScope()
            await scope.spawn {
                if isSuspendedFirst { await Task.yield() }
                await scope.drain()
            }
            try await Task.sleep(for: .seconds(5), clock: .eventLoop)
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("a task waits for its own scope to drain, which would never end"))
    }
}
