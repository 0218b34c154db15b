/// When a job may begin.
public nonisolated enum JobStart: Hashable, Sendable {
    /// As soon as a worker is free.
    case now
    /// After a while; at once when that is not above zero.
    case after(Duration)
    /// At a time of the wall clock, in milliseconds since 1970; at once when that has passed.
    case at(millisecondsSince1970: Int)
}
