/// Which jobs go first: all of a higher priority before any of a lower one.
public nonisolated enum JobPriority: Int, Codable, Hashable, Sendable, CaseIterable, Comparable {
    /// When there is nothing else to do.
    case low
    /// As most jobs.
    case normal
    /// Before most jobs.
    case high
    /// Before everything else.
    case urgent

    /// The order of urgency.
    public static func < (left: JobPriority, right: JobPriority) -> Bool { left.rawValue < right.rawValue }

    /// The word for it.
    public var name: String { "\(self)" }
}
