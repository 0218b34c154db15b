import MartletLoop
import MartletRESP
import RedisFixture
import Testing

@testable import MartletRedis

@Suite("Nodes of a cluster that answer badly")
struct ClusterFaultTests {
    /// Where the node listens, which its script has to say.
    private final class Node {
        var port: UInt16 = 0
        /// How many commands about keys have come.
        var count = 0
    }

    /// A cluster of one node, as that node has it.
    private static func slots(_ port: UInt16, host: String = "127.0.0.1") -> String {
        "*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$\(host.utf8.count)\r\n\(host)\r\n:\(port)\r\n$1\r\nx\r\n"
    }

    private func client(
        _ server: ScriptedServer, within limit: Duration = .seconds(60)
    ) throws -> (client: RedisClusterClient, port: UInt16) {
        var settings = try RedisClusterSettings(url: server.url)
        settings.node.timeouts.command = limit
        settings.node.logger.logLevel = .critical
        settings.refreshInterval = .milliseconds(1)
        let port = try #require(settings.seeds.first?.port)
        return (RedisClusterClient(settings), port)
    }

    @Test("redirections that lead in a circle come to an end")
    func circle() async throws {
        let node = Node()
        let server = try ScriptedServer.old { command, _ in
            command[0] == "CLUSTER" ? Self.slots(node.port) : "-MOVED 12182 127.0.0.1:\(node.port)\r\n"
        }
        let (client, port) = try client(server)
        node.port = port
        defer { client.close() }
        let error = await failure { try await client.send(RedisCommand("GET", key: "foo")) }
        #expect(error?.serverCode == "MOVED")
        #expect(client.statistics.moved == 16)
        await server.close()
    }

    @Test(
        "a redirection that leads nowhere is an error",
        arguments: ["MOVED 12182 127.0.0.1:0", "MOVED 99999 127.0.0.1:1", "MOVED", "ASK 12182 127.0.0.1:99999"])
    func nowhere(_ text: String) async throws {
        let node = Node()
        let server = try ScriptedServer.old { command, _ in
            command[0] == "CLUSTER" ? Self.slots(node.port) : "-\(text)\r\n"
        }
        let (client, port) = try client(server, within: .milliseconds(300))
        node.port = port
        defer { client.close() }
        try await client.refresh()
        let error = await failure { try await client.send(RedisCommand("GET", key: "foo")) }
        #expect(error?.reason == text)
        await server.close()
    }

    @Test(
        "a slot map that cannot be is an error that says so",
        arguments: [
            "$-1\r\n", ":1\r\n", "*1\r\n:1\r\n", "*1\r\n*3\r\n:0\r\n:99999\r\n*2\r\n$1\r\na\r\n:1\r\n", "-ERR no\r\n",
        ])
    func map(_ answer: String) async throws {
        let server = try ScriptedServer.old { _, _ in answer }
        let (client, _) = try client(server, within: .seconds(1))
        defer { client.close() }
        let error = await failure { try await client.send(RedisCommand("GET", key: "foo")) }
        #expect(error?.code == .connection)
        #expect(error?.isUnsent == true)
        #expect(error.map { "\($0)".contains("where the slots are") } == true)
        await server.close()
    }

    @Test("where no node has the slot, the command fails without having been sent")
    func uncovered() async throws {
        let server = try ScriptedServer.old { _, _ in "*0\r\n" }
        let (client, _) = try client(server, within: .seconds(1))
        defer { client.close() }
        let error = await failure { try await client.send(RedisCommand("SET", key: "foo", "x")) }
        #expect(error?.reason.contains("12182") == true)
        #expect(error?.isUnsent == true)
        #expect(!server.commands.contains { $0[0] == "SET" })
        await server.close()
    }

    @Test("a server that does not know CLUSTER SLOTS is asked for CLUSTER SHARDS")
    func shards() async throws {
        let node = Node()
        let server = try ScriptedServer.old { command, _ in
            switch command.prefix(2).joined(separator: " ") {
            case "CLUSTER SLOTS": return "-ERR Unknown subcommand or wrong number of arguments for 'slots'.\r\n"
            case "CLUSTER SHARDS":
                let fields =
                    "*6\r\n$4\r\nport\r\n:\(node.port)\r\n$8\r\nendpoint\r\n$9\r\n127.0.0.1\r\n$4\r\nrole\r\n$6\r\nmaster\r\n"
                return "*1\r\n*4\r\n$5\r\nslots\r\n*2\r\n:0\r\n:16383\r\n$5\r\nnodes\r\n*1\r\n\(fields)"
            default: return "+here\r\n"
            }
        }
        let (client, port) = try client(server)
        node.port = port
        defer { client.close() }
        let answer = try await client.send(RedisCommand("GET", key: "foo"))
        #expect(answer.text == "here")
        #expect(client.slotMap.isComplete)
        await server.close()
    }

    @Test("a write whose connection was lost is not sent again, unless that is allowed", arguments: [false, true])
    func lost(mayRepeat: Bool) async throws {
        let node = Node()
        let server = try ScriptedServer.old { command, _ in
            if command[0] == "CLUSTER" { return Self.slots(node.port) }
            node.count += 1
            return node.count == 1 ? nil : "+OK\r\n"
        }
        var settings = try RedisClusterSettings(url: server.url)
        settings.node.retries.repeatsIdempotent = mayRepeat
        settings.node.logger.logLevel = .critical
        node.port = try #require(settings.seeds.first?.port)
        let client = RedisClusterClient(settings)
        defer { client.close() }
        let command = RedisCommand("SET", key: "foo", "x", traits: .idempotent)
        if mayRepeat {
            #expect(try await client.send(command).text == "OK")
            #expect(node.count == 2)
        } else {
            let error = await failure { try await client.send(command) }
            #expect(error?.code == .connectionLost)
            #expect(error?.isUnsent == false)
            #expect(node.count == 1)
        }
        await server.close()
    }

    @Test("a pipeline does not stick to a node that it was sent on to, and that is gone")
    func gone() async throws {
        let node = Node()
        let gone = try RedisServer.freePort()
        let server = try ScriptedServer.old { command, _ in
            if command[0] == "CLUSTER" { return Self.slots(node.port) }
            node.count += 1
            return node.count == 1 ? "-MOVED 12182 127.0.0.1:\(gone)\r\n" : "+here\r\n"
        }
        let (client, port) = try client(server)
        node.port = port
        defer { client.close() }
        let answers = try await client.send([RedisCommand("GET", key: "foo")])
        #expect(answers.map(\.text) == ["here"])
        await server.close()
    }

    @Test("a client that was closed sends nothing any more, and says why")
    func closed() async throws {
        let node = Node()
        let server = try ScriptedServer.old { command, _ in
            command[0] == "CLUSTER" ? Self.slots(node.port) : "+here\r\n"
        }
        let (client, port) = try client(server)
        node.port = port
        let get = RedisCommand("GET", key: "foo")
        #expect(try await client.send(get).text == "here")
        client.close()
        let connections = server.connections
        #expect(await failure { try await client.send(get) }?.code == .closed)
        #expect(await failure { try await client.send([get]) }?.code == .closed)
        #expect(await failure { try await client.send(RedisCommand("DBSIZE")) }?.code == .closed)
        #expect(await failure { try await client.send(RedisCommand("SCAN", "0")) }?.code == .closed)
        #expect(await failure { try await client.masters() }?.code == .closed)
        #expect(await failure { try await client.client(for: "foo") }?.code == .closed)
        #expect(server.connections == connections)
        await server.close()
    }

    @Test("those who want a sharded channel stay together when its slot moves between their subscriptions")
    func together() async throws {
        let owner = Node()
        let script: ScriptedServer.Script = { command, _ in
            guard command[0] != "CLUSTER" else { return Self.slots(owner.port) }
            let word = command[0].lowercased()
            return "*3\r\n$\(word.utf8.count)\r\n\(word)\r\n$3\r\nfoo\r\n:1\r\n"
        }
        let (old, new) = (try ScriptedServer.old(script), try ScriptedServer.old(script))
        let (client, port) = try client(old)
        owner.port = port
        defer { client.close() }
        let first = try await client.subscribe(toShardChannels: "foo")
        owner.port = try #require(RedisNodeAddress(try RedisSettings(url: new.url).endpoint)).port
        try await client.refresh()
        let second = try await client.subscribe(toShardChannels: "foo")
        #expect(try await first.next() == .gap(.moved))
        #expect(new.commands.filter { $0[0] == "SSUBSCRIBE" }.count == 1)
        second.cancel()
        for server in [old, new] { await server.close() }
    }

    @Test("a command's time-out holds while the slot map is waited for")
    func impatient() async throws {
        let never = Event()
        let server = try ScriptedServer.old { _, _ in
            try await never.wait()
            return nil
        }
        let (client, _) = try client(server)
        defer { client.close() }
        var command = RedisCommand("GET", key: "foo")
        command.timeout = .milliseconds(50)
        let error = await failure { try await client.send(command) }
        #expect(error?.code == .timedOut)
        #expect(error?.isUnsent == true)
        never.set()
        await server.close()
    }

    @Test("who asks for the slot map waits no longer than for a command")
    func impatientRefresh() async throws {
        let never = Event()
        let server = try ScriptedServer.old { _, _ in
            try await never.wait()
            return nil
        }
        let (silent, _) = try client(server, within: .milliseconds(50))
        defer { silent.close() }
        let error = await failure { try await silent.refresh() }
        #expect(error?.code == .timedOut || error?.code == .connection)
        never.set()
        await server.close()
    }
}

@Suite("Sentinels that answer badly")
struct SentinelFaultTests {
    @Test(
        "an answer that names no server is passed over for the next sentinel's",
        arguments: ["*-1\r\n", "*2\r\n$1\r\na\r\n$1\r\n0\r\n", "*2\r\n$-1\r\n$-1\r\n", ":1\r\n", "-ERR no\r\n"])
    func passedOver(_ answer: String) async throws {
        let master = try ScriptedServer.old { command, _ in
            command[0] == "ROLE" ? "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n" : "+here\r\n"
        }
        let port = String(try #require(RedisNodeAddress(try RedisSettings(url: master.url).endpoint)).port)
        let bad = try ScriptedServer.old { _, _ in answer }
        let good = try ScriptedServer.old { command, _ in
            command.count > 1 && command[1].uppercased() == "GET-MASTER-ADDR-BY-NAME"
                ? "*2\r\n$9\r\n127.0.0.1\r\n$\(port.utf8.count)\r\n\(port)\r\n" : "*0\r\n"
        }
        var settings = RedisSentinelSettings(
            sentinels: [try RedisSettings(url: bad.url), try RedisSettings(url: good.url)], masterName: "m")
        settings.server.logger.logLevel = .critical
        settings.sentinelTimeout = .seconds(30)
        let client = RedisSentinelClient(settings)
        #expect(try await client.send(RedisCommand("GET", key: "foo")).text == "here")
        #expect(client.masterAddress?.port == UInt16(port))
        client.close()
        for server in [master, bad, good] { await server.close() }
    }

    @Test("a server that says it is no master is not written to, whatever sentinels say")
    func noMaster() async throws {
        let replica = try ScriptedServer.old { command, _ in
            command[0] == "ROLE"
                ? "*5\r\n$5\r\nslave\r\n$1\r\na\r\n:1\r\n$9\r\nconnected\r\n:1\r\n" : "+written\r\n"
        }
        let port = String(try #require(RedisNodeAddress(try RedisSettings(url: replica.url).endpoint)).port)
        let sentinel = try ScriptedServer.old { command, _ in
            command.count > 1 && command[1].uppercased() == "GET-MASTER-ADDR-BY-NAME"
                ? "*2\r\n$9\r\n127.0.0.1\r\n$\(port.utf8.count)\r\n\(port)\r\n" : "*0\r\n"
        }
        var settings = RedisSentinelSettings(sentinels: [try RedisSettings(url: sentinel.url)], masterName: "m")
        settings.server.timeouts.command = .milliseconds(300)
        settings.server.logger.logLevel = .critical
        let client = RedisSentinelClient(settings)
        let error = await failure { try await client.send(RedisCommand("SET", key: "foo", "x")) }
        #expect(error?.isUnsent == true)
        #expect(!replica.commands.contains { $0[0] == "SET" })
        client.close()
        for server in [replica, sentinel] { await server.close() }
    }
}
