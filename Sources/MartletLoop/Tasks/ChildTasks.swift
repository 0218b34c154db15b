import CMartlet

/// Tasks that run side by side for somebody who waits for all of them: what `gather`, `asCompleted` and `TaskScope` are
/// built of.
///
/// A child starts at once and runs until it is first suspended; one that is never suspended has ended when `start`
/// returns. It costs a task and nothing else: no group, no continuation of its own.
final class ChildTasks {
    private enum Slot {
        case free
        case starting(isCancelled: Bool)
        case running(Task<Void, Never>)
    }

    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var joiners: [UnsafeContinuation<Void, Never>] = []

    /// How many have not ended.
    private(set) var count = 0
    /// Whether those that are started from now on are cancelled from the outset.
    private(set) var isCancelled = false
    private var countWhenCancelled = 0

    /// Makes room for as many at a time.
    func reserve(_ count: Int) {
        slots.reserveCapacity(count)
    }

    /// Starts a child.
    @discardableResult
    func start(name: String? = nil, _ body: @escaping @MainActor () async -> Void) -> Task<Void, Never> {
        let slot = enter()
        let startsCancelled = isCancelled
        let task = Task.immediate(name: name) {
            if startsCancelled { withUnsafeCurrentTask { $0?.cancel() } }
            await body()
            self.leave(slot)
        }
        keep(task, in: slot)
        return task
    }

    /// A place for a child that is about to start, for those who start it themselves to save a call: `keep` follows,
    /// and the child ends with `leave`.
    func enter() -> Int {
        count += 1
        if let slot = freeSlots.popLast() {
            slots[slot] = .starting(isCancelled: false)
            return slot
        }
        slots.append(.starting(isCancelled: false))
        return slots.count - 1
    }

    /// Keeps a child that was started, unless it has ended already.
    func keep(_ task: Task<Void, Never>, in slot: Int) {
        guard case .starting(let isCancelled) = slots[slot] else { return }
        slots[slot] = .running(task)
        // The body may have cancelled us all, itself included, before it was first suspended.
        if isCancelled { task.cancel() }
    }

    /// The child has ended.
    func leave(_ slot: Int) {
        slots[slot] = .free
        freeSlots.append(slot)
        count -= 1
        guard count == 0, !joiners.isEmpty else { return }
        let waiting = joiners
        joiners = []
        for joiner in waiting { joiner.resume() }
    }

    /// Cancels all that have not ended, and all that are started from now on.
    func cancel() {
        if !isCancelled { countWhenCancelled = count }
        isCancelled = true
        cancelRunning()
    }

    /// Cancels all that have not ended.
    func cancelRunning() {
        for index in slots.indices {
            switch slots[index] {
            case .free: break
            case .starting: slots[index] = .starting(isCancelled: true)
            case .running(let task): task.cancel()
            }
        }
    }

    /// Waits until there is none left; when the caller is cancelled, cancels them and still waits.
    func join() async {
        await join {}
    }

    /// Calls `start`, which starts children, and waits until there is none left; when the caller is cancelled, or was
    /// before, cancels them and still waits.
    func join(starting start: () -> Void) async {
        let joining = Joining()
        await withTaskCancellationHandler {
            start()
            while count > 0 { await withUnsafeContinuation { joiners.append($0) } }
        } onCancel: {
            EventLoop.perform { if !joining.isOver { self.cancel() } }
        }
        joining.isOver = true
    }

    /// Waits until there is none left, and cancels them at `deadline`. New ones may be started uncancelled afterwards.
    ///
    /// - Returns: how many had to be cancelled.
    func drain(until deadline: EventLoop.Instant) async -> Int {
        // One that calls this before it was first suspended is not to be told from the others until it was.
        if slots.contains(where: { if case .starting = $0 { true } else { false } }) { await Task.yield() }
        require(!isCurrent, "a task waits for its own scope to drain, which would never end")
        let timer = LoopTimer { [unowned self] in cancel() }
        if deadline <= EventLoop.main.time() {
            cancel()
        } else if deadline < .distantFuture {
            timer.arm(at: deadline)
        }
        await join()
        timer.cancel()
        defer { isCancelled = false }
        return isCancelled ? countWhenCancelled : 0
    }

    /// Whether the caller is one of them.
    private var isCurrent: Bool {
        let current = withUnsafeCurrentTask { $0?.hashValue }
        return slots.contains { if case .running(let task) = $0 { task.hashValue == current } else { false } }
    }

    /// Somebody who waits. A cancellation from another thread may arrive when that is over, and those that are started
    /// then are not meant.
    private final class Joining {
        var isOver = false
    }
}

extension EventLoop {
    /// Calls `action` on the loop: at once when this is its thread, soon otherwise. For cancellation handlers, which
    /// run wherever the task was cancelled.
    nonisolated static func perform(_ action: @escaping @MainActor @Sendable () -> Void) {
        if martlet_on_loop_thread() {
            MainActor.assumeIsolated { action() }
        } else {
            callSoonThreadsafe(action)
        }
    }
}
