/// Bounds how often something is done, or how much of it, in a stretch of time: a token bucket.
///
/// The bucket holds `burst` tokens and is full to begin with; `rate` tokens flow in during each `period`, evenly, and
/// what does not fit is lost.
///
/// ```swift
/// let requests = RateLimiter(rate: 100, per: .seconds(1), burst: 10)
/// for url in urls {
///     try await requests.acquire()
///     Task { try await fetch(url) }
/// }
/// ```
///
/// Fair: tasks get tokens in the order in which they asked, those that want many as well. Time is the loop's, exact to
/// the nanosecond and without drift, and virtual inside `withVirtualClock`. A timer lets tasks go, up to two
/// milliseconds late; so that the rate is reached all the same, what flows in during two milliseconds may go at once
/// even when that is more than `burst`.
public final class RateLimiter {
    /// How many tokens flow in during each `period`.
    public let rate: Int
    /// In how much time `rate` tokens flow in.
    public let period: Duration
    /// How many tokens there are at most, and to begin with.
    public let burst: Int

    /// Tokens are counted in units of which `rate` flow in each nanosecond and a token is `unitsPerToken`, which keeps
    /// every rate exact.
    private let unitsPerToken: Int128
    /// What the bucket holds; never less than flows in until a timer that is late has fired.
    private let capacity: Int128
    private var units: Int128
    private var lastFill: EventLoop.Instant
    private let waiters = WaitQueue<Int, Void>()
    private lazy var timer = LoopTimer { [weak self] in self?.serve() }

    private static let latenessInNanoseconds: Int128 = 2_000_000

    /// A full bucket.
    ///
    /// - Parameters:
    ///   - rate: how many tokens flow in during each `period`, at least one.
    ///   - period: in how much time, at least a nanosecond.
    ///   - burst: how many tokens there are at most, at least one.
    ///   - file: the place that the program ends with when one of these is not.
    ///   - line: the place that the program ends with when one of these is not.
    public init(rate: Int, per period: Duration, burst: Int, file: StaticString = #fileID, line: UInt = #line) {
        let nanoseconds = period.nanosecondsClamped
        guard rate > 0, nanoseconds > 0, burst > 0 else {
            fatalError(
                "a rate limiter cannot be of \(rate) per \(period), at most \(burst) at once: each has to be above 0",
                file: file, line: line)
        }
        self.rate = rate
        self.period = period
        self.burst = burst
        unitsPerToken = Int128(nanoseconds)
        let full = Int128(burst) * unitsPerToken
        capacity = max(full, Int128(rate) * Self.latenessInNanoseconds)
        units = full
        lastFill = EventLoop.main.time()
    }

    /// How many tokens there are now.
    public var available: Int {
        fill()
        return Int(clamping: max(0, units / unitsPerToken))
    }

    /// How many tasks wait for tokens.
    public var waiterCount: Int { waiters.count }

    /// Waits until there are `count` tokens and takes them.
    ///
    /// More than `burst` are let through when the bucket is full; those who come after wait until the rest has flowed
    /// in as well, so that the rate holds whatever is asked for. The program ends, naming the place that called, when
    /// `count` is negative.
    ///
    /// - Throws: `CancellationError` when the task is cancelled and has to wait: it has taken nothing, and those behind
    ///   it move up.
    public func acquire(
        _ count: Int = 1, file: StaticString = #fileID, line: UInt = #line
    ) async throws(CancellationError) {
        guard !tryAcquire(count, file: file, line: line) else { return }
        if waiters.isEmpty { timer.arm(at: instant(for: count)) }
        do throws(CancellationError) {
            try await waiters.wait(count)
        } catch {
            serve()
            throw error
        }
    }

    /// Takes `count` tokens if they are there and nobody waits, without waiting; see `acquire`.
    ///
    /// - Returns: whether it did.
    public func tryAcquire(_ count: Int = 1, file: StaticString = #fileID, line: UInt = #line) -> Bool {
        guard count >= 0 else {
            fatalError("asked a rate limiter for \(count) tokens: it gives 0 or more", file: file, line: line)
        }
        guard waiters.isEmpty else { return false }
        fill()
        return take(count)
    }

    /// Lets those go on whose tokens are there, and sets the timer for the next.
    private func serve() {
        fill()
        while let waiter = waiters.first, take(waiter.request) { waiters.answer(waiter, ()) }
        if let waiter = waiters.first {
            timer.arm(at: instant(for: waiter.request))
        } else {
            timer.cancel()
        }
    }

    private func take(_ count: Int) -> Bool {
        guard units >= unitsNeeded(for: count) else { return false }
        units -= Int128(count) * unitsPerToken
        return true
    }

    private func unitsNeeded(for count: Int) -> Int128 {
        min(Int128(count) * unitsPerToken, capacity)
    }

    /// When there will be enough for `count`, which there is not yet.
    private func instant(for count: Int) -> EventLoop.Instant {
        let missing = unitsNeeded(for: count) - units
        let (whole, rest) = missing.quotientAndRemainder(dividingBy: Int128(rate))
        return lastFill + .nanoseconds(Int64(clamping: rest == 0 ? whole : whole + 1))
    }

    private func fill() {
        let now = EventLoop.main.time()
        guard now > lastFill else { return }
        // 64 bits by 63: fits.
        let gained = Int128(now.nanoseconds - lastFill.nanoseconds) * Int128(rate)
        let (sum, overflow) = units.addingReportingOverflow(gained)
        units = overflow ? capacity : min(sum, capacity)
        lastFill = now
    }
}
