import MartletLoop
import Testing

nonisolated extension CancellationScenario {
    /// What runs other tasks: each scenario has an `Activity` that must have come to rest.
    static var tasks: [CancellationScenario] { gathering + watching + deadlines + scopes + supervision }

    private static func scenario(
        _ description: String, canThrow: Bool = true,
        _ body: @escaping @MainActor (Activity, CancellationTrial) async throws -> Void
    ) -> CancellationScenario {
        CancellationScenario(description, canThrow: canThrow) { trial in
            let activity = trial.tracked(Activity())
            trial.check("no body is running") { activity.running == 0 }
            trial.check("no timer is armed") { trial.clock.armedTimers == 0 }
            return { try await body(activity, trial) }
        }
    }

    private static var gathering: [CancellationScenario] {
        [
            scenario("gather of a sequence") { activity, _ in
                _ = try await gather(1...3) { number in try await activity.turns(number) }
            },
            scenario("gather of a sequence with a limit") { activity, _ in
                _ = try await gather(1...4, limit: 2) { number in try await activity.turns(number) }
            },
            scenario("gather of a tuple") { activity, _ in
                _ = try await gather({ try await activity.turns(1) }, { try await activity.turns(3) })
            },
            scenario("gatherResults of a sequence and of a tuple") { activity, _ in
                _ = try await gatherResults(1...3) { number in try await activity.turns(number) }
                _ = try await gatherResults({ try await activity.turns(1) }, { try await activity.turns(2) })
            },
            scenario("gather inside of gather") { activity, _ in
                _ = try await gather(1...2) { _ in
                    try await gather(1...2) { number in try await activity.turns(number) }
                }
            },
            scenario("a loop over asCompleted, with a limit") { activity, _ in
                for try await _ in asCompleted(1...4, limit: 2, activity.turns) { await Task.yield() }
            },
            scenario("a scope of asCompleted that is left early") { activity, _ in
                try await asCompleted(1...3) { number in
                    try await activity.turns(number * 2)
                } consume: { values in
                    for try await _ in values { break }
                }
            },
        ]
    }

    private static var watching: [CancellationScenario] {
        [
            scenario("wait for tasks") { activity, trial in
                let tasks = (1...3).map { number in Task { _ = try? await activity.turns(number) } }
                defer { for task in tasks { trial.helper { await task.value } } }
                _ = try await wait(for: tasks, until: .firstCompleted)
                _ = try await wait(for: tasks, timeout: .seconds(5))
            },
            CancellationScenario("wait for a future") { trial in
                let promise = trial.tracked(Promise<Int>())
                trial.step { promise.succeed(1) }
                trial.check("no timer is armed") { trial.clock.armedTimers == 0 }
                return { _ = try await wait(for: [promise.future], timeout: .seconds(5)) }
            },
        ]
    }

    private static var deadlines: [CancellationScenario] {
        [
            scenario("withTimeout") { activity, _ in
                try await withTimeout(.seconds(5)) { _ = try await activity.turns(3) }
            },
            scenario("withTimeout that expires") { activity, _ in
                do {
                    try await withTimeout(.milliseconds(3)) { _ = try await activity.untilCancelled() }
                    Issue.record("it did not expire")
                } catch is TimeoutError {}
            },
            scenario("a deadline within a deadline, which expires") { activity, _ in
                do {
                    try await withTimeout(.milliseconds(3)) {
                        try await withTimeout(.seconds(5)) { _ = try await activity.untilCancelled() }
                    }
                    Issue.record("it did not expire")
                } catch is TimeoutError {}
            },
            scenario("retry") { activity, _ in
                let backoff = Backoff.constant(.milliseconds(1))
                try await retry(attempts: 3, backoff: backoff) { attempt in
                    _ = try await activity.turns(1)
                    if attempt < 3 { throw Failure(attempt) }
                }
            },
        ]
    }

    private static var scopes: [CancellationScenario] {
        [
            CancellationScenario("shield") { trial in
                let activity = trial.tracked(Activity())
                var isDone = false
                let done = Promise<Void>()
                trial.helper { try await done.future.value }
                trial.check("the work was done") { isDone && activity.running == 0 }
                return {
                    try await shield {
                        _ = try await activity.turns(3)
                        isDone = true
                        done.succeed(())
                    }
                }
            },
            scenario("uncancelled", canThrow: false) { activity, _ in
                try await uncancelled { _ = try await activity.turns(3) }
            },
            scenario("a scope for tasks") { activity, _ in
                try await withTaskScope { scope in
                    for number in 1...3 { scope.spawn { _ = try await activity.turns(number) } }
                    _ = try await activity.turns(2)
                }
            },
            scenario("drain", canThrow: false) { activity, _ in
                let scope = TaskScope()
                for number in 1...3 { scope.spawn { _ = try await activity.turns(number) } }
                await scope.drain(within: .seconds(5))
            },
        ]
    }

    private static var supervision: [CancellationScenario] {
        let strategies: [(String, RestartStrategy)] = [
            ("oneForOne", .oneForOne), ("oneForAll", .oneForAll), ("restForOne", .restForOne),
        ]
        return strategies.map { name, strategy in
            scenario("a supervised group, \(name), with a child that fails once") { activity, _ in
                var hasFailed = false
                let backoff = Backoff.constant(.milliseconds(1))
                try await withSupervision(strategy: strategy, backoff: backoff, onEvent: { _ in }) { group in
                    group.add("first", restart: .transient) { _ = try await activity.turns(3) }
                    group.add("failing", restart: .transient) {
                        _ = try await activity.turns(1)
                        guard hasFailed else {
                            hasFailed = true
                            throw Failure()
                        }
                    }
                    group.add("last", restart: .transient) { _ = try await activity.turns(3) }
                }
            }
        }
    }
}

extension Activity {
    /// Takes so many turns of the loop, and ends early when it is cancelled.
    func turns(_ count: Int) async throws -> Int {
        try await track {
            for _ in 0..<count {
                await Task.yield()
                try Task.checkCancellation()
            }
            return count
        }
    }
}
