import MartletRESP

/// A command together with the type of its answer.
///
/// ```swift
/// let operation: RedisOperation<Int> = .incr("visits")
/// let visits = try await client.send(operation)      // the same as client.incr("visits")
/// ```
///
/// Every method of ``RedisCommands`` has an operation of its name, for what is not sent at once: pipelines and transactions.
/// Both are made from the table of commands in `Sources/MartletRedis/Commands/Table`.
public nonisolated struct RedisOperation<Output: RedisDecodable>: Sendable {
    /// The command.
    public var command: RedisCommand

    /// A command whose answer is an `Output`.
    public init(_ command: RedisCommand) { self.command = command }
}

extension RedisCommands {
    /// Sends an operation's command and waits for its answer.
    ///
    /// - Throws: `RedisError`; ``RedisError/Code-swift.struct/unexpectedAnswer`` when the answer is of another type.
    @inline(__always)
    public nonisolated(nonsending) func send<Output>(
        _ operation: RedisOperation<Output>
    ) async throws(RedisError) -> Output {
        try await send(operation.command, as: Output.self)
    }
}

/// The answer of a command that has nothing to say but that it is done: mostly `OK`.
public nonisolated struct RedisDone: RedisDecodable, Hashable {
    /// Done.
    public init() {}

    /// Any answer but null: what is no success is an error already.
    public init(redis value: RESPValue) throws(RedisMismatch) {
        if value.isNull { throw RedisMismatch(expected: "OK", found: value) }
    }
}
