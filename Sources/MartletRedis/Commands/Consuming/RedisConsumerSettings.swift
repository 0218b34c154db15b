/// How a consumer of a group reads a stream.
public nonisolated struct RedisConsumerSettings: Hashable, Sendable {
    /// Where the group begins if it does not exist yet; it is created then, and so is the stream. `nil` creates nothing.
    public var createsGroupFrom: GroupStart? = .beginning
    /// How many entries are asked for at once, at most. They wait here for their turn. 1 to 10,000.
    public var batch: Int = 16
    /// How long the server is asked to wait for an entry before it is asked again.
    public var block: Duration = .seconds(5)
    /// For how long an entry may be neither acknowledged nor renewed before any consumer takes it over; `nil` takes over
    /// nothing. Longer than the work on a whole batch takes.
    public var claimsIdle: Duration? = .seconds(60)
    /// The first wait before a server that cannot be reached, or has no time, is asked again; it doubles up to
    /// ``maximumBackoff``.
    public var backoff: Duration = .milliseconds(100)
    /// The longest of these waits.
    public var maximumBackoff: Duration = .seconds(5)

    /// Where a group begins.
    public enum GroupStart: Hashable, Sendable {
        /// With the first entry of the stream.
        case beginning
        /// With what is added after the group was created.
        case end
    }

    /// What every consumer does unless told otherwise.
    public init() {}
}
