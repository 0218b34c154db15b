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

    private var tickStart: Instant
    /// When the last tick ended, and the wait for the next one begins.
    private var tickEnd: Instant
    package let poller: EpollPoller
    private let alarm: Alarm
    private let ready = ReadyQueue.shared
    private var timers: TimerWheel
    private var counters = Counters<LoopCounter>.allocate()
    private var isRunning = false
    private var isStopped = false
    private(set) var signals: SignalRegistry?
    let virtualTime = VirtualTime()

    /// How many pieces of work other threads and processes have in hand that will come back to the loop: while there
    /// are any, a loop with nothing to do is not deadlocked, and virtual time stands still.
    package var externalWork = 0
    /// How many threads of this process can reach the loop only by finishing external work.
    package var poolThreads = 0

    /// A tick runs at most this many jobs, and looks at the clock after every `jobsPerClockCheck` of them …
    private static let jobsPerTick = 4096
    private static let jobsPerClockCheck = 64
    /// … to stop once they have taken this long. What is left runs in the next tick, after a look at I/O and timers.
    private static let nanosecondsPerTick: UInt64 = 1_000_000

    private init() {
        tickStart = .readClock()
        tickEnd = tickStart
        timers = TimerWheel(origin: tickStart)
        do throws(SystemError) {
            poller = try EpollPoller()
            try poller.add(ready.wakeDescriptor, interest: .readable, edgeTriggered: true, target: WakeTarget())
            alarm = try Alarm(poller)
        } catch {
            // Only reached when the process may open no descriptor at all at its very start.
            fatalError("cannot create the event loop: \(error)")
        }
    }

    // MARK: Time

    /// The time as this tick saw it when it woke; free, and at most a tick old. See `time()`.
    public var now: Instant {
        virtualTime.isInUse ? VirtualClock.current?.now ?? tickStart : tickStart
    }

    /// The time (some 25 ns). Inside `withVirtualClock` it is that clock's.
    public func time() -> Instant {
        virtualTime.isInUse ? VirtualClock.current?.now ?? .readClock() : .readClock()
    }

    // MARK: Scheduling

    /// Calls `action` in this tick or the next, after everything that is already queued.
    ///
    /// It sees the task-local values of the task that calls this; a task with any makes the call cost a task of its
    /// own.
    public func callSoon(_ action: @escaping @MainActor () -> Void) {
        if TaskLocals.areBound {
            Task { action() }
        } else {
            ready.append(.callback(action))
        }
    }

    /// Calls `action` as `callSoon` does, but without the task-local values of the task that happens to call this: for what is
    /// done for many tasks at once.
    package func callSoonForAll(_ action: @escaping @MainActor () -> Void) {
        ready.append(.callback(action))
    }

    /// Whether nothing is queued behind the job that is running.
    package var hasNothingQueued: Bool { ready.isEmpty }

    /// Calls `action` on the loop, from any thread; wakes the loop when it waits (man 2 eventfd). Task-local values are
    /// kept as by `callSoon`.
    public nonisolated static func callSoonThreadsafe(_ action: @escaping @MainActor @Sendable () -> Void) {
        if TaskLocals.areBound {
            Task { @MainActor in action() }
        } else {
            ReadyQueue.shared.append(.callback(action))
        }
    }

    /// Calls `action` once, `delay` from now, never early and at most a millisecond and a tick late.
    /// A delay that is zero or negative means as soon as possible. Task-local values are kept as by `callSoon`.
    @discardableResult
    public func callLater(_ delay: Duration, _ action: @escaping () -> Void) -> LoopTimer {
        callAt(time() + delay, action)
    }

    /// Calls `action` once at `instant`, or as soon as possible if that has passed. Task-local values are kept as by
    /// `callSoon`.
    @discardableResult
    public func callAt(_ instant: Instant, _ action: @escaping () -> Void) -> LoopTimer {
        let timer = TaskLocals.areBound ? CarryingTimer(action: action) : LoopTimer(action: action)
        timer.arm(at: instant)
        return timer
    }

    /// Lets everything run that is ready now, and then the calling task again: `Task.yield` at two thirds of its cost.
    public static func yield() async {
        await withUnsafeContinuation { ReadyQueue.shared.append(.continuation($0)) }
    }

    func schedule(_ job: UnownedJob, after delay: Duration) {
        if delay <= .zero {
            ready.append(.standardJob(job))
        } else {
            let wakeTime = time() + delay
            LoopDebugger.current?.currentTaskSleeps(until: wakeTime)
            LoopTimer { ReadyQueue.shared.append(.standardJob(job)) }.arm(at: wakeTime)
        }
    }

    /// How many timers are armed, sleeping tasks among them.
    public var armedTimers: Int { timers.count }

    func insert(_ timer: LoopTimer, at instant: Instant) {
        if virtualTime.isInUse, let clock = VirtualClock.current {
            clock.insert(timer, at: instant)
        } else {
            timers.insert(timer, at: instant)
        }
    }

    func remove(_ timer: LoopTimer) {
        if let clock = timer.clock {
            clock.remove(timer)
        } else {
            timers.remove(timer)
        }
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

    /// Runs the loop until `stop`: what an `async` main does by itself, for programs that have none.
    ///
    /// A loop that nothing can ever wake again ends the program, with a message that says so.
    public func runForever() {
        do {
            try runUntilStopped()
        } catch {
            fatalError("\(error)")
        }
    }

    /// Ends `runForever` after the current tick.
    public func stop() {
        isStopped = true
    }

    /// Turns the loop until it is stopped.
    ///
    /// - Throws: when nothing can wake it any more.
    func runUntilStopped() throws(DeadlockError) {
        if isRunning { fatalError("the event loop is running already: await, in place of running it once more") }
        isRunning = true
        isStopped = false
        defer { isRunning = false }
        LoopDebugger.startIfAsked()
        tickEnd = .readClock()
        while !isStopped {
            try tick()
        }
    }

    private func tick() throws(DeadlockError) {
        let count = poller.wait(milliseconds: try waitMilliseconds())
        let start = Instant.readClock()
        tickStart = start
        LoopDebugger.current?.tickBegan(at: start)
        poller.dispatch(count)
        fireTimers()
        if virtualTime.isInUse, count == 0, ready.isEmpty { virtualTime.turn(mayAdvance: externalWork == 0) }
        let jobs = runReady(startedAt: start)
        LoopDebugger.current?.tickEnded()
        account(start: start, events: count, jobs: jobs)
    }

    /// How long to wait at most; -1 for as long as it takes something to happen, the alarm among that.
    private func waitMilliseconds() throws(DeadlockError) -> Int32 {
        guard ready.isEmpty else { return 0 }
        if virtualTime.isInUse, virtualTime.isDue(mayAdvance: externalWork == 0) { return 0 }
        guard let due = timers.nextInstant else {
            if isDeadlocked { throw DeadlockError(tasks: LoopDebugger.current?.dump()) }
            return -1
        }
        // A timer that has been put off leaves the alarm where it is: it rings too early once.
        if alarm.instant <= due { return -1 }
        let patience = timers.millisecondsToNext(from: tickEnd)
        return patience >= Self.alarmMilliseconds && alarm.set(for: due) ? -1 : patience
    }

    /// Waits from this long on are left to the alarm: one system call for any number of waits until then.
    private static let alarmMilliseconds: Int32 = 2

    /// Whether nothing can ever happen any more: only asked when the loop is about to wait without limit.
    private var isDeadlocked: Bool {
        externalWork == 0 && poller.isIdle && ProcessThreads.count == 1 + poolThreads
    }

    private func fireTimers() {
        for timer in timers.expire(upTo: tickStart) where TimerWheel.claim(timer) {
            timer.fire()
        }
    }

    private func runReady(startedAt start: Instant) -> Int {
        var jobs = 0
        while jobs < Self.jobsPerTick, let item = ready.popFirst() {
            if let debugger = LoopDebugger.current { debugger.run(item) } else { item.run() }
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
        tickEnd = .readClock()
        let busy = tickEnd.nanoseconds - start.nanoseconds
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
