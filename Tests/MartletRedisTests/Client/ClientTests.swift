import MartletLoop
import MartletRESP
import MartletRedis
import RedisFixture
import Testing

@Suite("client")
struct ClientTests {
    @Test("many tasks share one connection")
    func shared() async throws {
        try await withClient { client, _ in
            try await atOnce(500) { number in
                let answer = try await client.echo("\(number)")
                #expect(answer == "\(number)")
            }
            #expect(client.statistics.connectionsMade == 1 && client.statistics.openConnections == 1)
        }
    }

    @Test("several shared connections are used in turn")
    func severalShared() async throws {
        try await withClient(change: { $0.limits.sharedConnections = 3 }) { client, _ in
            for number in 0..<9 {
                let echoed = try await client.echo("\(number)")
                #expect(echoed == "\(number)")
            }
            #expect(client.statistics.openConnections == 3)
        }
    }

    @Test("a server that is killed and started again is connected to again")
    func restarted() async throws {
        try await withClient { client, server in
            #expect(try await client.echo("before") == "before")
            await server.kill()
            try await server.start()
            // The loss may be found by the first command, which then has surely not been executed, or not.
            try await eventually("it answers") { (try? await client.echo("after")) == "after" }
        }
    }

    @Test("while no server is there, commands fail after their attempts, and say why")
    func absent() async throws {
        let port = try RedisServer.freePort()
        var settings = try patient("redis://127.0.0.1:\(port)")
        settings.retries = RedisRetries(attempts: 3)
        settings.retries.backoff = .constant(.milliseconds(1))
        settings.reconnect = .constant(.milliseconds(1))
        let client = RedisClient(settings)
        let error = await failure { try await client.echo("x") }
        #expect(error?.code == .connection && error?.isUnsent == true && error?.command == "ECHO")
        #expect(client.statistics.connectionsFailed == 3)
        client.close()
    }

    @Test("a command in flight fails when the connection is lost, unless it is idempotent and that is allowed")
    func repeats() async throws {
        for (allowed, succeeds) in [(false, false), (true, true)] {
            let server = try ScriptedServer.old { command, connection in
                connection == 1 ? nil : "$\(command[1].utf8.count)\r\n\(command[1])\r\n"
            }
            var settings = try patient(server.url)
            settings.retries = RedisRetries(attempts: 3, repeatsIdempotent: allowed)
            let client = RedisClient(settings)
            let answer = await Task { try await client.echo("x") }.result
            #expect((try? answer.get()) == (succeeds ? "x" : nil))
            if !succeeds, case .failure(let error as RedisError) = answer { #expect(error.code == .connectionLost) }
            client.close()
            await server.close()
        }
        let server = try ScriptedServer.old { _, connection in connection == 1 ? nil : ":1\r\n" }
        var settings = try patient(server.url)
        settings.retries = RedisRetries(attempts: 3, repeatsIdempotent: true)
        let client = RedisClient(settings)
        let error = await failure { try await client.send(RedisCommand("INCR", key: "n")) }
        #expect(error?.code == .connectionLost && server.connections == 1)
        client.close()
        await server.close()
    }

    @Test(
        "a server that is loading, or has lost its master, is asked again; other errors are told",
        arguments: ["LOADING Redis is loading", "MASTERDOWN Link with MASTER is down", "TRYAGAIN", "CLUSTERDOWN"])
    func asksAgain(_ refusal: String) async throws {
        var asked = 0
        let server = try ScriptedServer.old { command, _ in
            asked += 1
            return asked < 3 ? "-\(refusal)\r\n" : "+done\r\n"
        }
        var settings = try patient(server.url)
        settings.retries.backoff = .constant(.milliseconds(1))
        let client = RedisClient(settings)
        #expect(try await client.send(RedisCommand("INCR", key: "n")) == .simple("done"))
        client.close()
        settings.retries = .none
        asked = 0
        let hasty = RedisClient(settings)
        let error = await failure { try await hasty.send(RedisCommand("INCR", key: "n")) }
        #expect(error?.serverCode == String(refusal.prefix { $0 != " " }))
        hasty.close()
        await server.close()
    }

    @Test("a server that is really loading answers in the end")
    func loading() async throws {
        try await withClient(["--loading-process-events-interval-bytes", "1024"]) { client, server in
            for number in 0..<100 {
                _ = try await client.send(
                    RedisCommand("SET", key: "key:\(number)", String(repeating: "x", count: 1000)))
            }
            _ = try await client.send(RedisCommand("SAVE"))
            await server.kill()
            try await server.start(with: ["--key-load-delay", "1000"])
            try await eventually("it has loaded") {
                (try? await client.send(RedisCommand("DBSIZE"), as: Int.self)) == 100
            }
        }
    }

    @Test("a server that is full says so")
    func full() async throws {
        try await withClient(["--maxmemory", "1", "--maxmemory-policy", "noeviction"]) { client, _ in
            let error = await failure { try await client.send(RedisCommand("SET", key: "k", "v")) }
            #expect(error?.code == .server && error?.serverCode == "OOM")
            let answer = try await client.send(RedisCommand("GET", key: "k"))
            #expect(answer == .null)
        }
    }

    @Test("a replica refuses writes, and answers reads")
    func replica() async throws {
        try await withClient { _, primary in
            try await withClient(["--replicaof", "127.0.0.1", "\(primary.port)"]) { client, _ in
                let error = await failure { try await client.send(RedisCommand("SET", key: "k", "v")) }
                #expect(error?.serverCode == "READONLY")
                try await eventually("it has caught up") {
                    (try? await client.send(RedisCommand("GET", key: "k"))) == .some(.null)
                }
            }
        }
    }

    @Test("CLIENT KILL is survived")
    func clientKill() async throws {
        try await withClient { client, server in
            let other = try await RedisConnection.connect(try patient(server.url))
            defer { other.close() }
            #expect(try await client.echo("before") == "before")
            _ = try await other.send(RedisCommand("CLIENT KILL", "TYPE", "normal", "SKIPME", "yes"))
            try await eventually("it answers") { (try? await client.echo("after")) == "after" }
        }
    }

    @Test("what would change the connection of others is refused")
    func refusals() async throws {
        try await withClient { client, _ in
            for name in ["SELECT", "subscribe", "MULTI", "MONITOR", "CLIENT REPLY"] {
                let error = await failure { try await client.send(RedisCommand(name, "1")) }
                #expect(error?.code == .invalidCommand && error?.isUnsent == true)
                let bare = await failure { try await client.send(RedisCommand(name)) }
                #expect(bare?.code == .invalidCommand)
                let inPipeline = await failure {
                    try await client.send([RedisCommand("PING"), RedisCommand(name, "1")])
                }
                #expect(inPipeline?.code == .invalidCommand)
            }
        }
    }

    @Test("what would change the connection of others is known however it is written, and put together")
    func spellings() async throws {
        func built(_ words: String...) -> RedisCommand {
            var command = RedisCommand(words[0])
            command.append(contentsOf: words.dropFirst())
            return command
        }
        try await withClient { client, _ in
            for command in [
                RedisCommand("SUBSCRIBE a"), RedisCommand("ssubscribe a"), RedisCommand("CLIENT REPLY SKIP"),
                RedisCommand("client reply off"), RedisCommand("Client", "Reply", "SKIP"),
                built("CLIENT", "REPLY", "SKIP"),
                built("client", "reply", "off"), built("CLIENT", "TRACKING", "ON"), RedisCommand("MULTI "),
                RedisCommand("HELLO 2"), RedisCommand("SELECT 1"), RedisCommand("REPLCONF", "ACK", 1),
                RedisCommand("REPLCONF ACK 1"), built("replconf", "ack", "1"), RedisCommand("SCRIPT DEBUG YES"),
                built("SCRIPT", "DEBUG", "YES"), RedisCommand("MONITOR"), RedisCommand("psync ? -1"),
            ] {
                let error = await failure { try await client.send(command) }
                #expect(error?.code == .invalidCommand, "\(command.name)")
                let inPipeline = await failure { try await client.send([RedisCommand("PING"), command]) }
                #expect(inPipeline?.code == .invalidCommand, "\(command.name)")
                let echoed = try await client.echo("next")
                #expect(echoed == "next", "\(command.name)")
            }
            // On a connection of one's own those alone that are not answered.
            try await client.withConnection { connection in
                for command in [
                    RedisCommand("SUBSCRIBE a"), built("CLIENT", "REPLY", "OFF"), RedisCommand("client reply skip"),
                    RedisCommand("REPLCONF ACK 1"), built("CLIENT", "REPLY", "ON"),
                ] {
                    #expect(await failure { try await connection.send(command) }?.code == .invalidCommand)
                    let echoed = try await connection.echo("next")
                    #expect(echoed == "next", "\(command.name)")
                }
                #expect(!connection.isAltered)
                _ = try await connection.send(RedisCommand("SELECT 1"))
                #expect(connection.isAltered)
            }
            // What is none of them goes where everything goes.
            let id = try await client.send(built("CLIENT", "ID"), as: Int.self)
            #expect(id > 0)
            let digest = try await client.send(built("SCRIPT", "LOAD", "return 1"), as: String.self)
            #expect(digest.utf8.count == 40)
            #expect(client.statistics.connectionsMade == 2)
        }
    }

    @Test("what blocks is known by its name, and by its arguments")
    func known() async throws {
        var built = RedisCommand("BLPOP")
        built.append(key: "q")
        #expect(built.traits.contains(.blocking) && RedisCommand("multi").traits.contains(.connection))
        #expect(RedisCommand("XREAD", "BLOCK", 0, "STREAMS", "s", "$").traits.contains(.blocking))
        #expect(!RedisCommand("XREAD", "STREAMS", "BLOCK", "$").traits.contains(.blocking))
        #expect(RedisCommand("CLIENT", "REPLY", "SKIP").traits.contains(.connection))
        #expect(RedisCommand("GET", key: "k").traits.isEmpty)
        // Built bit by bit, it is looked at when it is sent: it waits on a connection of its own.
        try await withClient { client, _ in
            var read = RedisCommand("XREAD")
            read.append(contentsOf: ["BLOCK", "0", "STREAMS", "s", "$"])
            read.blockingTime = nil
            let command = read
            var isAnswered = false
            let waiting = Task {
                defer { isAnswered = true }
                return try await client.send(command)
            }
            try await eventually("it is answered") {
                _ = try await client.send(RedisCommand("XADD", key: "s", "*", "f", "v"))
                return isAnswered
            }
            #expect(try await waiting.value.isNull == false)
            #expect(client.statistics.connectionsMade == 2)
        }
    }

    @Test("a closed client refuses everything, and those who wait are told")
    func closed() async throws {
        try await withClient { client, server in
            #expect(try await client.echo("x") == "x")
            try server.freeze()
            let waiting = Task { await failure { try await client.echo("y") } }
            try await eventually("it is sent") { client.statistics.pendingCommands == 1 }
            client.close()
            #expect(await waiting.value?.code == .closed)
            try server.resume()
            #expect(await failure { try await client.echo("z") }?.code == .closed)
            #expect(await failure { try await client.connect() }?.code == .closed)
            #expect(await failure { try await client.send(RedisCommand("BLPOP", key: "q", 1)) }?.code == .closed)
        }
    }

    @Test("no connection in time is an error that says so")
    func noConnectionInTime() async throws {
        let server = try ScriptedServer { _, _ in "" }
        var settings = try patient(server.url)
        settings.timeouts.command = .milliseconds(30)
        let client = RedisClient(settings)
        let error = await failure { try await client.echo("x") }
        #expect(error?.code == .timedOut && error?.isUnsent == true)
        client.close()
        await server.close()
    }
}
