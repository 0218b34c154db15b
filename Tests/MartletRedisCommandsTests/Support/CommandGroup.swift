import MartletRESP
import MartletRedis

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

    mutating func sample<Output>(_ method: String, _ operation: RedisOperation<Output>, kinds: (String, String)? = nil)
    {
        let sample = CommandSample(
            method: method, command: operation.command, kinds: kinds, decode: { try Output(redis: $0) })
        commands[commands.count - 1].samples.append(sample)
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
    /// Whether an answer is of the method's type.
    let decode: (RESPValue) throws -> Void

    init(
        method: String, command: RedisCommand, kinds: (String, String)?,
        decode: @escaping (RESPValue) throws -> some Sendable
    ) {
        self.method = method
        self.command = command
        self.kinds = kinds
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
