import MartletLoop

/// Where a worker's process stands, as its supervisor sees it.
///
/// ```
///            said ready           its loop turned
/// starting ────────────▶ proving ────────────────▶ ready ──────────▶ draining
///     │                     │                        │ stood still      │
///     └── deadline ─────────┴──────────┐             ▼                  │ deadline
///                                      ▼          stalled ──────────┐   │
///                                    killed ◀───────────────────────┴───┘
/// ```
/// From every state the process can end; what that means depends on the state, see `Ending`.
nonisolated enum WorkerState: Hashable, Sendable {
    /// Started; has not said that it is ready.
    case starting(deadline: EventLoop.Instant)
    /// Has said that it is ready while its loop counted so many ticks; ready once there are more.
    case proving(ticks: UInt64, deadline: EventLoop.Instant)
    /// Accepts connections.
    case ready(since: EventLoop.Instant)
    /// Was ready, and its loop stands still; gets killed unless it ends by then.
    case stalled(since: EventLoop.Instant, killAt: EventLoop.Instant)
    /// Was told to finish what it has, or to stop; gets killed unless it ends by then.
    case draining(killAt: EventLoop.Instant)
    /// SIGKILL has been sent.
    case killed(Killing)

    /// Why a worker was killed.
    enum Killing: Hashable, Sendable {
        /// It was not ready in time, or sent nonsense; the text says which.
        case failedStart(String)
        case stalled(readySince: EventLoop.Instant)
        case drainTimeout
        /// The daemon ends, or a reload was given up.
        case unwanted
    }

    var isReady: Bool {
        if case .ready = self { true } else { false }
    }

    /// Whether it may become ready yet.
    var isComing: Bool {
        switch self {
        case .starting, .proving: true
        default: false
        }
    }

    /// Whether it has been told to end.
    var isLeaving: Bool {
        switch self {
        case .draining, .killed: true
        default: false
        }
    }

    /// When something has to be done about it if nothing happens before.
    var deadline: EventLoop.Instant? {
        switch self {
        case .starting(let deadline), .proving(_, let deadline): deadline
        case .stalled(_, let killAt), .draining(let killAt): killAt
        case .ready, .killed: nil
        }
    }

    /// What `show workers` calls it.
    var name: String {
        switch self {
        case .starting, .proving: "starting"
        case .ready: "ready"
        case .stalled: "stalled"
        case .draining: "draining"
        case .killed: "killed"
        }
    }
}

extension WorkerState {
    /// What the end of a process means.
    nonisolated enum Ending: Equatable, Sendable {
        /// It was told to.
        case expected
        /// It was told to, but had to be killed.
        case drainTimeout
        /// It never became ready, for this reason.
        case failedStart(String)
        /// It was ready since then, and ended unasked.
        case crashed(readySince: EventLoop.Instant)
        /// Its loop stood still.
        case stalled(readySince: EventLoop.Instant)
    }

    /// What it means that a process in this state ended.
    ///
    /// - Parameter failure: what the worker said itself.
    func ending(_ status: TerminationStatus, failure: String?) -> Ending {
        switch self {
        case .starting, .proving: .failedStart(failure ?? "it \(status) before it was ready")
        case .ready(let since): .crashed(readySince: since)
        case .stalled(let since, _), .killed(.stalled(let since)): .stalled(readySince: since)
        case .killed(.failedStart(let reason)): .failedStart(failure ?? reason)
        case .draining, .killed(.unwanted): .expected
        case .killed(.drainTimeout): .drainTimeout
        }
    }
}
