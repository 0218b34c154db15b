import MartletRESP
import MartletRedis
import RedisFixture
import Testing

@Suite("greeting of servers that differ")
struct GreetingTests {
    @Test("a server that does not know HELLO is spoken to in version 2")
    func noHello() async throws {
        let server = try ScriptedServer.old { command, _ in command == ["GET", "k"] ? "$1\r\nv\r\n" : "+OK\r\n" }
        let connection = try await RedisConnection.connect(try patient(server.url + "/4?client_name=me"))
        #expect(connection.protocolVersion == .resp2)
        #expect(try await connection.send(RedisCommand("GET", key: "k")) == .bulk("v"))
        #expect(server.commands.contains(["SELECT", "4"]) && server.commands.contains(["CLIENT", "SETNAME", "me"]))
        connection.close()
        await server.close()
    }

    @Test("a user that may not say HELLO, and a server without version 3, are spoken to in version 2")
    func refusedHello() async throws {
        for refusal in ["-NOPERM this user has no permissions\r\n", "-NOPROTO unsupported protocol version\r\n"] {
            let server = try ScriptedServer { command, _ in command[0] == "HELLO" ? refusal : "+OK\r\n" }
            let connection = try await RedisConnection.connect(try patient(server.url))
            #expect(connection.protocolVersion == .resp2)
            connection.close()
            await server.close()
        }
    }

    @Test("a greeting that fails closes the connection, and says why")
    func failures() async throws {
        let cases: [(String, RedisError.Code)] = [
            ("-WRONGPASS invalid username-password pair\r\n", .authentication),
            ("-NOAUTH HELLO must be called authenticated\r\n", .authentication), ("?\r\n", .malformedAnswer),
        ]
        for (answer, code) in cases {
            let server = try ScriptedServer { _, _ in answer }
            let error = await failure { try await RedisConnection.connect(try patient(server.url)) }
            #expect(error?.code == code)
            await server.close()
        }
        let closing = try ScriptedServer { _, _ in nil }
        let error = await failure { try await RedisConnection.connect(try patient(closing.url)) }
        #expect(error?.code == .connectionLost)
        await closing.close()
    }

    @Test("a server that is full says so")
    func full() async throws {
        try await RedisServer.with(["--maxclients", "1"]) { server in
            for version in [2, 3] {
                let connection = try await RedisConnection.connect(try patient("\(server.url)?protocol=\(version)"))
                let error = await failure {
                    try await RedisConnection.connect(try patient("\(server.url)/1?protocol=\(version)"))
                }
                #expect(error?.code == .connection && error?.isUnsent == true, "\(error as Any)")
                #expect(error?.reason.contains("max number of clients reached") == true, "\(error as Any)")
                connection.close()
                // The server has to notice.
                try await eventually("there is room") {
                    guard let next = try? await RedisConnection.connect(try patient(server.url)) else { return false }
                    next.close()
                    return true
                }
            }
        }
    }

    @Test("a server that takes nobody from outside says so, before it hangs up", arguments: [2, 3])
    func denied(version: Int) async throws {
        let server = try ScriptedServer { command, _ in
            ["HELLO", "AUTH"].contains(command[0]) ? "-DENIED Redis is running in protected mode because\r\n" : nil
        }
        let url = "redis://:secret@\(server.url.dropFirst("redis://".count))/1?protocol=\(version)"
        let error = await failure { try await RedisConnection.connect(try patient(url)) }
        #expect(error?.code == .connection && error?.serverCode == "DENIED")
        #expect(error?.reason.contains("the server hung up: DENIED Redis is running in protected mode") == true)
        await server.close()
    }

    @Test("a server that does not answer the greeting is given up in time")
    func silent() async throws {
        let server = try ScriptedServer { _, _ in "" }
        var settings = try patient(server.url)
        settings.timeouts.connect = .milliseconds(50)
        let error = await failure { try await RedisConnection.connect(settings) }
        #expect(error?.code == .connection || error?.code == .timedOut)
        await server.close()
    }

    @Test("names and databases that cannot be are refused before anything is sent")
    func settings() async throws {
        let server = try ScriptedServer { _, _ in "+OK\r\n" }
        var settings = try patient(server.url)
        settings.clientName = "two words"
        #expect(await failure { try await RedisConnection.connect(settings) }?.code == .invalidSettings)
        settings.clientName = nil
        settings.database = -1
        #expect(await failure { try await RedisConnection.connect(settings) }?.code == .invalidSettings)
        #expect(server.commands.isEmpty)
        await server.close()
    }

    @Test("what settings prepare is done on each connection before it is used")
    func prepared() async throws {
        let server = try ScriptedServer.old { _, _ in "+OK\r\n" }
        var settings = try patient(server.url)
        settings.prepare = { connection throws(RedisError) in _ = try await connection.send(RedisCommand("FIRST")) }
        let client = RedisClient(settings)
        _ = try await client.send(RedisCommand("SECOND"))
        #expect(server.commands.suffix(2) == [["FIRST"], ["SECOND"]])
        client.close()
        await server.close()
    }
}
