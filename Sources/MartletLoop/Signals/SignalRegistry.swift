import CMartlet
import Glibc

/// The signals that the loop takes in, through one signalfd (man 2 signalfd).
final class SignalRegistry: PollTarget {
    private let descriptor: Int32
    private var mask = sigset_t()
    private var watches: [Int32: [SignalWatch]] = [:]

    init(poller: EpollPoller) throws(SystemError) {
        sigemptyset(&mask)
        descriptor = signalfd(-1, &mask, Int32(SFD_NONBLOCK | SFD_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError("create a signalfd") }
        try poller.add(descriptor, interest: .readable, edgeTriggered: false, target: self)
    }

    func add(_ watch: SignalWatch) throws(SystemError) {
        if watches[watch.number] == nil {
            try change { sigaddset(&$0, watch.number) }
            // Blocked, it is not delivered but waits for the descriptor to be read.
            pthread_sigmask(SIG_BLOCK, &mask, nil)
        }
        watches[watch.number, default: []].append(watch)
    }

    func remove(_ watch: SignalWatch) {
        watches[watch.number]?.removeAll { $0 === watch }
        guard watches[watch.number]?.isEmpty == true else { return }
        watches[watch.number] = nil
        // Taking a signal out of a mask that holds it cannot fail.
        try? change { sigdelset(&$0, watch.number) }
        var one = sigset_t()
        sigemptyset(&one)
        sigaddset(&one, watch.number)
        pthread_sigmask(SIG_UNBLOCK, &one, nil)
    }

    private func change(_ edit: (inout sigset_t) -> Int32) throws(SystemError) {
        var changed = mask
        guard edit(&changed) == 0,
            signalfd(descriptor, &changed, Int32(SFD_NONBLOCK | SFD_CLOEXEC)) >= 0
        else { throw SystemError("watch a signal") }
        mask = changed
    }

    func readinessChanged(_ readiness: Readiness) {
        var info = signalfd_siginfo()
        while read(descriptor, &info, MemoryLayout<signalfd_siginfo>.size) == MemoryLayout<signalfd_siginfo>.size {
            for watch in watches[Int32(info.ssi_signo)] ?? [] {
                watch.action()
            }
        }
    }
}
