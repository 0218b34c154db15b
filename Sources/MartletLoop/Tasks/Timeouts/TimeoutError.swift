/// Something did not end by its deadline, and was cancelled.
public nonisolated struct TimeoutError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What did not end, as a noun: `"the handshake"`; `nil` when it was given no name.
    public let subject: String?
    /// How long it was given.
    public let limit: Duration
    /// Where the deadline was set, `file:line`.
    public let place: String

    init(subject: String?, limit: Duration, place: String) {
        self.subject = subject
        self.limit = limit
        self.place = place
    }

    /// `the handshake did not end within 5.0 seconds (set at App/Connect.swift:12); …`
    public var description: String {
        "\(subject ?? "an operation") did not end within \(limit) (set at \(place)); "
            + "give it more time, or find out what it waits for"
    }
}
