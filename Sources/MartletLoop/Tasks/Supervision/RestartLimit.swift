/// How often children may be started again before their group gives up (Erlang/OTP, supervisor behaviour, `intensity`
/// and `period`).
public nonisolated struct RestartLimit: Hashable, Sendable {
    /// How many restarts are allowed within the window.
    public let count: Int
    /// How long a restart counts.
    public let window: Duration

    /// So many restarts within any window of so long; one more, and the group gives up.
    public init(_ count: Int, within window: Duration) {
        self.count = count
        self.window = window
    }

    /// No limit: a group that never gives up. The back-off starts over after a minute without a restart.
    public static let none = RestartLimit(.max, within: .seconds(60))
}
