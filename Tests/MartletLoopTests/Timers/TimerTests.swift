import MartletLoop
import Testing

@testable import struct MartletLoop.TimerWheel

@Suite("Timers")
struct TimerTests {
    @Test("timers fire in the order of their instants, never early")
    func firesInOrder() async {
        var fired: [Int] = []
        let start = EventLoop.Instant.readClock()
        await withUnsafeContinuation { (done: UnsafeContinuation<Void, Never>) in
            for delay in [15, 5, 10, 1] {
                EventLoop.main.callLater(.milliseconds(delay)) {
                    #expect(EventLoop.Instant.readClock() - start >= .milliseconds(delay))
                    fired.append(delay)
                    if fired.count == 4 { done.resume() }
                }
            }
        }
        #expect(fired == [1, 5, 10, 15])
    }

    @Test("a cancelled timer does not fire, even when one that is due with it cancels it")
    func cancelledDoesNotFire() async {
        var fired = 0
        let instant = EventLoop.Instant.readClock() + .milliseconds(3)
        var timers: [LoopTimer] = []
        for index in 0..<2 {
            timers.append(
                EventLoop.main.callAt(instant) {
                    fired += 1
                    timers[1 - index].cancel()
                })
        }
        let cancelled = EventLoop.main.callLater(.milliseconds(1)) { fired += 100 }
        cancelled.cancel()
        cancelled.cancel()
        #expect(!cancelled.isArmed)
        await withUnsafeContinuation { done in EventLoop.main.callLater(.milliseconds(10)) { done.resume() } }
        #expect(fired == 1)
    }

    @Test(
        "a delay in the past, or zero, means as soon as possible",
        arguments: [Duration.zero, .seconds(-1), .seconds(Int64.min)])
    func pastMeansNow(delay: Duration) async throws {
        await withUnsafeContinuation { done in EventLoop.main.callLater(delay) { done.resume() } }
        try await Task.sleep(for: delay)
    }

    @Test("a timer may be armed again from its own action")
    func rearms() async {
        var count = 0
        await withUnsafeContinuation { (done: UnsafeContinuation<Void, Never>) in
            var timer: LoopTimer?
            timer = LoopTimer {
                count += 1
                if count == 3 {
                    timer = nil
                    done.resume()
                } else {
                    timer?.arm(at: EventLoop.main.now + .milliseconds(1))
                }
            }
            timer?.arm(at: EventLoop.main.now)
        }
        #expect(count == 3)
    }

    // The wheel itself, with time moved by hand.

    @Test("whatever the delay, a timer is due in its own millisecond and not before")
    func everyDelayIsExact() {
        let delays: [UInt64] = [
            1, 2, 63, 64, 65, 127, 128, 4095, 4096, 4097, 262_143, 262_144, 16_777_217, 4_000_000_000,
        ]
        for start in [UInt64(0), 1, 63, 64, 4095, 1_000_003] {
            for delay in delays {
                var wheel = TimerWheel(origin: instant(0))
                if start > 0 {
                    // Turns the wheel to `start`: an empty one has no reason to move.
                    wheel.insert(LoopTimer {}, at: instant(start))
                    _ = wheel.expire(upTo: instant(start))
                }
                var now = start
                let timer = LoopTimer {}
                wheel.insert(timer, at: instant(start + delay))
                var due: [LoopTimer] = []
                while due.isEmpty {
                    let wait = wheel.millisecondsToNext(from: instant(now))
                    #expect(wait > 0)
                    now += UInt64(wait)
                    due = wheel.expire(upTo: instant(now)).filter { TimerWheel.claim($0) && $0 === timer }
                }
                #expect(now == start + delay, "delay \(delay) from \(start)")
                #expect(wheel.count == 0)
            }
        }
    }

    @Test("random timers, cancelled and re-armed at random, fire exactly when they are due")
    func randomTimers() {
        var generator = SeededGenerator(state: 42)
        var wheel = TimerWheel(origin: instant(0))
        var expected: [ObjectIdentifier: UInt64] = [:]
        var timers: [LoopTimer] = []
        var now: UInt64 = 0
        for _ in 0..<3000 {
            let delay = UInt64.random(in: 1...(1 << UInt64.random(in: 1...20, using: &generator)), using: &generator)
            let timer = LoopTimer {}
            wheel.insert(timer, at: instant(now + delay))
            expected[ObjectIdentifier(timer)] = now + delay
            timers.append(timer)
            if Bool.random(using: &generator), let victim = timers.randomElement(using: &generator), victim.isArmed {
                wheel.remove(victim)
                expected[ObjectIdentifier(victim)] = nil
            }
            now += UInt64.random(in: 0...50, using: &generator)
            for timer in wheel.expire(upTo: instant(now)) where TimerWheel.claim(timer) {
                let due = expected.removeValue(forKey: ObjectIdentifier(timer))
                #expect(due.map { $0 <= now } == true)
            }
            #expect(expected.values.allSatisfy { $0 > now })
            #expect(wheel.count == expected.count)
        }
    }

    private func instant(_ milliseconds: UInt64) -> EventLoop.Instant {
        EventLoop.Instant(nanoseconds: 1_000_000_000 + milliseconds * 1_000_000)
    }
}

/// The same numbers in every run (splitmix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
