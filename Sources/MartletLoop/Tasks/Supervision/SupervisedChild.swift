/// A task that a `SupervisedTaskGroup` watches over and starts again.
///
/// ```
///            start                 ends                  restart
///   stopped ──────▶ running ───────────────▶ stopped ◀─▶ waiting
///                      │ cancelled by the group or by `stop`
///                      └──────▶ stopping ──▶ stopped
/// ```
public final class SupervisedChild {
    enum State: Equatable {
        case stopped
        case running
        case stopping
        case waiting(batch: Int)
    }

    /// What it is called in events and errors.
    public let name: String
    /// When it is started again.
    public let restart: RestartPolicy
    /// How often it was started again.
    public private(set) var restarts = 0

    private(set) var state = State.stopped
    private var task: Task<Void, Never>?
    private var starts = 0
    private let body: @MainActor () async throws -> Void
    private weak var group: SupervisedTaskGroup?
    /// Whether `stop` was called.
    private(set) var isDismissed = false

    init(
        name: String, restart: RestartPolicy, group: SupervisedTaskGroup,
        body: @escaping @MainActor () async throws -> Void
    ) {
        self.name = name
        self.restart = restart
        self.group = group
        self.body = body
    }

    /// Whether its body is running now.
    public var isRunning: Bool { state == .running || state == .stopping }

    /// Whether the group has something to wait for in it.
    var isAlive: Bool { state != .stopped }

    /// Takes it out of the group: cancels it, waits for it, and does not start it again.
    public func stop() async {
        isDismissed = true
        // Called from its body before that was first suspended, it does not know its task yet.
        if state == .running, task == nil { await Task.yield() }
        require(
            task?.hashValue != withUnsafeCurrentTask { $0?.hashValue },
            "the supervised child \"\(name)\" stops itself, which would never end: return from its body")
        await terminate()
        group?.remove(self)
    }

    func start(in group: SupervisedTaskGroup, again isRestart: Bool) {
        state = .running
        starts += 1
        if isRestart { restarts += 1 }
        group.report(.started, self)
        let run = starts
        task = Task.immediate(name: name) { [self] in
            do {
                try await body()
                group.ended(self, run, error: nil, wasCancelled: Task.isCancelled)
            } catch {
                group.ended(self, run, error: error, wasCancelled: Task.isCancelled)
            }
        }
    }

    /// Whether `run` is the present one, and has not been cancelled.
    func isRunning(_ run: Int) -> Bool {
        state == .running && starts == run
    }

    func hasEnded() {
        state = .stopped
        task = nil
    }

    func wait(inBatch batch: Int) {
        state = .waiting(batch: batch)
    }

    /// Cancels it and waits until it has ended.
    func terminate() async {
        guard isRunning, let task else {
            state = .stopped
            return
        }
        state = .stopping
        task.cancel()
        await task.value
        guard state == .stopping else { return }
        hasEnded()
    }
}
