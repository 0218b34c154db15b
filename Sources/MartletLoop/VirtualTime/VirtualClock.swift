/// A clock that stands still until it is moved, for tests of timers that take no time and are exact.
///
/// Inside `withVirtualClock`, timers, sleeps and timeouts are those of the virtual clock, in every task that is started
/// there; the rest of the process goes on in real time. Time is counted in milliseconds: what is due between two of
/// them is due at the second one.
public final class VirtualClock {
    /// The one whose scope the current task is in.
    nonisolated static var current: VirtualClock? { VirtualScope.clock }

    /// The time that it shows.
    public private(set) var now: EventLoop.Instant
    let advancesItself: Bool
    private var timers: TimerWheel

    fileprivate init(advancesItself: Bool) {
        self.advancesItself = advancesItself
        now = .readClock()
        timers = TimerWheel(origin: now)
    }

    /// How many timers are armed on it, sleeping tasks among them.
    public var armedTimers: Int { timers.count }

    /// Moves on by `duration`, and fires on the way what is due, in order; before each step and after the last,
    /// everything runs that can.
    public func advance(by duration: Duration) async {
        let end = now + duration
        await EventLoop.main.virtualTime.settle()
        while let next = timers.nextInstant, next <= end {
            move(to: next)
            await EventLoop.main.virtualTime.settle()
        }
        now = max(now, end)
    }

    /// Lets everything run that can at the present time, without moving on.
    public func settle() async {
        await EventLoop.main.virtualTime.settle()
    }

    /// Moves to the next timer and fires what is due then.
    func step() {
        if let next = timers.nextInstant { move(to: next) }
    }

    var hasTimers: Bool { timers.count > 0 }

    func insert(_ timer: LoopTimer, at instant: EventLoop.Instant) {
        timer.clock = self
        timers.insert(timer, at: instant)
    }

    func remove(_ timer: LoopTimer) {
        timers.remove(timer)
        timer.clock = nil
    }

    private func move(to instant: EventLoop.Instant) {
        now = max(now, instant)
        let due = timers.expire(upTo: now)
        VirtualScope.$clock.withValue(self) {
            for timer in due where TimerWheel.claim(timer) {
                timer.clock = nil
                timer.fire()
            }
        }
    }
}

private nonisolated enum VirtualScope {
    @TaskLocal static var clock: VirtualClock?
}

/// Runs `body` with a virtual clock. `Task.sleep` without a clock is virtual as well, but takes its deadline from the
/// real clock: held up just then, it comes out shorter by as much.
///
/// ```swift
/// try await withVirtualClock { clock in
///     let start = clock.now
///     try await Task.sleep(for: .seconds(3600), clock: .eventLoop)     // takes no time
///     #expect(clock.now - start == .seconds(3600))
/// }
/// ```
///
/// - Parameters:
///   - advancesItself: whether time jumps to the next timer whenever nothing else can happen: nothing is ready to run,
///     no
///     descriptor is ready and no thread has work in hand. Otherwise only `VirtualClock.advance(by:)` moves it.
///   - body: what to run.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws.
@MainActor public func withVirtualClock<Value: Sendable>(
    advancesItself: Bool = true, _ body: (VirtualClock) async throws -> Value
) async rethrows -> Value {
    let clock = VirtualClock(advancesItself: advancesItself)
    EventLoop.main.virtualTime.add(clock)
    defer { EventLoop.main.virtualTime.remove(clock) }
    return try await VirtualScope.$clock.withValue(clock) { try await body(clock) }
}
