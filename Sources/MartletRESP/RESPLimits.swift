/// How much of a server's answers is taken.
public struct RESPLimits: Hashable, Sendable {
    /// Aggregates inside of each other. Redis itself stays below 10, scripts can go further.
    public var depth = 64
    /// Bytes of one bulk; the server's own limit (proto-max-bulk-len) unless set.
    public var bulkBytes = 512 << 20
    /// Values in one answer, those in aggregates included.
    public var values = 1 << 24
    /// Bytes of one answer.
    public var bytes = 1 << 30
    /// Bytes of a line: an error, a simple string, a number.
    public var lineBytes = 64 << 10

    /// The defaults.
    public init() {}
}
