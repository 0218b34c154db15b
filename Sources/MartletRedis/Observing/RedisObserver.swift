import MartletLoop

/// Hears of commands: for metrics and spans. Without one, nothing is spent on it.
public protocol RedisObserver {
    /// A command is about to be sent. What is returned is told to ``commandEnded(_:state:error:)``.
    func commandBegins(_ name: String, host: String) -> AnyObject?
    /// Its answer, or an error, is there.
    func commandEnded(_ name: String, host: String, state: AnyObject?, since start: EventLoop.Instant, error: RedisError?)
}
