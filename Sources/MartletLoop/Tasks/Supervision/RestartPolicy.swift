/// When a supervised child is started again (Erlang/OTP, supervisor behaviour, `restart`).
public nonisolated struct RestartPolicy: Hashable, Sendable {
    private enum Kind {
        case permanent
        case transient
        case temporary
    }

    private let kind: Kind

    /// Whenever it ends: a service.
    public static let permanent = RestartPolicy(kind: .permanent)
    /// When it fails: work that is done once it has succeeded.
    public static let transient = RestartPolicy(kind: .transient)
    /// Never: work that is not worth a second attempt.
    public static let temporary = RestartPolicy(kind: .temporary)

    /// Whether a child that ended so is started again.
    func restarts(afterFailure hasFailed: Bool) -> Bool {
        kind == .permanent || kind == .transient && hasFailed
    }
}
