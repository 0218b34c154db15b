import MartletLoop
import MartletNet
import MartletRESP

/// One connection to a server.
///
/// All commands that are sent in one turn of the loop leave in one write, and any number of callers may wait for answers.
/// A connection that is lost is lost: nothing is sent again, and there is no other in its place. ``RedisClient`` does that.
@MainActor  // Spelled out: see HTTPServer.
public final class RedisConnection: RedisCommands {
    /// What it was made with.
    public let settings: RedisSettings
    /// Called with each push message (invalidations, messages of subscriptions, but no acknowledgements of those), in order,
    /// on the loop. With version 2 of the protocol it gets the messages of subscriptions, too.
    public var onPush: (([RESPValue]) -> Void)?
    /// Called once when the connection is lost or closed, with the reason.
    public var onClose: ((RedisError) -> Void)?

    private init(settings: RedisSettings) {
        self.settings = settings
    }

    deinit {}

    /// Connects, greets (HELLO or AUTH, CLIENT SETNAME, SELECT) and returns when commands can be sent.
    ///
    /// - Throws: `RedisError`, with the code `connection`, `authentication`, `timedOut`, `cancelled` or `server`.
    public static func connect(_ settings: RedisSettings) async throws(RedisError) -> RedisConnection {
        RedisConnection(settings: settings)
    }

    /// Whether commands can be sent.
    public var isOpen: Bool { false }

    /// The version of the protocol that was agreed on.
    public var protocolVersion: RedisSettings.ProtocolVersion { .resp3 }

    /// How many commands wait for their answers.
    public var pendingCount: Int { 0 }

    /// Sends a command and waits for its answer.
    public func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue { .null }

    /// Sends commands in one write, with nothing of others in between, and waits for all answers.
    ///
    /// - Returns: the answers in order; those that are errors are ``RESPValue/error(_:)``.
    /// - Throws: `RedisError` when the connection does not bring all of them.
    public func send(_ commands: [RedisCommand]) async throws(RedisError) -> [RESPValue] { [] }

    /// Sends a command whose answer is a number of acknowledgements in place of one answer: SUBSCRIBE, UNSUBSCRIBE and the
    /// like, which acknowledge each channel.
    ///
    /// - Parameters:
    ///   - command: the command.
    ///   - acknowledgements: how many are waited for: one for each channel.
    public func subscribe(_ command: RedisCommand, acknowledgements: Int) async throws(RedisError) {}

    /// Closes it at once: those who wait get an error.
    public func close() {}
}
