/// A descriptor that the loop watches, level-triggered, until `cancel`.
public final class DescriptorWatch: PollTarget {
    /// The descriptor; it stays its owner's to close, after `cancel`.
    public let descriptor: Int32
    private let action: (Readiness) -> Void
    private var isActive = true

    init(_ descriptor: Int32, interest: Readiness, action: @escaping (Readiness) -> Void) throws(SystemError) {
        self.descriptor = descriptor
        self.action = action
        try EventLoop.main.poller.add(descriptor, interest: interest, edgeTriggered: false, target: self)
    }

    package func readinessChanged(_ readiness: Readiness) {
        action(readiness)
    }

    /// Watches for something else from now on; the empty set pauses (errors and hang-ups are still reported).
    public func change(to interest: Readiness) throws(SystemError) {
        guard isActive else { return }
        try EventLoop.main.poller.modify(descriptor, interest: interest)
    }

    /// Ends the watch. To be called before the descriptor is closed; a second call does nothing.
    public func cancel() {
        guard isActive else { return }
        isActive = false
        EventLoop.main.poller.remove(descriptor)
    }
}

extension EventLoop {
    /// Calls `action` in every tick in which `descriptor` is ready for what `interest` names, has an error or is hung
    /// up.
    ///
    /// - Throws: when the kernel cannot watch it: it is no open descriptor, a regular file, or is watched already.
    public func watch(
        _ descriptor: Int32, for interest: Readiness, _ action: @escaping (Readiness) -> Void
    ) throws(SystemError) -> DescriptorWatch {
        try DescriptorWatch(descriptor, interest: interest, action: action)
    }
}
