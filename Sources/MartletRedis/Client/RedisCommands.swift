import MartletRESP

/// Whatever commands can be sent to: a client, a connection, a cluster. The typed commands are extensions of this
/// protocol, so that all of them have them all.
@MainActor public protocol RedisCommands: Sendable {
    /// Sends a command and waits for its answer.
    ///
    /// Runs where it is called from: a call of a function of the main actor, and each return from one, costs a look at the
    /// executor, and there are several on the way of a typed command. Types of the main actor implement it with a function that
    /// says `@MainActor`.
    ///
    /// - Returns: the answer, which is no error.
    /// - Throws: `RedisError`, also for an error that the server answers with, and when the task is cancelled.
    nonisolated(nonsending) func send(_ command: RedisCommand) async throws(RedisError) -> RESPValue
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
    public nonisolated(nonsending) func send<Result: RedisDecodable>(
        _ command: RedisCommand, as type: Result.Type
    ) async throws(RedisError) -> Result {
        var command = command
        command.wantsText = Result.self == String.self || Result.self == String?.self
        return try RedisError.decode(try await send(command), as: type, command: command.name)
    }
}
