import CMartlet
import Glibc

/// Told by the poller that a descriptor became ready.
package protocol PollTarget: AnyObject {
    /// Called on the loop, once a tick at most. May add, change and remove any descriptor.
    func readinessChanged(_ readiness: Readiness)
    /// Its descriptor was closed without a word, and the number is now watched for somebody else: it hears of nothing
    /// any more, and has nothing to remove. Called while that other one is being added.
    func descriptorWasReplaced()
}

extension PollTarget {
    package func descriptorWasReplaced() {}
}

/// The loop's way to the kernel: readiness by epoll (man 7 epoll), and the calls that move bytes.
///
/// What is above asks to receive, send and accept, and waits when told `wouldBlock`; nothing above makes these system
/// calls itself, so that a completion-based backend can take this one's place.
package final class EpollPoller {
    /// Few enough that jobs and timers get their turn soon, enough that a wait costs next to nothing per event.
    private static let eventsPerWait = 128

    private let descriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private var registrations: [Registration] = []
    private var watched = 0

    /// Whether nothing is watched but what the loop itself is woken by: other threads, and its alarm.
    var isIdle: Bool { watched <= 2 }

    /// Event words carry the generation of the registration they belong to: an event that was reported before its
    /// descriptor was closed, and perhaps opened anew for something else, is recognised and dropped.
    private struct Registration {
        var target: (any PollTarget)?
        var generation: UInt32 = 0
    }

    init() throws(SystemError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError("create an epoll instance") }
        events = .allocate(capacity: Self.eventsPerWait)
    }

    // MARK: Registration

    /// Watches a descriptor until `remove`. Edge-triggered, the target hears of each change once and must go on until
    /// the kernel says EAGAIN; level-triggered, it hears in every tick as long as the descriptor is ready.
    package func add(
        _ descriptor: Int32, interest: Readiness, edgeTriggered: Bool, target: any PollTarget
    ) throws(SystemError) {
        guard descriptor >= 0 else { throw Self.failure(descriptor, code: EBADF) }
        let index = Int(descriptor)
        if index >= registrations.count {
            // The table grows with numbers that are open, not with any that a mistake brings here.
            guard fcntl(descriptor, F_GETFD) >= 0 else { throw Self.failure(descriptor) }
            registrations.append(contentsOf: repeatElement(Registration(), count: index + 1 - registrations.count))
        }
        let before = registrations[index]
        registrations[index] = Registration(target: target, generation: before.generation &+ 1)
        guard control(EPOLL_CTL_ADD, descriptor, interest, edgeTriggered) == 0 else {
            registrations[index] = before
            throw Self.failure(descriptor)
        }
        if let replaced = before.target { replaced.descriptorWasReplaced() } else { watched += 1 }
    }

    /// What hears of a descriptor; `nil` when it is not watched.
    func target(of descriptor: Int32) -> (any PollTarget)? {
        descriptor >= 0 && Int(descriptor) < registrations.count ? registrations[Int(descriptor)].target : nil
    }

    /// Changes what a level-triggered descriptor is watched for.
    package func modify(_ descriptor: Int32, interest: Readiness) throws(SystemError) {
        guard control(EPOLL_CTL_MOD, descriptor, interest, false) == 0 else { throw Self.failure(descriptor) }
    }

    /// Watches it no more. To be called before the descriptor is closed: a duplicate elsewhere would keep the kernel's
    /// registration alive.
    package func remove(_ descriptor: Int32) {
        let index = Int(descriptor)
        guard index < registrations.count, registrations[index].target != nil else { return }
        forget(descriptor)
        epoll_ctl(self.descriptor, EPOLL_CTL_DEL, descriptor, nil)
    }

    /// Forgets a descriptor that is closed right after this. The kernel drops its registration with the last copy of
    /// the descriptor, so a system call is saved for one that was never passed on.
    package func forget(_ descriptor: Int32) {
        let index = Int(descriptor)
        guard registrations[index].target != nil else { return }
        registrations[index].target = nil
        registrations[index].generation &+= 1
        watched -= 1
    }

    static func failure(_ descriptor: Int32, code: Int32 = errno) -> SystemError {
        let advice: String? =
            switch code {
            case EBADF: "it was closed, or never open: end what waits for a descriptor before closing it"
            case EEXIST: "a stream, a listener or the like has it: wait with that"
            case EPERM: "files and directories are always ready: use the calls for files"
            default: nil
            }
        return SystemError("watch", target: "descriptor \(descriptor)", code: code, advice: advice)
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ interest: Readiness, _ edge: Bool) -> Int32 {
        let flags = interest.rawValue | (edge ? EPOLLET.rawValue : 0)
        let word = UInt64(registrations[Int(descriptor)].generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        return martlet_epoll_control(self.descriptor, operation, descriptor, flags, word)
    }

    // MARK: Waiting

    /// Waits for events, at most `milliseconds` (-1: without limit), and returns how many there are to dispatch.
    func wait(milliseconds: Int32) -> Int {
        let count = epoll_wait(descriptor, events, Int32(Self.eventsPerWait), milliseconds)
        // The only error to expect is EINTR, when a signal had a handler: then there is nothing yet.
        return max(Int(count), 0)
    }

    /// Tells the targets of the first `count` events that `wait` found.
    func dispatch(_ count: Int) {
        for index in 0..<count {
            let word = martlet_epoll_word(events + index)
            let registration = registrations[Int(word & 0xffff_ffff)]
            guard registration.generation == UInt32(word >> 32), let target = registration.target else { continue }
            target.readinessChanged(Readiness(rawValue: events[index].events))
        }
    }
}
