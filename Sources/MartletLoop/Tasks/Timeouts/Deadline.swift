/// When the running code will be cancelled: the earliest of the deadlines that it runs inside of.
///
/// Whoever has to share out the time that is left, over several attempts or with another process, asks here.
///
/// ```swift
/// request.fields["grpc-timeout"] = Deadline.current.map { "\($0.remaining.components.seconds)S" }
/// ```
public struct Deadline: Hashable, Sendable {
    /// When it is.
    public let instant: EventLoop.Instant

    /// The one of the current task; `nil` outside of `withTimeout` and `withDeadline`, and inside of `shield`.
    public static var current: Deadline? {
        CurrentTimeout.innermost?.effectiveInstant.map { Deadline(instant: $0) }
    }

    /// How long it is from now; zero when it has passed.
    public var remaining: Duration {
        max(.zero, instant - EventLoop.main.time())
    }

    /// Whether its time has come.
    public var hasPassed: Bool { remaining == .zero }
}
