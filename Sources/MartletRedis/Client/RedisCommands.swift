import MartletRESP

/// Whatever commands can be sent to: a client, a connection, a cluster. The typed commands are extensions of this
/// protocol, so that all of them have them all.
@MainActor public protocol RedisCommands: Sendable {
    /// Sends a command and waits for its answer.
    ///
    /// - Returns: the answer, which is no error.
    /// - Throws: `RedisError`, also for an error that the server answers with, and when the task is cancelled.
    func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue
}

extension RedisCommands {
    /// Sends a command and waits for its answer, as a type.
    ///
    /// ```swift
    /// let age = try await client.send(RedisCommand("TTL", key: "session"), as: Int.self)
    /// ```
    ///
    /// - Throws: `RedisError`; ``RedisError/Code-swift.struct/unexpectedAnswer`` when the answer is not of this type.
    @inline(__always)
    public func send<Result: RedisDecodable>(
        _ command: RedisCommand, as type: Result.Type
    ) async throws(RedisError) -> Result {
        try RedisError.decode(try await send(command), as: type, command: command.name)
    }
}
