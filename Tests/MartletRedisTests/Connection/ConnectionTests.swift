import MartletLoop
import MartletRESP
import MartletTLS
import RedisFixture
import Testing

@testable import MartletRedis

@Suite("connection to a real server")
struct ConnectionTests {
    @Test("a key is set and read back, in both versions of the protocol, by TCP and by a Unix socket")
    func roundTrip() async throws {
        try await RedisServer.with { server in
            for base in [server.url + "?protocol=", server.unixURL + "?protocol="] {
                for version in [2, 3] {
                    let connection = try await RedisConnection.connect(try patient(base + "\(version)"))
                    defer { connection.close() }
                    #expect(connection.protocolVersion.rawValue == version)
                    #expect(try await connection.send(RedisCommand("SET", key: "k", "v")) == .simple("OK"))
                    #expect(try await connection.send(RedisCommand("GET", key: "k")) == .bulk("v"))
                    #expect(try await connection.send(RedisCommand("GET", key: "absent")) == .null)
                    _ = try await connection.send(RedisCommand("HSET", key: "h", "field", 1))
                    let map = try await connection.send(RedisCommand("HGETALL", key: "h"), as: [String: Int].self)
                    #expect(map == ["field": 1])
                }
            }
        }
    }

    @Test("the greeting tells the name, chooses the database and learns what the server is")
    func greeting() async throws {
        let change: (inout RedisSettings) -> Void = {
            $0.clientName = "tester"
            $0.database = 3
        }
        try await withServerConnection(change: change) { connection, _ in
            let info = try await connection.send(RedisCommand("CLIENT INFO"), as: String.self)
            #expect(info.contains("name=tester") && info.contains("db=3") && info.contains("resp=3"))
            #expect(connection.greeting["server"] == "redis" && connection.greeting["version"]?.hasPrefix("7.") == true)
        }
    }

    @Test("callers at the same time get their own answers")
    func concurrent() async throws {
        try await withServerConnection { connection, _ in
            try await atOnce(2000) { number in
                let text = String(repeating: "\(number),", count: number % 7 + 1)
                let echoed = try await connection.echo(text)
                #expect(echoed == text)
            }
            #expect(connection.pendingCount == 0)
        }
    }

    @Test("large values go both ways")
    func large() async throws {
        try await withServerConnection { connection, _ in
            let value = Array(String(repeating: "0123456789abcdef", count: 300_000).utf8)
            async let small = connection.echo("small")
            _ = try await connection.send(RedisCommand("SET", key: "large", value))
            #expect(try await connection.send(RedisCommand("GET", key: "large"), as: [UInt8].self) == value)
            #expect(try await small == "small")
        }
    }

    @Test("an error of the server is thrown with its word, and the connection goes on")
    func serverError() async throws {
        try await withServerConnection { connection, server in
            _ = try await connection.send(RedisCommand("SET", key: "text", "no list"))
            let error = await failure { try await connection.send(RedisCommand("LPUSH", key: "text", "secret")) }
            #expect(error?.code == .server && error?.serverCode == "WRONGTYPE" && error?.command == "LPUSH")
            #expect(error?.host == "127.0.0.1:\(server.port)")
            let text = "\(error?.description ?? "")"
            #expect(text.hasPrefix("LPUSH on 127.0.0.1:\(server.port): WRONGTYPE"))
            #expect(error?.description.contains("secret") == false)
            #expect(try await connection.echo("on") == "on")
        }
    }

    @Test("an answer of another type is an error that names command and types")
    func mismatch() async throws {
        try await withServerConnection { connection, _ in
            let error = await failure { try await connection.send(RedisCommand("ECHO", "x"), as: Int.self) }
            #expect(error?.code == .unexpectedAnswer)
            #expect(error?.description == "ECHO: expected an integer, got: bulk string")
        }
    }

    private func user(_ rules: String) -> [String] { ["--user"] + rules.split(separator: " ").map(String.init) }

    @Test("users of an ACL, passwords, and what is wrong with them")
    func authentication() async throws {
        let arguments =
            ["--requirepass", "sesame"] + user("app on >p@ss:word ~* +@all") + user("few on >few ~* +get +select")
        try await RedisServer.with(arguments) { server in
            let address = server.url.dropFirst("redis://".count)
            for version in [2, 3] {
                for credentials in [":sesame", "default:sesame", "app:p%40ss%3Aword", "few:few"] {
                    let url = "redis://\(credentials)@\(address)/1?protocol=\(version)"
                    let connection = try await RedisConnection.connect(try patient(url))
                    #expect(try await connection.send(RedisCommand("GET", key: "k")) == .null)
                    connection.close()
                }
                for credentials in [":wrong@", "nobody:sesame@", ""] {
                    let url = "redis://\(credentials)\(address)?protocol=\(version)"
                    let error = await failure { try await RedisConnection.connect(try patient(url)) }
                    #expect(error?.code == .authentication, "\(url) \(version)")
                    #expect(error?.description.contains("wrong@") == false)
                }
            }
        }
    }

    @Test("TLS is spoken, and an unknown authority is an error")
    func tls() async throws {
        try await withTLSServer { url, trust in
            var settings = try patient(url)
            settings.tls?.trust = trust
            let connection = try await RedisConnection.connect(settings)
            defer { connection.close() }
            let value = [UInt8](repeating: 3, count: 3_000_000)
            _ = try await connection.send(RedisCommand("SET", key: "large", value))
            #expect(try await connection.send(RedisCommand("GET", key: "large"), as: [UInt8].self) == value)
            try await atOnce(200) { number in
                let echoed = try await connection.echo("\(number)")
                #expect(echoed == "\(number)")
            }
            settings.tls?.trust = .system
            let strict = settings
            let error = await failure { try await RedisConnection.connect(strict) }
            #expect(error?.code == .connection && error?.cause is TLSError)
        }
    }

    @Test("nobody listens: the error says where, and that nothing was sent")
    func refused() async throws {
        let port = try RedisServer.freePort()
        let error = await failure { try await RedisConnection.connect(RedisSettings(.host("127.0.0.1", port: port))) }
        #expect(error?.code == .connection && error?.isUnsent == true && error?.host == "127.0.0.1:\(port)")
    }

    @Test("subscriptions are acknowledged, and their messages are pushed, in both versions")
    func subscriptions() async throws {
        for version in [RedisSettings.ProtocolVersion.resp2, .resp3] {
            try await withClient(change: { $0.protocolVersion = version }) { client, _ in
                let connection = try await client.connect()
                defer { connection.close() }
                var messages: [[String]] = []
                connection.onPush = { messages.append($0.compactMap(\.text)) }
                try await connection.subscribe(RedisCommand("SUBSCRIBE", "a", "b"), acknowledgements: 2)
                try await connection.subscribe(RedisCommand("PSUBSCRIBE", "c*"), acknowledgements: 1)
                let received = try await client.send(RedisCommand("PUBLISH", "b", "hello"), as: Int.self)
                _ = try await client.send(RedisCommand("PUBLISH", "cc", "pattern"))
                #expect(received == 1)
                try await eventually("both messages") { messages.count == 2 }
                #expect(messages == [["message", "b", "hello"], ["pmessage", "c*", "cc", "pattern"]])
                try await connection.subscribe(RedisCommand("UNSUBSCRIBE"), acknowledgements: 2)
                #expect(connection.pendingCount == 0)
            }
        }
    }

    @Test("what is not answered as others are is refused, and the next answer is the next caller's")
    func unanswered() async throws {
        try await withServerConnection { connection, _ in
            for command in [
                RedisCommand("SUBSCRIBE", "a"), RedisCommand("unsubscribe"), RedisCommand("CLIENT", "REPLY", "SKIP"),
                RedisCommand("CLIENT REPLY", "OFF"),
            ] {
                #expect(await failure { try await connection.send(command) }?.code == .invalidCommand)
                #expect(await failure { try await connection.send([command]) }?.code == .invalidCommand)
            }
            let echoed = try await connection.echo("next")
            #expect(echoed == "next")
        }
    }

    @Test("what would change the version of the protocol is refused, and all goes on as it was")
    func sameVersion() async throws {
        for version in [RedisSettings.ProtocolVersion.resp2, .resp3] {
            try await withServerConnection(change: { $0.protocolVersion = version }) { connection, _ in
                let other = version == .resp2 ? "3" : "2"
                for command in [RedisCommand("RESET"), RedisCommand("HELLO", other), RedisCommand("hello", other)] {
                    #expect(await failure { try await connection.send(command) }?.code == .invalidCommand)
                    #expect(await failure { try await connection.send([command]) }?.code == .invalidCommand)
                }
                _ = try await connection.send(RedisCommand("HELLO", "\(version.rawValue)"))
                #expect(try await connection.echo("next") == "next")
            }
        }
    }

    @Test("a connection that shows what others send takes no commands, whose answers nobody could tell")
    func monitor() async throws {
        try await withServerConnection { connection, server in
            let both = await failure { try await connection.send([RedisCommand("MONITOR"), RedisCommand("PING")]) }
            #expect(both?.code == .invalidCommand)
            #expect(try await connection.echo("as before") == "as before")
            var lines: [String] = []
            connection.onPush = { lines += $0.compactMap(\.text) }
            _ = try await connection.send(RedisCommand("MONITOR"))
            let other = try await RedisConnection.connect(try patient(server.url))
            defer { other.close() }
            #expect(try await other.echo("seen") == "seen")
            try await eventually("it is shown") { lines.contains { $0.contains("\"seen\"") } }
            #expect(await failure { try await connection.echo("x") }?.code == .invalidCommand)
            #expect(await failure { try await connection.send([RedisCommand("PING")]) }?.code == .invalidCommand)
            #expect(connection.isOpen && connection.pendingCount == 0)
        }
    }

    @Test("what looks like a message is an answer where nothing is subscribed to any more")
    func disguised() async throws {
        try await withServerConnection(change: { $0.protocolVersion = .resp2 }) { connection, _ in
            var pushes = 0
            connection.onPush = { _ in pushes += 1 }
            let words = ["message", "subscribe", "pmessage", "x"]
            var push = RedisCommand("RPUSH", key: "list")
            push.append(contentsOf: words)
            _ = try await connection.send(push)
            try await connection.subscribe(RedisCommand("SUBSCRIBE", "a", "b"), acknowledgements: 2)
            try await connection.subscribe(RedisCommand("PSUBSCRIBE", "p*"), acknowledgements: 1)
            try await connection.subscribe(RedisCommand("SSUBSCRIBE", "s"), acknowledgements: 1)
            try await connection.subscribe(RedisCommand("UNSUBSCRIBE"), acknowledgements: 2)
            try await connection.subscribe(RedisCommand("PUNSUBSCRIBE", "p*"), acknowledgements: 1)
            #expect(connection.hasSubscribed)
            try await connection.subscribe(RedisCommand("SUNSUBSCRIBE", "s"), acknowledgements: 1)
            #expect(!connection.hasSubscribed)
            for range in [(0, 2), (1, 3), (0, 3)] {
                let answer = try await connection.send(
                    RedisCommand("LRANGE", key: "list", range.0, range.1), as: [String].self)
                #expect(answer == Array(words[range.0...range.1]))
                let echoed = try await connection.echo("next")
                #expect(echoed == "next")
            }
            #expect(pushes == 0)
        }
    }

    @Test("an answer in place of an acknowledgement ends the connection")
    func noAcknowledgement() async throws {
        // Both are on their way when the first answer comes.
        let server = try ScriptedServer.old { command, _ in command[0] == "SUBSCRIBE" ? "" : "+OK\r\n+next\r\n" }
        let connection = try await RedisConnection.connect(try patient(server.url))
        async let subscribed = failure {
            try await connection.subscribe(RedisCommand("SUBSCRIBE", "a"), acknowledgements: 1)
        }
        try await eventually("the subscription to be sent") { connection.hasSubscribed }
        async let waiting = failure { try await connection.send(RedisCommand("GET", key: "k")) }
        #expect(await subscribed?.code == .malformedAnswer)
        #expect(await waiting?.code == .malformedAnswer)
        await server.close()
    }

    @Test("an acknowledgement that nobody asked for is not taken for the one that is waited for")
    func unaskedAcknowledgement() async throws {
        func acknowledgement(_ name: String) -> String { "*3\r\n$12\r\nsunsubscribe\r\n$1\r\n\(name)\r\n:0\r\n" }
        let server = try ScriptedServer.old { command, _ in
            command[0] == "SUNSUBSCRIBE" ? acknowledgement("y") + acknowledgement("a") : "+next\r\n"
        }
        let connection = try await RedisConnection.connect(try patient(server.url))
        defer { connection.close() }
        var pushes: [String?] = []
        connection.onPush = { pushes.append($0[1].text) }
        try await connection.subscribe(RedisCommand("SUNSUBSCRIBE", "a"), acknowledgements: 1)
        #expect(try await connection.send(RedisCommand("GET", key: "k")).text == "next")
        #expect(pushes == ["y"])
        await server.close()
    }

    @Test("a subscription that the server refuses is an error, and the next answer is the next caller's")
    func refusedSubscription() async throws {
        let arguments = user("few on >few ~* +@all resetchannels &mine")
        try await RedisServer.with(arguments) { server in
            let address = server.url.dropFirst("redis://".count)
            let connection = try await RedisConnection.connect(try patient("redis://few:few@\(address)"))
            defer { connection.close() }
            async let refused = failure {
                try await connection.subscribe(RedisCommand("SUBSCRIBE", "mine", "theirs"), acknowledgements: 2)
            }
            async let echoed = connection.echo("next")
            #expect(await refused?.serverCode == "NOPERM")
            #expect(try await echoed == "next")
        }
    }
}
