@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) import _Concurrency
import CMartlet

// The only file that knows the executor SPI (SE-0505 is in revision: expect renames, and keep them in here).
// `swift_createExecutors` is called from a C constructor, so any program that links this module is on the loop:
// the documented `typealias DefaultExecutorFactory` is silently ignored by Swift 6.3 on Linux.

#if compiler(<6.3)
    #error("Martlet needs Swift 6.3 or newer: the custom executor interface that the event loop stands on")
#endif

/// Called by CMartlet's constructor, on the main thread, before `main`.
@_cdecl("martlet_install_executors")
nonisolated func installExecutors() {
    martlet_enter_loop_thread()
    _createExecutors(factory: LoopExecutorFactory.self)
}

nonisolated struct LoopExecutorFactory: ExecutorFactory {
    private static let main = LoopMainExecutor()
    private static let standard = LoopTaskExecutor()

    static var mainExecutor: any MainExecutor { main }
    static var defaultExecutor: any TaskExecutor { standard }

    /// How jobs of the two executors are run; made once, because making one costs a call for each job.
    static let unownedMain = main.asUnownedSerialExecutor()
    static let unownedStandard = standard.asUnownedTaskExecutor()
}

// Two classes over one ready queue: one class for both roles made a `@concurrent` call cost 260 ns in place of 37.

/// `MainActor`'s executor: the event loop.
nonisolated final class LoopMainExecutor: MainExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        ReadyQueue.shared.append(.mainJob(UnownedJob(job)))
    }

    func run() throws {
        MainActor.assumeIsolated { EventLoop.main.runForever() }
    }

    func stop() {
        if martlet_on_loop_thread() {
            MainActor.assumeIsolated { EventLoop.main.stop() }
        } else {
            EventLoop.callSoonThreadsafe { EventLoop.main.stop() }
        }
    }

    func isIsolatingCurrentContext() -> Bool? {
        martlet_on_loop_thread()
    }

    func checkIsolated() {
        require(martlet_on_loop_thread(), "MainActor code was called on a thread that is not the event loop's")
    }
}

/// The default executor of tasks and nonisolated `async` functions: the same loop, so that nothing hops threads.
nonisolated final class LoopTaskExecutor: TaskExecutor, SchedulingExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        ReadyQueue.shared.append(standard: UnownedJob(job))
    }

    func enqueue<C: Clock>(
        _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
    ) {
        schedule(UnownedJob(job), after: Self.duration(delay, of: clock))
    }

    func enqueue<C: Clock>(
        _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
    ) {
        schedule(UnownedJob(job), after: Self.duration(clock.now.duration(to: instant), of: clock))
    }

    private func schedule(_ job: UnownedJob, after delay: Duration) {
        if martlet_on_loop_thread() {
            MainActor.assumeIsolated { EventLoop.main.schedule(job, after: delay) }
        } else {
            EventLoop.callSoonThreadsafe { EventLoop.main.schedule(job, after: delay) }
        }
    }

    /// The clocks of the standard library count in `Duration`. One that does not is asked how long that is by sleeping
    /// in steps of a second, which only ever wakes the job early: the sleeper looks at its clock again.
    private static func duration<C: Clock>(_ delay: C.Duration, of clock: C) -> Duration {
        if let duration = delay as? Duration { return duration }
        return delay <= .zero ? .zero : .seconds(1)
    }
}
