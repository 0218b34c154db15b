import MartletLoop

/// Hears of the commands of a client: for metrics and spans. Without one, nothing is spent on it.
///
/// ```swift
/// settings.observers = [RedisMetrics(), RedisTracing()]
/// ```
public protocol RedisObserver {
    /// A command is about to be sent, in the task that sends it.
    ///
    /// - Returns: what ``commandEnded(_:state:since:error:)`` gets.
    func commandBegins(_ command: RedisObservedCommand) -> AnyObject?

    /// Its answer is there, or an error.
    ///
    /// - Parameters:
    ///   - command: the command.
    ///   - state: what ``commandBegins(_:)`` returned.
    ///   - start: when it began.
    ///   - error: why it failed; `nil` when it did not.
    func commandEnded(
        _ command: RedisObservedCommand, state: AnyObject?, since start: EventLoop.Instant, error: RedisError?)
}

/// What an observer is told of a command: nothing that could be secret.
public struct RedisObservedCommand {
    /// Its name; `PIPELINE` for several.
    public let name: String
    /// Where the server is.
    public let endpoint: RedisEndpoint
    /// The database's number.
    public let database: Int
}

extension RedisClient {
    /// Calls `body` and tells the observers.
    func observed<Result>(
        _ name: String, _ body: @MainActor () async throws(RedisError) -> Result
    ) async throws(RedisError) -> Result {
        let command = RedisObservedCommand(name: name, endpoint: settings.endpoint, database: settings.database)
        let start = EventLoop.Instant.readClock()
        let states = settings.observers.map { $0.commandBegins(command) }
        var failure: RedisError?
        defer {
            for (observer, state) in zip(settings.observers, states).reversed() {
                observer.commandEnded(command, state: state, since: start, error: failure)
            }
        }
        do throws(RedisError) {
            return try await body()
        } catch {
            failure = error
            throw error
        }
    }
}
