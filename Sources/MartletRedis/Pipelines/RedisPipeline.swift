import MartletRESP

/// Commands that are sent together, each with the type of its answer.
///
/// ```swift
/// var pipeline = RedisPipeline()
/// let name = pipeline.add(.get("name"))
/// let visits = pipeline.add(.incr("visits"))
/// let answers = try await client.send(pipeline)
/// print(try answers[name] ?? "nobody", try answers[visits])
/// ```
///
/// All leave in one write, and one wait brings all answers: that is what it saves over sending them one by one, which are
/// pipelined as well when several tasks send at the same time. `client.transaction(pipeline)` has the server execute them as
/// one.
public nonisolated struct RedisPipeline: Sendable {
    /// Where an answer will be, and of what type it is.
    public struct Slot<Output: RedisDecodable>: Sendable {
        let position: Int
    }

    /// The commands, in order.
    public private(set) var commands: [RedisCommand] = []

    /// An empty one, with room for so many commands.
    public init(capacity: Int = 0) {
        commands.reserveCapacity(capacity)
    }

    /// How many commands there are.
    public var count: Int { commands.count }

    /// Whether there are none.
    public var isEmpty: Bool { commands.isEmpty }

    /// Adds a command.
    ///
    /// - Returns: what its answer is asked for by.
    @discardableResult
    public mutating func add<Output: RedisDecodable>(
        _ command: RedisCommand, as type: Output.Type = RESPValue.self
    ) -> Slot<Output> {
        commands.append(command)
        return Slot(position: commands.count - 1)
    }

    /// Adds an operation: `pipeline.add(.incr("visits"))`.
    ///
    /// - Returns: what its answer is asked for by.
    @discardableResult
    public mutating func add<Output>(_ operation: RedisOperation<Output>) -> Slot<Output> {
        add(operation.command, as: Output.self)
    }
}

/// The answers of a pipeline.
public nonisolated struct RedisAnswers: Sendable {
    /// All of them in order; those that are errors are `RESPValue.error`.
    public let values: [RESPValue]
    private let commands: [RedisCommand]
    private let host: String

    init(_ values: [RESPValue], of pipeline: RedisPipeline, host: String) {
        self.values = values
        commands = pipeline.commands
        self.host = host
    }

    /// One answer. It must be asked for by a slot of the very pipeline.
    ///
    /// - Throws: `RedisError` when it is an error, or of another type.
    public subscript<Output: RedisDecodable>(slot: RedisPipeline.Slot<Output>) -> Output {
        get throws(RedisError) {
            let command = commands[slot.position].name
            let value = values[slot.position]
            if case .error(let reply) = value { throw RedisError(reply, host: host, command: command) }
            return try RedisError.decode(value, as: Output.self, command: command)
        }
    }

    /// Finds the first error among them.
    ///
    /// - Throws: that error.
    public func check() throws(RedisError) {
        for (value, command) in zip(values, commands) {
            if case .error(let reply) = value { throw RedisError(reply, host: host, command: command.name) }
        }
    }
}

extension RedisClient {
    /// Sends a pipeline's commands in one write and waits for all answers.
    ///
    /// - Throws: `RedisError` when not all answers came; errors that the server answers with are found in the answers.
    public func send(_ pipeline: RedisPipeline) async throws(RedisError) -> RedisAnswers {
        RedisAnswers(try await send(pipeline.commands), of: pipeline, host: settings.host)
    }

    /// Sends the commands that `build` adds: see ``send(_:)-(RedisPipeline)``.
    public func pipeline<Slots>(
        _ build: (inout RedisPipeline) -> Slots
    ) async throws(RedisError) -> (answers: RedisAnswers, slots: Slots) {
        var pipeline = RedisPipeline()
        let slots = build(&pipeline)
        return (try await send(pipeline), slots)
    }
}

extension RedisConnection {
    /// Sends a pipeline's commands in one write and waits for all answers.
    ///
    /// - Throws: `RedisError` when not all answers came; errors that the server answers with are found in the answers.
    public func send(_ pipeline: RedisPipeline) async throws(RedisError) -> RedisAnswers {
        RedisAnswers(try await send(pipeline.commands), of: pipeline, host: host)
    }
}
