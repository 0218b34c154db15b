import MartletLoop
import Testing

/// A row of the table of things that must survive being cancelled: what is tried, and what must hold afterwards.
///
/// `prepare` is called anew for each run. It makes what is tested, says what happens meanwhile and what must hold at
/// the end, and returns the body of the task under test, which the harness runs and cancels:
///
/// ```swift
/// CancellationScenario("a lock that somebody holds") { trial in
///     let lock = trial.tracked(Lock())
///     _ = lock.tryAcquire()
///     trial.step { lock.release() }
///     trial.check("the lock is free") { !lock.isLocked }
///     return { try await lock.withLock { await Task.yield() } }
/// }
/// ```
///
/// To add scenarios, make a file `CancellationScenario+Subject.swift` with a `nonisolated extension` in which
/// `static var subject: [CancellationScenario]` lists them, and add `subject` to `CancellationScenario.all`. Keep each
/// to a few steps and a few milliseconds: a run is made for each turn of the loop that it takes.
nonisolated struct CancellationScenario: Sendable, CustomTestStringConvertible {
    typealias Body = @MainActor () async throws -> Void

    let testDescription: String
    /// Whether cancelling it at the right moment ends it with an error. Not so for what goes on regardless.
    let canThrow: Bool
    let prepare: @MainActor (CancellationTrial) async throws -> Body

    init(
        _ description: String, canThrow: Bool = true,
        prepare: @escaping @MainActor (CancellationTrial) async throws -> Body
    ) {
        testDescription = description
        self.canThrow = canThrow
        self.prepare = prepare
    }
}

/// One run of a scenario, as the scenario sees it.
final class CancellationTrial {
    /// How the task under test ended.
    enum Outcome {
        case finished
        /// With a `CancellationError`.
        case cancelled
        case failed(any Error)
    }

    /// How the task under test ended; `nil` as long as it runs.
    fileprivate(set) var outcome: Outcome?
    /// The time of the run, which moves when a step or the harness moves it.
    let clock: VirtualClock

    fileprivate var steps: [@MainActor () async throws -> Void] = []
    fileprivate var checks: [(comment: String, holds: @MainActor () -> Bool)] = []
    fileprivate var tracked: [Tracked] = []
    fileprivate var runningHelpers = 0

    fileprivate init(clock: VirtualClock) {
        self.clock = clock
    }

    /// Whether the task under test ran to its end.
    var isFinished: Bool {
        if case .finished = outcome { true } else { false }
    }

    /// Whether the task under test ended with a `CancellationError`.
    var isCancelled: Bool {
        if case .cancelled = outcome { true } else { false }
    }

    /// What happens next to the task under test, a few turns of the loop after what was said before. It happens in
    /// every run, whether the task was cancelled before or not, and must not wait for it. Time is moved in a step by
    /// `clock.advance(by:)`; without such a step it moves a millisecond a turn once all steps are done.
    func step(_ action: @escaping @MainActor () async throws -> Void) {
        steps.append(action)
    }

    /// Starts another task now, before the one under test. It has to end by itself, whatever becomes of that one.
    func helper(_ body: @escaping @MainActor () async throws -> Void) {
        runningHelpers += 1
        Task.immediate {
            try? await body()
            runningHelpers -= 1
        }
    }

    /// What must hold when all tasks have ended and all steps are done, however the task under test ended.
    func check(_ comment: String, _ holds: @escaping @MainActor () -> Bool) {
        checks.append((comment, holds))
    }

    /// An object that must be gone when the run is over: one in which a waiter is left is not.
    func tracked<Object: AnyObject>(_ object: Object) -> Object {
        tracked.append(Tracked(object))
        return object
    }

    fileprivate struct Tracked {
        weak var object: AnyObject?
        let type: String

        init(_ object: AnyObject) {
            self.object = object
            type = "\(Swift.type(of: object))"
        }
    }
}

/// Runs a scenario to its end, and then again and again, cancelling the task under test at another moment each time:
/// before it starts, at the first moment at which it is suspended, at the second, and so on for as many as the whole
/// run had. Moments lie between any two turns of the loop, right before each step and right after it, so that a wait is
/// met while it waits, and when it has been answered and the task has not gone on yet.
///
/// After each run the checks must hold, tracked objects must be gone, and the task must have finished or thrown
/// `CancellationError`; without being cancelled it must have finished. A run that does not end is reported as well.
func cancelledAtEverySuspension(
    of scenario: CancellationScenario, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    func run(cancellingAt moment: Int?) async throws -> CancellationRun.Result {
        try await withVirtualClock(advancesItself: false) { clock in
            try await CancellationRun(scenario, clock, cancellingAt: moment, sourceLocation).perform()
        }
    }
    let whole = try await run(cancellingAt: nil)
    guard !whole.isHung else { return }
    guard whole.moments <= 2000 else {
        Issue.record("it has \(whole.moments) moments: make the scenario smaller", sourceLocation: sourceLocation)
        return
    }
    var thrown = 0
    for moment in 0..<whole.moments {
        let result = try await run(cancellingAt: moment)
        guard !result.isHung else { return }
        if result.hasThrown { thrown += 1 }
    }
    #expect(
        thrown > 0 || !scenario.canThrow, "it threw at none of \(whole.moments) moments: the scenario tests nothing",
        sourceLocation: sourceLocation)
}

/// One run, as the harness drives it.
private final class CancellationRun {
    struct Result: Sendable {
        /// How many moments it had at which the task could be cancelled.
        var moments = 0
        var wasCancelled = false
        var hasThrown = false
        var isHung = false
    }

    private static let turnsBetweenSteps = 3
    /// After so many turns without an end time moves, and after so many more of them in the real world as well.
    private static let turnsBeforeTime = 20
    private static let turnsBeforeWaiting = 100
    private static let patience: Duration = .seconds(60)

    private let scenario: CancellationScenario
    private let trial: CancellationTrial
    private let cancelledMoment: Int?
    private let sourceLocation: SourceLocation
    private var result = Result()
    private var task: Task<Void, Never>?

    init(_ scenario: CancellationScenario, _ clock: VirtualClock, cancellingAt moment: Int?, _ place: SourceLocation) {
        self.scenario = scenario
        trial = CancellationTrial(clock: clock)
        cancelledMoment = moment
        sourceLocation = place
    }

    func perform() async throws -> Result {
        try await start()
        for step in trial.steps where !result.isHung {
            for _ in 0..<Self.turnsBetweenSteps { await turn() }
            await perform(step)
            cancelIfItIsTime()
        }
        if !result.isHung { await runToTheEnd() }
        if !result.isHung {
            judge()
            await expectNothingIsLeft()
        }
        return result
    }

    private func start() async throws {
        let body = try await scenario.prepare(trial)
        let run: @MainActor () async -> Void = { [trial] in
            do {
                try await body()
                trial.outcome = .finished
            } catch is CancellationError {
                trial.outcome = .cancelled
            } catch {
                trial.outcome = .failed(error)
            }
        }
        if cancelledMoment == 0 {
            task = Task { await run() }
        } else {
            task = Task.immediate { await run() }
            result.moments = 1
        }
        cancelIfItIsTime()
    }

    /// A moment at which the task could be cancelled.
    private func cancelIfItIsTime() {
        guard trial.outcome == nil, !result.wasCancelled else { return }
        if result.moments == cancelledMoment {
            result.wasCancelled = true
            task?.cancel()
        }
        result.moments += 1
    }

    private func turn() async {
        await withUnsafeContinuation { (turned: UnsafeContinuation<Void, Never>) in
            EventLoop.main.callSoon { turned.resume() }
        }
        cancelIfItIsTime()
    }

    private func perform(_ step: @escaping @MainActor () async throws -> Void) async {
        var isDone = false
        Task.immediate {
            do {
                try await step()
            } catch {
                Issue.record("a step threw \(error), \(when)", sourceLocation: sourceLocation)
            }
            isDone = true
        }
        await turnUntil("a step", ends: { isDone })
    }

    private func runToTheEnd() async {
        await turnUntil("the task under test", ends: { trial.outcome != nil }, movingTime: true)
        await turnUntil("a helper", ends: { trial.runningHelpers == 0 }, movingTime: true)
    }

    private func turnUntil(_ what: String, ends hasEnded: () -> Bool, movingTime: Bool = false) async {
        let start = EventLoop.Instant.readClock()
        var turns = 0
        while !hasEnded(), !result.isHung {
            await turn()
            turns += 1
            if movingTime, turns > Self.turnsBeforeTime { await trial.clock.advance(by: .milliseconds(1)) }
            if turns > Self.turnsBeforeWaiting { await waitInRealTime() }
            if EventLoop.Instant.readClock() - start > Self.patience {
                result.isHung = true
                Issue.record("\(what) does not end, \(when)", sourceLocation: sourceLocation)
            }
        }
    }

    private func waitInRealTime() async {
        await Task.detached { try? await Task.sleep(for: .milliseconds(1)) }.value
    }

    private var when: String {
        guard result.wasCancelled, let cancelledMoment else { return "not cancelled" }
        return "cancelled at moment \(cancelledMoment)"
    }

    private func judge() {
        switch trial.outcome {
        case .failed(let error):
            Issue.record("it threw \(error), \(when)", sourceLocation: sourceLocation)
        case .cancelled:
            result.hasThrown = true
            #expect(result.wasCancelled, "it threw CancellationError, \(when)", sourceLocation: sourceLocation)
        case .finished, nil:
            break
        }
        for check in trial.checks {
            #expect(check.holds(), "\(check.comment), \(when)", sourceLocation: sourceLocation)
        }
    }

    private func expectNothingIsLeft() async {
        let tracked = trial.tracked
        trial.steps = []
        trial.checks = []
        task = nil
        // What was cancelled or resumed last lets go of what it held in its own turn.
        for _ in 0..<Self.turnsBetweenSteps { await turn() }
        for object in tracked {
            #expect(
                object.object == nil, "a \(object.type) is still held, \(when)",
                sourceLocation: sourceLocation)
        }
    }
}
