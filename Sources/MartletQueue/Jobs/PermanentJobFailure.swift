/// An error after which it is no use to try again: the job becomes a dead letter at once.
public nonisolated struct PermanentJobFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why, for whoever looks at the dead letter.
    public let reason: String

    /// A failure for a reason.
    public init(_ reason: String) {
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}
