import COpenSSL
import MartletRESP

/// A Lua script that the server executes as one step. The server keeps it, and is told only its hash from the second time on.
///
/// ```swift
/// let takeToken = RedisScript("""
///     local left = tonumber(redis.call('GET', KEYS[1]) or ARGV[1])
///     if left == 0 then return 0 end
///     redis.call('SET', KEYS[1], left - 1, 'EX', 60)
///     return 1
///     """)
/// let mayGo = try await takeToken.run(on: client, keys: ["tokens:\(user)"], 100, as: Bool.self)
/// ```
public nonisolated struct RedisScript: Hashable, Sendable {
    /// Its text.
    public let source: String
    /// The SHA-1 of its text, by which the server knows it, in hexadecimal digits.
    public let hash: String
    /// Whether it changes nothing, so that replicas may execute it (EVAL_RO, EVALSHA_RO; from 7.0 on), and it may be sent
    /// again.
    public let isReadOnly: Bool

    /// A script from its text.
    public init(_ source: String, isReadOnly: Bool = false) {
        self.source = source
        self.isReadOnly = isReadOnly
        var digest = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
        let bytes = Array(source.utf8)
        SHA1(bytes, bytes.count, &digest)
        let digits = Array("0123456789abcdef".utf8)
        hash = String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Executes it.
    ///
    /// - Parameters:
    ///   - target: where.
    ///   - keys: the keys that it uses, its `KEYS`.
    ///   - arguments: whatever else it gets, its `ARGV`.
    ///   - type: what its answer is turned into.
    /// - Throws: `RedisError`, also for what the script fails with.
    @MainActor
    public func run<Output: RedisDecodable>(
        on target: some RedisCommands, keys: [any RedisArgument] = [], _ arguments: any RedisArgument...,
        as type: Output.Type = RESPValue.self
    ) async throws(RedisError) -> Output {
        do throws(RedisError) {
            return try await target.send(byHash(keys: keys, arguments), as: type)
        } catch {
            // It does not have it (any more): it was restarted, or flushed, or is another one than before.
            guard error.serverCode == "NOSCRIPT" else { throw error }
            return try await target.send(bySource(keys: keys, arguments), as: type)
        }
    }

    /// The command that has it executed by its text, which the server keeps: for pipelines and transactions, where nobody can
    /// react to the server not having it.
    public func command(keys: [any RedisArgument] = [], _ arguments: any RedisArgument...) -> RedisCommand {
        bySource(keys: keys, arguments)
    }

    private func byHash(keys: [any RedisArgument], _ arguments: [any RedisArgument]) -> RedisCommand {
        command(isReadOnly ? "EVALSHA_RO" : "EVALSHA", hash, keys, arguments)
    }

    private func bySource(keys: [any RedisArgument], _ arguments: [any RedisArgument]) -> RedisCommand {
        command(isReadOnly ? "EVAL_RO" : "EVAL", source, keys, arguments)
    }

    private func command(
        _ name: String, _ script: String, _ keys: [any RedisArgument], _ arguments: [any RedisArgument]
    ) -> RedisCommand {
        var command = RedisCommand(name, traits: isReadOnly ? .readOnly : [])
        command.append(script)
        command.append(keys.count)
        for key in keys { command.append(key: key) }
        for argument in arguments { command.append(argument) }
        return command
    }
}
