/// The virtual clocks in use, and those who wait for the loop to have nothing left to do.
final class VirtualTime {
    private var clocks: [VirtualClock] = []
    private var settling: [UnsafeContinuation<Void, Never>] = []

    var isInUse: Bool { !clocks.isEmpty }

    func add(_ clock: VirtualClock) {
        clocks.append(clock)
    }

    func remove(_ clock: VirtualClock) {
        clocks.removeAll { $0 === clock }
    }

    /// Whether `turn` would get on.
    func isDue(mayAdvance: Bool) -> Bool {
        !settling.isEmpty || mayAdvance && clocks.contains { $0.advancesItself && $0.hasTimers }
    }

    /// The loop calls it when nothing is ready: whoever waited for that goes on, or else time does.
    func turn(mayAdvance: Bool) {
        guard settling.isEmpty else {
            let waiting = settling
            settling = []
            for continuation in waiting { continuation.resume() }
            return
        }
        guard mayAdvance else { return }
        for clock in clocks where clock.advancesItself { clock.step() }
    }

    /// Waits until nothing is ready to run.
    func settle() async {
        await withUnsafeContinuation { settling.append($0) }
    }
}
