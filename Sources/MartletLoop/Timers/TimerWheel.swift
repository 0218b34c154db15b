/// A hierarchical timing wheel (Varghese and Lauck, 1987): arm and cancel in constant time, whatever the number of
/// timers.
///
/// Time is counted in ticks of a millisecond. Level 0 has a slot for each of the next 64 ticks, level 1 one for each of
/// the next 64 runs of 64 ticks, and so on: seven levels reach 139 years. A timer lies on the level of the highest
/// group of six bits in which its due tick differs from the current one; when the wheel reaches the slot's first tick,
/// its timers move down a level, until level 0 fires them.
///
/// The slots are doubly linked lists through the timers themselves. A bitmap for each level says which are not empty,
/// so the next expiry is found without walking.
struct TimerWheel {
    private static let bitsPerLevel: UInt64 = 6
    private static let slotsPerLevel = 64
    private static let levelCount = 7
    private static let furthest: UInt64 = 1 << (bitsPerLevel * UInt64(levelCount) - 1)
    private static let nanosecondsPerTick: UInt64 = 1_000_000

    /// The position of a timer that has been taken out to fire in this tick and may still be cancelled.
    private static let expiring: Int32 = -2

    private let origin: EventLoop.Instant
    private var elapsed: UInt64 = 0
    private var occupied = [UInt64](repeating: 0, count: levelCount)
    private var heads = [Unmanaged<LoopTimer>?](repeating: nil, count: levelCount * slotsPerLevel)
    private(set) var count = 0
    /// What `nextExpiry` has found, as long as it holds: until a timer comes or goes. It is asked for twice a tick.
    private var foundExpiry: Expiry?

    init(origin: EventLoop.Instant) {
        self.origin = origin
    }

    /// Arms a timer that is not armed. It is due at the first tick at or after `instant`, the next one at the earliest,
    /// and 69 years from now at the latest.
    mutating func insert(_ timer: LoopTimer, at instant: EventLoop.Instant) {
        timer.dueTick = min(max(tickRoundedUp(instant), elapsed + 1), elapsed + Self.furthest)
        count += 1
        foundExpiry = nil
        link(Unmanaged.passRetained(timer))
    }

    /// Cancels an armed timer.
    mutating func remove(_ timer: LoopTimer) {
        guard timer.position != Self.expiring else {
            timer.position = LoopTimer.unarmed
            return
        }
        count -= 1
        foundExpiry = nil
        unlink(timer)
        Unmanaged.passUnretained(timer).release()
    }

    /// Milliseconds until something is due, rounded up; 0 when it is overdue, -1 when nothing is armed (as epoll_wait
    /// takes it).
    mutating func millisecondsToNext(from now: EventLoop.Instant) -> Int32 {
        guard let next = nextExpiry() else { return -1 }
        let due = origin.nanoseconds + next.tick * Self.nanosecondsPerTick
        guard due > now.nanoseconds else { return 0 }
        return Int32(clamping: (due - now.nanoseconds + Self.nanosecondsPerTick - 1) / Self.nanosecondsPerTick)
    }

    /// When the next slot is reached; `nil` when nothing is armed.
    var nextInstant: EventLoop.Instant? {
        mutating get {
            // In place of `map`, whose closure would be checked to be on the main actor, for every wait of the loop.
            guard let next = nextExpiry() else { return nil }
            return EventLoop.Instant(nanoseconds: origin.nanoseconds + next.tick * Self.nanosecondsPerTick)
        }
    }

    /// Takes out everything that is due at `now`. Each is to be fired if `claim` still says so when its turn comes: one
    /// that fires before it may have cancelled it.
    mutating func expire(upTo now: EventLoop.Instant) -> [LoopTimer] {
        guard count > 0 else { return [] }
        let current = (now.nanoseconds - min(origin.nanoseconds, now.nanoseconds)) / Self.nanosecondsPerTick
        var due: [LoopTimer] = []
        while let next = nextExpiry(), next.tick <= current {
            elapsed = max(elapsed, next.tick)
            foundExpiry = nil
            empty(level: next.level, slot: next.slot, into: &due)
        }
        elapsed = max(elapsed, current)
        return due
    }

    /// Whether a timer that `expire` returned is still to be fired; it is unarmed from here on.
    static func claim(_ timer: LoopTimer) -> Bool {
        guard timer.position == expiring else { return false }
        timer.position = LoopTimer.unarmed
        return true
    }

    // MARK: Levels and slots

    private struct Expiry {
        let level: Int
        let slot: Int
        let tick: UInt64
    }

    /// The slot that is reached first. A lower level always comes before a higher one: what is on it differs from the
    /// current tick in lower bits alone.
    private mutating func nextExpiry() -> Expiry? {
        if let foundExpiry { return foundExpiry }
        foundExpiry = findExpiry()
        return foundExpiry
    }

    private func findExpiry() -> Expiry? {
        for level in 0..<Self.levelCount where occupied[level] != 0 {
            let shift = UInt64(level) * Self.bitsPerLevel
            let here = (elapsed >> shift) & 63
            let rotated = (occupied[level] >> here) | (here == 0 ? 0 : occupied[level] << (64 - here))
            let slot = (UInt64(rotated.trailingZeroBitCount) + here) & 63
            let span: UInt64 = 1 << shift
            let start = elapsed & ~(span << Self.bitsPerLevel - 1)
            var tick = start + slot * span
            if tick <= elapsed { tick += span << Self.bitsPerLevel }
            return Expiry(level: level, slot: Int(slot), tick: tick)
        }
        return nil
    }

    private func tickRoundedUp(_ instant: EventLoop.Instant) -> UInt64 {
        guard instant > origin else { return 0 }
        let since = instant.nanoseconds - origin.nanoseconds
        return since / Self.nanosecondsPerTick + (since % Self.nanosecondsPerTick == 0 ? 0 : 1)
    }

    private mutating func empty(level: Int, slot: Int, into due: inout [LoopTimer]) {
        let index = level * Self.slotsPerLevel + slot
        var node = heads[index]
        heads[index] = nil
        occupied[level] &= ~(1 << UInt64(slot))
        while let current = node {
            let timer = current.takeUnretainedValue()
            node = timer.next
            if timer.dueTick <= elapsed {
                timer.position = Self.expiring
                timer.next = nil
                timer.previous = nil
                count -= 1
                due.append(current.takeRetainedValue())
            } else {
                link(current)
            }
        }
    }

    private mutating func link(_ node: Unmanaged<LoopTimer>) {
        let timer = node.takeUnretainedValue()
        let differing = (elapsed ^ timer.dueTick) | 63
        let highestBit = UInt64(63 - differing.leadingZeroBitCount)
        let level = min(Int(highestBit / Self.bitsPerLevel), Self.levelCount - 1)
        let slot = Int((timer.dueTick >> (UInt64(level) * Self.bitsPerLevel)) & 63)
        let index = level * Self.slotsPerLevel + slot
        let head = heads[index]
        timer.previous = nil
        timer.next = head
        timer.position = Int32(index)
        head?.takeUnretainedValue().previous = node
        heads[index] = node
        occupied[level] |= 1 << UInt64(slot)
    }

    private mutating func unlink(_ timer: LoopTimer) {
        let index = Int(timer.position)
        if let previous = timer.previous {
            previous.takeUnretainedValue().next = timer.next
        } else {
            heads[index] = timer.next
            if timer.next == nil {
                occupied[index / Self.slotsPerLevel] &= ~(1 << UInt64(index % Self.slotsPerLevel))
            }
        }
        timer.next?.takeUnretainedValue().previous = timer.previous
        timer.next = nil
        timer.previous = nil
        timer.position = LoopTimer.unarmed
    }
}
