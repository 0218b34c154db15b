/// Who answers commands that change nothing, where there are replicas.
///
/// A replica has what its master had a moment ago: who reads there may not find what was just written.
public nonisolated enum RedisReads: Hashable, Sendable {
    /// The master alone.
    case master
    /// The replicas in turn; the master when none can.
    case replicas
    /// The master and the replicas in turn.
    case everybody
}
