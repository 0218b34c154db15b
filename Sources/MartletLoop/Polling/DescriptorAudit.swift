/// Asks the kernel from time to time whether the descriptors that tasks wait for are still open: epoll says nothing
/// when one is closed (man 7 epoll), and whoever waits would wait for ever.
final class DescriptorAudit {
    static let shared = DescriptorAudit()

    private static let period: Duration = .seconds(1)
    /// Looked at in one go; a look costs a system call.
    private static let burst = 1000

    private var descriptors: Set<Int32> = []
    /// Those that this round has not come to yet.
    private var left: [Int32] = []
    private var isArmed = false
    private lazy var timer = LoopTimer { [unowned self] in self.look() }

    func include(_ descriptor: Int32) {
        descriptors.insert(descriptor)
        guard !isArmed else { return }
        isArmed = true
        // Detached, because that leaves a virtual clock behind: descriptors are closed in real time.
        Task.detached { @MainActor in self.arm(after: Self.period) }
    }

    private func arm(after delay: Duration) {
        timer.arm(at: .readClock() + delay)
    }

    private func look() {
        if left.isEmpty {
            left = Array(descriptors)
            descriptors = []
        }
        let due = left.suffix(Self.burst)
        left.removeLast(due.count)
        for descriptor in due {
            guard let shared = SharedDescriptor.registered(descriptor), shared.hasWaiters, shared.isOpen() else {
                continue
            }
            descriptors.insert(descriptor)
        }
        isArmed = !left.isEmpty || !descriptors.isEmpty
        if isArmed { arm(after: left.isEmpty ? Self.period : .milliseconds(1)) }
    }
}
