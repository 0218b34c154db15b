import CMartlet
import Glibc

/// The process's event loop. It *is* Swift's executor: every task, every `MainActor` function and every sleeping
/// task of a program that links this module runs on it, on one thread.
///
/// A tick waits for the kernel (at most until the next timer), dispatches what became ready, fires timers and runs what
/// is queued, within a budget: a flood of ready jobs cannot keep it from I/O, nor a flood of I/O from the jobs.
///
/// ```swift
/// EventLoop.main.callLater(.seconds(1)) { print("a second later") }
/// ```
public final class EventLoop {
    /// The process's only loop.
    public static let main = EventLoop()

    /// The clock as this tick saw it when it woke; see `Instant.readClock()` for the exact time.
    public private(set) var now: Instant

    package let poller: EpollPoller
    private let ready = ReadyQueue.shared
    private var timers: TimerWheel
    private var counters = Counters<LoopCounter>.allocate()
    private var isStopped = false
    private(set) var signals: SignalRegistry?

    /// A tick runs at most this many jobs, and looks at the clock after every `jobsPerClockCheck` of them …
    private static let jobsPerTick = 4096
    private static let jobsPerClockCheck = 64
    /// … to stop once they have taken this long. What is left runs in the next tick, after a look at I/O and timers.
    private static let nanosecondsPerTick: UInt64 = 1_000_000

    private init() {
        now = .readClock()
        timers = TimerWheel(origin: now)
        do throws(SystemError) {
            poller = try EpollPoller()
            try poller.add(ready.wakeDescriptor, interest: .readable, edgeTriggered: true, target: WakeTarget())
        } catch {
            // Only reached when the process may open no descriptor at all at its very start.
            fatalError("cannot create the event loop: \(error)")
        }
    }

    // MARK: Scheduling

    /// Calls `action` in this tick or the next, after everything that is already queued.
    public func callSoon(_ action: @escaping @MainActor () -> Void) {
        ready.append(.callback(action))
    }

    /// Calls `action` on the loop, from any thread; wakes the loop when it waits (man 2 eventfd).
    public nonisolated static func callSoonThreadsafe(_ action: @escaping @MainActor @Sendable () -> Void) {
        ReadyQueue.shared.append(.callback(action))
    }

    /// Calls `action` once, `delay` from now, never early and at most a millisecond and a tick late.
    /// A delay that is zero or negative means as soon as possible.
    @discardableResult
    public func callLater(_ delay: Duration, _ action: @escaping () -> Void) -> LoopTimer {
        callAt(.readClock() + delay, action)
    }

    /// Calls `action` once at `instant`, or as soon as possible if that has passed.
    @discardableResult
    public func callAt(_ instant: Instant, _ action: @escaping () -> Void) -> LoopTimer {
        let timer = LoopTimer(action: action)
        timer.arm(at: instant)
        return timer
    }

    func schedule(_ job: UnownedJob, after delay: Duration) {
        if delay <= .zero {
            ready.append(.standardJob(job))
        } else {
            callLater(delay) { ReadyQueue.shared.append(.standardJob(job)) }
        }
    }

    /// How many timers are armed, sleeping tasks among them.
    public var armedTimers: Int { timers.count }

    func insert(_ timer: LoopTimer, at instant: Instant) {
        timers.insert(timer, at: instant)
    }

    func remove(_ timer: LoopTimer) {
        timers.remove(timer)
    }

    // MARK: Statistics

    /// Counts into `counters` from now on, which may lie in memory that another process reads. What was counted before
    /// is carried over.
    public func report(into counters: Counters<LoopCounter>) {
        for name in LoopCounter.allCases {
            counters.set(name, self.counters.load(name))
        }
        self.counters = counters
    }

    /// What the loop has counted so far.
    public func statistics(_ name: LoopCounter) -> UInt64 {
        counters.load(name)
    }

    // MARK: Running

    /// Ends `runUntilStopped` after the current tick.
    func stop() {
        isStopped = true
    }

    /// The runtime calls this for an `async` main, and never leaves it: the process ends by `exit`.
    func runUntilStopped() {
        isStopped = false
        while !isStopped {
            tick()
        }
    }

    private func tick() {
        let count = poller.wait(milliseconds: waitMilliseconds())
        let start = Instant.readClock()
        now = start
        poller.dispatch(count)
        fireTimers()
        let jobs = runReady(startedAt: start)
        account(start: start, events: count, jobs: jobs)
    }

    private func waitMilliseconds() -> Int32 {
        guard ready.isEmpty else { return 0 }
        return timers.millisecondsToNext(from: .readClock())
    }

    private func fireTimers() {
        for timer in timers.expire(upTo: now) where TimerWheel.claim(timer) {
            timer.fire()
        }
    }

    private func runReady(startedAt start: Instant) -> Int {
        var jobs = 0
        while jobs < Self.jobsPerTick, let item = ready.popFirst() {
            switch item {
            case .mainJob(let job): job.runSynchronously(on: LoopExecutorFactory.unownedMain)
            case .standardJob(let job): job.runSynchronously(on: LoopExecutorFactory.unownedStandard)
            case .callback(let action): action()
            }
            jobs += 1
            if jobs % Self.jobsPerClockCheck == 0,
                Instant.readClock().nanoseconds - start.nanoseconds > Self.nanosecondsPerTick
            {
                break
            }
        }
        return jobs
    }

    private func account(start: Instant, events: Int, jobs: Int) {
        let busy = Instant.readClock().nanoseconds - start.nanoseconds
        counters.add(.ticks)
        counters.add(.events, UInt64(events))
        counters.add(.jobs, UInt64(jobs))
        counters.add(.busyNanoseconds, busy)
        counters.raise(.longestTickNanoseconds, to: busy)
    }

    /// The registry of signals, made at the first use.
    func signalRegistry() throws(SystemError) -> SignalRegistry {
        if let signals { return signals }
        let made = try SignalRegistry(poller: poller)
        signals = made
        return made
    }
}

/// Takes over what other threads left in the inbox.
private final class WakeTarget: PollTarget {
    func readinessChanged(_ readiness: Readiness) {
        ReadyQueue.shared.collectInbox()
    }
}
