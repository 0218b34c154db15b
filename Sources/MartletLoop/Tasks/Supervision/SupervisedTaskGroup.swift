import DequeModule

/// Children that are watched over together, and started again when they end.
///
/// One task, that of the caller of `withSupervision`, decides: what happens to the children arrives in a queue, and is
/// dealt with one after the other.
///
/// ```
///   a child ends ──▶ is it to be started again? ── no ──▶ it is done with
///                      │ yes
///                      ├── too often ──▶ cancel all from the last to the first, waiting for each; throw
///                      └── else cancel whom the strategy says, from the last to the first, waiting for each;
///                          wait as long as the back-off says; start them from the first to the last
/// ```
public final class SupervisedTaskGroup {
    private enum Event {
        case added(SupervisedChild)
        case ended(SupervisedChild, run: Int, error: (any Error)?)
        case restart(batch: Int)
        case removed
    }

    /// What it is called in events and errors.
    public let name: String

    private let strategy: RestartStrategy
    private let limit: RestartLimit
    private let backoff: Backoff
    private let onEvent: @MainActor (SupervisionEvent) -> Void

    private var children: [SupervisedChild] = []
    private var events: Deque<Event> = []
    private let supervisor = WaitQueue<Void, Void>()
    private var restarts: Deque<EventLoop.Instant> = []
    private var waits: Backoff.Waits
    private var timers: [Int: LoopTimer] = [:]
    private var batches = 0
    private var hasEnded = false

    init(
        name: String, strategy: RestartStrategy, limit: RestartLimit, backoff: Backoff,
        onEvent: @escaping @MainActor (SupervisionEvent) -> Void
    ) {
        self.name = name
        self.strategy = strategy
        self.limit = limit
        self.backoff = backoff
        self.onEvent = onEvent
        waits = backoff.waits()
    }

    /// Adds a child, which is started after those that were added before it; at any time, also while the group is
    /// running.
    ///
    /// Added to a group that has ended it is not started, and an event says so.
    ///
    /// - Parameters:
    ///   - name: what it is called in events and errors.
    ///   - restart: when it is started again.
    ///   - body: what it does. It is to end soon when it is cancelled: the group waits for it.
    /// - Returns: the child, to be looked at or stopped.
    @discardableResult
    public func add(
        _ name: String, restart: RestartPolicy = .permanent, _ body: @escaping @MainActor () async throws -> Void
    ) -> SupervisedChild {
        let child = SupervisedChild(name: name, restart: restart, group: self, body: body)
        if hasEnded {
            report(.refused, child)
        } else {
            post(.added(child))
        }
        return child
    }

    // MARK: What the children say

    func ended(_ child: SupervisedChild, _ run: Int, error: (any Error)?, wasCancelled: Bool) {
        if wasCancelled, error == nil || error?.saysCancelled == true {
            report(.stopped, child)
        } else if let error {
            report(.failed, child, error: error)
        } else {
            report(.ended, child)
        }
        post(.ended(child, run: run, error: error))
    }

    func remove(_ child: SupervisedChild) {
        children.removeAll { $0 === child }
        post(.removed)
    }

    func report(
        _ kind: SupervisionEvent.Kind, _ child: SupervisedChild, error: (any Error)? = nil, delay: Duration? = nil
    ) {
        onEvent(SupervisionEvent(kind: kind, group: name, child: child.name, error: error, delay: delay))
    }

    private func post(_ event: Event) {
        guard !hasEnded else { return }
        events.append(event)
        supervisor.answerFirst(())
    }

    // MARK: The supervisor

    /// Runs until no child is left, or until it gives up or is cancelled.
    func run() async throws {
        do {
            while !events.isEmpty || children.contains(where: { $0.isAlive }) {
                try await handle(nextEvent())
            }
            end()
        } catch {
            end()
            await terminate(children)
            throw error
        }
    }

    /// From here on nobody is started any more.
    private func end() {
        hasEnded = true
        for timer in timers.values { timer.cancel() }
        for case .added(let child) in events { report(.refused, child) }
        events = []
    }

    private func nextEvent() async throws -> Event {
        try Task.checkCancellation()
        while true {
            if let event = events.popFirst() { return event }
            try await supervisor.wait(())
        }
    }

    private func handle(_ event: Event) async throws {
        switch event {
        case .added(let child):
            guard !child.isDismissed else { return }
            children.append(child)
            child.start(in: self, again: false)
        case .ended(let child, let run, let error):
            // One that was cancelled meanwhile is in other hands.
            guard child.isRunning(run) else { return }
            child.hasEnded()
            if child.restart.restarts(afterFailure: error != nil) {
                try await restart(child, after: error)
            } else if child.restart == .temporary {
                remove(child)
            }
        case .restart(let batch):
            timers[batch] = nil
            for child in children where child.state == .waiting(batch: batch) { child.start(in: self, again: true) }
        case .removed:
            break
        }
    }

    private func restart(_ child: SupervisedChild, after error: (any Error)?) async throws {
        guard let index = children.firstIndex(where: { $0 === child }) else { return }
        let delay = try countRestart(of: child, after: error)
        let affected = Array(children[strategy.affected(by: index, of: children.count)])
        await terminate(affected)
        batches += 1
        for other in affected where !other.isDismissed {
            if other.restart == .temporary {
                remove(other)
            } else {
                other.wait(inBatch: batches)
                report(.restarting, other, error: other === child ? error : nil, delay: delay)
            }
        }
        // A timer even for no delay: a child that fails at once, again and again, must not keep the loop from the rest.
        let timer = LoopTimer { [unowned self, batch = batches] in post(.restart(batch: batch)) }
        timer.arm(at: EventLoop.main.time() + delay)
        timers[batches] = timer
    }

    /// - Returns: how long to wait before the restart.
    /// - Throws: when it is one too many.
    private func countRestart(of child: SupervisedChild, after error: (any Error)?) throws(SupervisionError) -> Duration
    {
        let now = EventLoop.main.time()
        while let first = restarts.first, first + limit.window <= now { restarts.removeFirst() }
        if restarts.isEmpty { waits = backoff.waits() }
        guard restarts.count < limit.count else {
            report(.gaveUp, child, error: error)
            throw SupervisionError(group: name, child: child.name, cause: error, limit: limit)
        }
        restarts.append(now)
        return waits.next() ?? .zero
    }

    private func terminate(_ list: [SupervisedChild]) async {
        for child in list.reversed() { await child.terminate() }
    }
}
