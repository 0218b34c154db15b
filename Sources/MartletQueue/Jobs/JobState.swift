/// Where a job is.
///
/// ```
/// scheduled ──▶ waiting ──▶ running ──▶ done
///     ▲            │ ▲         │
///     │            ▼ │         ├──▶ (failed) ──▶ scheduled, or dead after its last attempt
///     │           held         └──▶ (worker lost, or stopped) ──▶ waiting
///     └── a retry that has to wait
/// ```
public nonisolated enum JobState: String, Codable, Hashable, Sendable, CaseIterable {
    /// It waits for its time.
    case scheduled
    /// It waits for a worker.
    case waiting
    /// It waits until the job of the same key that runs has ended.
    case held
    /// A worker has it.
    case running
    /// It has succeeded.
    case done
    /// It is given up, with the error of its last attempt: a dead letter.
    case dead

    /// Whether nothing more happens by itself.
    public var isFinished: Bool { self == .done || self == .dead }
    /// Whether it will run at some time.
    public var isPending: Bool { self == .scheduled || self == .waiting || self == .held }
}
