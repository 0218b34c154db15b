/// A descriptor that the loop watches, level-triggered, until `cancel`.
public final class DescriptorWatch {
    /// The descriptor; it stays its owner's to close, after `cancel`.
    public let descriptor: Int32
    private(set) var interest: Readiness
    let action: (Readiness) -> Void
    /// `nil` once it is cancelled.
    private var registration: SharedDescriptor?

    init(_ descriptor: Int32, interest: Readiness, action: @escaping (Readiness) -> Void) throws(SystemError) {
        self.descriptor = descriptor
        self.interest = interest
        self.action = action
        let registration = SharedDescriptor.of(descriptor)
        self.registration = registration
        try registration.add(self)
    }

    var isActive: Bool { registration != nil }

    /// Watches for something else from now on; the empty set pauses (errors and hang-ups are still reported).
    public func change(to interest: Readiness) throws(SystemError) {
        let before = self.interest
        self.interest = interest
        do {
            try registration?.update()
        } catch {
            self.interest = before
            throw error
        }
    }

    /// Ends the watch. To be called before the descriptor is closed; a second call does nothing.
    public func cancel() {
        let registration = registration
        self.registration = nil
        registration?.remove(self)
    }
}

extension EventLoop {
    /// Calls `action` in every tick in which `descriptor` is ready for what `interest` names, has an error or is hung
    /// up. Others may watch the same descriptor or wait for it.
    ///
    /// - Throws: when the kernel cannot watch it: it is no open descriptor or a regular file, or a stream has it.
    public func watch(
        _ descriptor: Int32, for interest: Readiness, _ action: @escaping (Readiness) -> Void
    ) throws(SystemError) -> DescriptorWatch {
        try DescriptorWatch(descriptor, interest: interest, action: action)
    }
}
