import MartletRESP
import MartletRedis
import Testing

/// The commands of one group of the table, with calls of each method. What the plugin makes for the tests fills it.
struct CommandGroup {
    /// As the server calls it.
    let name: String
    var commands: [TableCommand] = []
    /// Commands without methods, and why.
    var omissions: [String: String] = [:]

    init(name: String) { self.name = name }

    mutating func add(_ name: String, since: String, flags: Set<String>) {
        commands.append(TableCommand(name: name, since: since, flags: flags))
    }

    mutating func sample<Output>(
        _ method: String, _ operation: RedisOperation<Output>, kinds: (String, String)? = nil, since: String? = nil
    ) {
        let command = commands.count - 1
        let sample = CommandSample(
            method: method, command: operation.command, kinds: kinds, since: since ?? commands[command].since,
            decode: { try Output(redis: $0) })
        commands[command].samples.append(sample)
    }

    mutating func omit(_ name: String, because reason: String) { omissions[name] = reason }

    /// All groups.
    static let all = [
        theBitmapGroup(), theClusterGroup(), theConnectionGroup(), theGenericGroup(), theGeoGroup(), theHashGroup(),
        theHyperloglogGroup(), theListGroup(), thePubsubGroup(), theScriptingGroup(), theSentinelGroup(),
        theServerGroup(), theSetGroup(), theSortedSetGroup(), theStreamGroup(), theStringGroup(),
        theTransactionsGroup(),
    ]

    /// All but what sentinels answer.
    static let ofServers = all.filter { $0.name != "sentinel" }

    /// What a server knows: neither what sentinels answer nor what came with a later version than its own.
    static func known(to client: RedisClient) async throws -> [CommandGroup] {
        let version = try await client.serverVersion()
        return ofServers.map { group in
            var group = group
            group.commands = group.commands.filter { !isLater($0.since, version) }.map { command in
                var command = command
                command.samples.removeAll { isLater($0.since, version) }
                return command
            }
            return group
        }
    }

    /// Whether a version is later than another one.
    private static func isLater(_ version: String, _ other: String) -> Bool {
        numbers(of: other).lexicographicallyPrecedes(numbers(of: version))
    }

    private static func numbers(of version: String) -> [Int] {
        version.split(separator: ".").compactMap { Int($0) }
    }
}

extension RedisClient {
    /// The version of the server.
    func serverVersion() async throws -> String {
        try #require(try await info(["server"])["redis_version"])
    }
}

/// A command of the table.
struct TableCommand {
    let name: String
    let since: String
    let flags: Set<String>
    var samples: [CommandSample] = []
}

/// A call of a method with made-up arguments.
struct CommandSample {
    let method: String
    let command: RedisCommand
    /// The kinds of the answer in RESP2 and RESP3, where the table says that they differ.
    let kinds: (String, String)?
    /// The version of the server that it needs.
    let since: String
    /// Whether an answer is of the method's type.
    let decode: (RESPValue) throws -> Void

    init(
        method: String, command: RedisCommand, kinds: (String, String)?, since: String,
        decode: @escaping (RESPValue) throws -> some Sendable
    ) {
        self.method = method
        self.command = command
        self.kinds = kinds
        self.since = since
        self.decode = { _ = try decode($0) }
    }

    /// The keys that the command says it has.
    var keys: [[UInt8]] {
        var keys: [[UInt8]] = []
        command.forEachKey { key in
            keys.append([UInt8](key))
            return true
        }
        return keys
    }
}
