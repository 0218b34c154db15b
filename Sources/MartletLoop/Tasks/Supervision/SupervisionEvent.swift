/// What happened to a supervised child, for a log.
public nonisolated struct SupervisionEvent: Sendable, CustomStringConvertible {
    /// The kinds of events.
    public struct Kind: Hashable, Sendable {
        private let rawValue: Int

        /// A child was started, for the first time or again.
        public static let started = Kind(rawValue: 0)
        /// A child returned.
        public static let ended = Kind(rawValue: 1)
        /// A child threw an error.
        public static let failed = Kind(rawValue: 2)
        /// A child was cancelled, by its group or by `SupervisedChild.stop`, and has ended.
        public static let stopped = Kind(rawValue: 3)
        /// A child will be started again.
        public static let restarting = Kind(rawValue: 4)
        /// The group gives up because of this child.
        public static let gaveUp = Kind(rawValue: 5)
        /// A child was added to a group that has ended, and will not be started.
        public static let refused = Kind(rawValue: 6)
    }

    /// What happened.
    public let kind: Kind
    /// The group's name.
    public let group: String
    /// The child's name.
    public let child: String
    /// What the child failed with; `nil` when it did not.
    public let error: (any Error)?
    /// How long the group waits before it starts the child again; `nil` when it does not.
    public let delay: Duration?

    /// `net: listener failed: Connection refused`
    public var description: String {
        let what =
            switch kind {
            case .started: "started"
            case .ended: "returned"
            case .failed: "failed"
            case .stopped: "was stopped"
            case .restarting: "will be started again in \(delay ?? .zero)"
            case .gaveUp: "failed too often"
            default: "was added too late: the group has ended"
            }
        return "\(group): \(child) \(what)" + (error.map { ": \($0)" } ?? "")
    }
}
