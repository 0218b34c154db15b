import MartletRESP

/// MULTI, the commands and EXEC, sent in one write: nothing of others gets in between, be the connection shared or not.
nonisolated struct RedisTransaction {
    let pipeline: RedisPipeline
    let host: String

    private static let multi = RedisCommand(exactly: "MULTI", traits: [], capacity: 0)
    private static let exec = RedisCommand(exactly: "EXEC", traits: [], capacity: 0)

    var commands: [RedisCommand] { [Self.multi] + pipeline.commands + [Self.exec] }

    /// Finds the answers in those to ``commands``.
    ///
    /// - Returns: the answers; `nil` when a watched key has changed.
    func answers(in values: [RESPValue]) throws(RedisError) -> RedisAnswers? {
        switch values.last {
        case .array(let answers) where answers.count == pipeline.count:
            return RedisAnswers(answers, of: pipeline, host: host)
        case .null: return nil
        case .error(let reply): throw failure(reply, values)
        default:
            throw RedisError(
                .unexpectedAnswer, host: host, command: "EXEC", "expected the answers of \(pipeline.count) commands")
        }
    }

    /// Why nothing was executed: what the server said to the command that it did not queue tells more than EXECABORT.
    private func failure(_ reply: RESPErrorReply, _ values: [RESPValue]) -> RedisError {
        if case .error(let reply) = values[0] {
            // Then the others were commands of their own.
            return RedisError(
                .server, host: host, command: "MULTI", "\(reply.text); the commands may have been executed one by one",
                reply: reply)
        }
        for (index, value) in values.dropLast().enumerated() {
            guard case .error(let reply) = value else { continue }
            let name = index == 0 ? "MULTI" : pipeline.commands[index - 1].name
            return RedisError(reply, host: host, command: name)
        }
        return RedisError(reply, host: host, command: "EXEC")
    }
}

extension RedisClient {
    /// Has the server execute a pipeline's commands as one: all or none, with nothing of others in between.
    ///
    /// ```swift
    /// var transfer = RedisPipeline()
    /// transfer.add(RedisCommand("DECRBY", key: "alice", 10))
    /// transfer.add(RedisCommand("INCRBY", key: "bob", 10))
    /// try await client.transaction(transfer).check()
    /// ```
    ///
    /// A command that fails when it is executed does not undo the others (as Redis documents it): its answer is the error.
    ///
    /// - Throws: `RedisError` when nothing was executed, or nobody knows whether it was.
    public func transaction(_ pipeline: RedisPipeline) async throws(RedisError) -> RedisAnswers {
        let transaction = RedisTransaction(pipeline: pipeline, host: settings.host)
        if pipeline.isEmpty { return RedisAnswers([], of: pipeline, host: settings.host) }
        guard let answers = try transaction.answers(in: try await send(transaction.commands)) else {
            throw Self.aborted(settings.host, "EXEC was answered with null though nothing was watched")
        }
        return answers
    }

    /// Reads watched keys, and changes them only if nobody else has meanwhile (WATCH): else reads them anew and tries again.
    ///
    /// ```swift
    /// let answers = try await client.transaction(watching: ["stock"]) { connection in
    ///     let stock = try await connection.send(RedisCommand("GET", key: "stock"), as: Int.self)
    ///     var purchase = RedisPipeline()
    ///     purchase.add(RedisCommand("SET", key: "stock", stock - 1))
    ///     return purchase
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - keys: what is watched.
    ///   - attempts: how often it is tried, at least once.
    ///   - build: reads by the connection that it gets, and returns what is to be executed; called anew for each attempt. An
    ///     empty pipeline ends it without executing anything.
    /// - Throws: ``RedisError/Code-swift.struct/transactionAborted`` when a key had changed at every attempt; whatever `build`
    ///   throws, without executing anything.
    public func transaction(
        watching keys: [any RedisArgument], attempts: Int = 10,
        _ build: @MainActor (RedisConnection) async throws -> RedisPipeline
    ) async throws -> RedisAnswers {
        for _ in 0..<max(1, attempts) {
            if let answers = try await attempt(watching: keys, build) { return answers }
        }
        throw Self.aborted(settings.host, "a watched key changed at each of \(max(1, attempts)) attempts")
    }

    private func attempt(
        watching keys: [any RedisArgument], _ build: @MainActor (RedisConnection) async throws -> RedisPipeline
    ) async throws -> RedisAnswers? {
        try await withConnection { connection in
            guard !keys.isEmpty else {
                throw RedisError(
                    .invalidCommand, host: connection.host, command: "WATCH", "there is no key to watch", isUnsent: true
                )
            }
            var watch = RedisCommand(exactly: "WATCH", traits: [])
            for key in keys { watch.append(key: key) }
            // From here to EXEC the connection is not to be lent again, however this ends.
            let wasAltered = connection.isAltered
            connection.isAltered = true
            _ = try await connection.send(watch)
            let transaction = RedisTransaction(pipeline: try await build(connection), host: connection.host)
            let answers: RedisAnswers?
            if transaction.pipeline.isEmpty {
                _ = try await connection.send(RedisCommand(exactly: "UNWATCH", traits: []))
                answers = RedisAnswers([], of: transaction.pipeline, host: connection.host)
            } else {
                answers = try transaction.answers(in: try await connection.send(transaction.commands))
            }
            connection.isAltered = wasAltered
            return answers
        }
    }

    private static func aborted(_ host: String, _ reason: String) -> RedisError {
        RedisError(.transactionAborted, host: host, command: "EXEC", reason, isUnsent: true)
    }
}
