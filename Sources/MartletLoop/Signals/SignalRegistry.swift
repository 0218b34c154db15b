import CMartlet
import Glibc

/// The signals that the loop takes in, through one signalfd (man 2 signalfd).
///
/// The loop watches the descriptor only while some signal is watched: one that nobody waits for keeps no loop waiting.
final class SignalRegistry: PollTarget {
    /// Signals taken in one tick before others get their turn: real-time signals queue without limit to speak of.
    private static let burst = 64

    private let descriptor: Int32
    private let poller: EpollPoller
    private var mask = sigset_t()
    private var watches: [Int32: [SignalWatch]] = [:]
    /// Those that the process blocked already when the loop took them over, and that stay so when it lets go.
    private var blockedBefore: Set<Int32> = []

    init(poller: EpollPoller) throws(SystemError) {
        sigemptyset(&mask)
        self.poller = poller
        descriptor = signalfd(-1, &mask, Int32(SFD_NONBLOCK | SFD_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError("create a signalfd") }
    }

    func add(_ watch: SignalWatch) throws(SystemError) {
        if watches[watch.number] == nil { try takeOver(watch.number) }
        watches[watch.number, default: []].append(watch)
    }

    func remove(_ watch: SignalWatch) {
        watches[watch.number]?.removeAll { $0 === watch }
        if watches[watch.number]?.isEmpty == true { letGo(watch.number) }
    }

    private func takeOver(_ number: Int32) throws(SystemError) {
        guard number != SIGKILL && number != SIGSTOP else {
            throw SystemError("watch", target: Signal(number).name, code: EINVAL, advice: "no process can catch it")
        }
        try change(number) { sigaddset(&$0, number) }
        if watches.isEmpty {
            do throws(SystemError) {
                try poller.add(descriptor, interest: .readable, edgeTriggered: false, target: self)
            } catch {
                try change(number) { sigdelset(&$0, number) }
                throw error
            }
        }
        // Blocked, it is not delivered but waits for the descriptor to be read.
        var before = sigset_t()
        var one = Self.set(of: number)
        pthread_sigmask(SIG_BLOCK, &one, &before)
        if sigismember(&before, number) == 1 { blockedBefore.insert(number) }
    }

    private func letGo(_ number: Int32) {
        watches[number] = nil
        if watches.isEmpty { poller.remove(descriptor) }
        // Taking a signal out of a mask that holds it cannot fail.
        try? change(number) { sigdelset(&$0, number) }
        guard blockedBefore.remove(number) == nil else { return }
        var one = Self.set(of: number)
        pthread_sigmask(SIG_UNBLOCK, &one, nil)
    }

    private func change(_ number: Int32, _ edit: (inout sigset_t) -> Int32) throws(SystemError) {
        var changed = mask
        guard edit(&changed) == 0, signalfd(descriptor, &changed, Int32(SFD_NONBLOCK | SFD_CLOEXEC)) >= 0
        else {
            throw SystemError("watch", target: "signal \(number)", advice: "man 7 signal names those that there are")
        }
        mask = changed
    }

    private static func set(of number: Int32) -> sigset_t {
        var one = sigset_t()
        sigemptyset(&one)
        sigaddset(&one, number)
        return one
    }

    func readinessChanged(_ readiness: Readiness) {
        let size = MemoryLayout<signalfd_siginfo>.size
        for _ in 0..<Self.burst {
            var info = signalfd_siginfo()
            guard read(descriptor, &info, size) == size else { return }
            let signal = Signal(info)
            // One that is called may cancel another.
            for watch in watches[signal.number] ?? [] where watch.isActive { watch.action(signal) }
        }
    }
}
