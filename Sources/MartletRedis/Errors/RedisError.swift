import MartletLoop
import MartletRESP

/// A command that got no result: which one, where, and why. Never shows arguments or passwords.
public nonisolated struct RedisError: Error, Sendable {
    /// What went wrong. More may be added: always have a `default`.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name, in words joined by hyphens.
        public let rawValue: String

        /// A code by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The URL, or a setting, makes no sense.
        public static let invalidSettings = Code(rawValue: "invalid-settings")
        /// The command cannot be sent like this: one that changes the connection, to a client that shares it.
        public static let invalidCommand = Code(rawValue: "invalid-command")
        /// The server cannot be connected to: the cause says why.
        public static let connection = Code(rawValue: "connection")
        /// The server does not take the user and password, or wants some.
        public static let authentication = Code(rawValue: "authentication")
        /// The connection ended or failed before the answer came.
        public static let connectionLost = Code(rawValue: "connection-lost")
        /// The answer did not come in time.
        public static let timedOut = Code(rawValue: "timed-out")
        /// The client or connection has been closed.
        public static let closed = Code(rawValue: "closed")
        /// The task was cancelled.
        public static let cancelled = Code(rawValue: "cancelled")
        /// The server answered with an error: ``RedisError/serverCode`` says which.
        public static let server = Code(rawValue: "server")
        /// What the server sent is no RESP.
        public static let malformedAnswer = Code(rawValue: "malformed-answer")
        /// The answer is not of the type that was asked for.
        public static let unexpectedAnswer = Code(rawValue: "unexpected-answer")
        /// More commands wait for answers than may.
        public static let queueFull = Code(rawValue: "queue-full")
        /// All connections are taken, and more callers wait for one than may, or waited too long.
        public static let poolExhausted = Code(rawValue: "pool-exhausted")
        /// A watched key has changed: the transaction was not executed.
        public static let transactionAborted = Code(rawValue: "transaction-aborted")
    }

    // Behind one reference, so that a result that is no error is cheap to pass on.
    private final class Details: Sendable {
        let code: Code
        let host: String
        let command: String?
        let reason: String
        let reply: RESPErrorReply?
        let cause: (any Error)?
        let isUnsent: Bool

        init(
            code: Code, host: String, command: String?, reason: String, reply: RESPErrorReply?, cause: (any Error)?,
            isUnsent: Bool
        ) {
            self.code = code
            self.host = host
            self.command = command
            self.reason = reason
            self.reply = reply
            self.cause = cause
            self.isUnsent = isUnsent
        }
    }

    private let details: Details

    /// What went wrong.
    public var code: Code { details.code }
    /// Where the server is: `redis.example.org:6379`, `unix:/run/redis.sock`; empty where there is none to name.
    public var host: String { details.host }
    /// The command's name; `nil` where it is not about one.
    public var command: String? { details.command }
    /// What has happened, for a person.
    public var reason: String { details.reason }
    /// With ``Code-swift.struct/server`` and ``Code-swift.struct/authentication``, what the server said.
    public var reply: RESPErrorReply? { details.reply }
    /// What was thrown below, such as a `ConnectError`, a `TLSError` or a `RESPError`.
    public var cause: (any Error)? { details.cause }
    /// Whether the command has surely not been executed, because it was not sent, or refused before it was looked at: it
    /// may be sent again whatever it does.
    public var isUnsent: Bool { details.isUnsent }

    /// The first word of what the server said: `WRONGTYPE`, `MOVED`, `NOSCRIPT`, `LOADING`, `READONLY`, `OOM`.
    public var serverCode: String? { details.reply?.code }

    /// An error.
    public init(
        _ code: Code, host: String = "", command: String? = nil, _ reason: String, reply: RESPErrorReply? = nil,
        cause: (any Error)? = nil, isUnsent: Bool = false
    ) {
        details = Details(
            code: code, host: host, command: command, reason: reason, reply: reply, cause: cause, isUnsent: isUnsent)
    }

    /// A server's error reply to a command.
    public init(_ reply: RESPErrorReply, host: String, command: String?) {
        // Of a command that it does not know a server repeats the arguments, which nobody else is to see.
        let text = reply.text.firstRange(of: ", with args").map { String(reply.text[..<$0.lowerBound]) } ?? reply.text
        self.init(.server, host: host, command: command, text, reply: RESPErrorReply(text))
    }

    /// The same error about another command.
    public func about(command: String) -> RedisError {
        RedisError(
            code, host: host, command: command, reason, reply: reply, cause: cause, isUnsent: isUnsent)
    }
}

nonisolated extension RedisError: CancellationReporting {
    /// Whether the task was cancelled, and nothing else went wrong.
    public var isCancellation: Bool { code == .cancelled }
}

nonisolated extension RedisError: CustomStringConvertible {
    /// `GET on localhost:6379: the connection was lost before the answer came: connection reset by peer`
    public var description: String {
        let place = [command, host.isEmpty ? nil : host].compactMap { $0 }.joined(separator: " on ")
        return place.isEmpty ? reason : "\(place): \(reason)"
    }
}
