import MartletLoop
import MartletRESP
import MartletRedis
import RedisFixture
import Testing

@Suite("answers, cut, late and surplus")
struct AnswerTests {
    private static let answer =
        "%2\r\n+one\r\n*2\r\n$5\r\nhel\r\n\r\n:1\r\n+two\r\n=7\r\ntxt:abc\r\n"

    @Test("an answer may come in pieces of any size")
    func pieces() async throws {
        for size in 1...20 {
            let server = try ScriptedServer.old(pieces: size) { command, _ in Self.answer + "+\(command[1])\r\n" }
            let connection = try await RedisConnection.connect(try patient(server.url))
            // One command of the test gets two answers from that server: the second is the pipeline's second.
            let answers = try await connection.send([RedisCommand("A", "x")])
            #expect(answers.first?.entries?.count == 2)
            connection.close()
            await server.close()
        }
    }

    @Test("a connection that ends within an answer is lost, wherever that is")
    func cutOff() async throws {
        let bytes = Array(Self.answer.utf8)
        for count in 0..<bytes.count {
            let beginning = String(decoding: bytes[..<count], as: UTF8.self)
            let server = try ScriptedServer.old { command, _ in command[0] == "END" ? nil : beginning }
            let connection = try await RedisConnection.connect(try patient(server.url))
            async let first = failure { try await connection.send(RedisCommand("GET", "x")) }
            async let second = failure { try await connection.send(RedisCommand("END")) }
            #expect(await first?.code == .connectionLost)
            #expect(await second?.code == .connectionLost)
            #expect(await first?.isUnsent == false)
            await server.close()
        }
    }

    @Test("an answer that was not asked for ends the connection")
    func surplus() async throws {
        let server = try ScriptedServer.old { _, _ in "+one\r\n+two\r\n" }
        let connection = try await RedisConnection.connect(try patient(server.url))
        var reason: RedisError?
        connection.onClose = { reason = $0 }
        #expect(try await connection.send(RedisCommand("GET", "x")) == .simple("one"))
        try await eventually("the end") { !connection.isOpen }
        #expect(reason?.code == .malformedAnswer)
        let error = await failure { try await connection.send(RedisCommand("GET", "x")) }
        #expect(error?.code == .malformedAnswer && error?.isUnsent == true)
        await server.close()
    }

    @Test("what is no RESP ends the connection for everybody")
    func malformed() async throws {
        let server = try ScriptedServer.old { command, _ in command[0] == "BAD" ? "nonsense\r\n" : "" }
        let connection = try await RedisConnection.connect(try patient(server.url))
        async let waiting = failure { try await connection.send(RedisCommand("WAIT1")) }
        async let bad = failure { try await connection.send(RedisCommand("BAD")) }
        #expect(await waiting?.code == .malformedAnswer)
        #expect(await bad?.code == .malformedAnswer)
        await server.close()
    }

    @Test("a caller who is cancelled goes on at once, and his answer reaches nobody else")
    func cancelled() async throws {
        try await withServerConnection { connection, server in
            try server.freeze()
            let cancelled = Task { await failure { try await connection.echo("cancelled") } }
            let waiting = Task { try await connection.echo("waiting") }
            try await eventually("both are sent") { connection.pendingCount == 2 }
            cancelled.cancel()
            let error = await cancelled.value
            #expect(error?.code == .cancelled && error?.command == "ECHO")
            try server.resume()
            #expect(try await waiting.value == "waiting")
            #expect(try await connection.echo("after") == "after")
        }
    }

    @Test("a caller whose task was cancelled before sends nothing")
    func cancelledBefore() async throws {
        try await withServerConnection { connection, _ in
            let task = Task { () -> RedisError? in
                while !Task.isCancelled { await EventLoop.yield() }
                return await failure { try await connection.echo("never") }
            }
            task.cancel()
            let error = await task.value
            #expect(error?.code == .cancelled && error?.isUnsent == true)
            #expect(connection.pendingCount == 0)
        }
    }

    @Test("a command has its own time limit, and its late answer reaches nobody else")
    func timedOut() async throws {
        try await withServerConnection { connection, server in
            try server.freeze()
            var command = RedisCommand("ECHO", "late")
            command.timeout = .milliseconds(20)
            let late = command
            async let waiting = connection.echo("waiting")
            let error = await failure { try await connection.send(late) }
            #expect(error?.code == .timedOut && error?.command == "ECHO")
            try server.resume()
            #expect(try await waiting == "waiting")
            #expect(try await connection.echo("after") == "after")
        }
    }

    @Test("withTimeout says that its time was over")
    func withTimeoutAround() async throws {
        try await withServerConnection { connection, server in
            try server.freeze()
            await #expect(throws: TimeoutError.self) {
                try await withTimeout(.milliseconds(20)) { try await connection.echo("late") }
            }
            try server.resume()
            #expect(try await connection.echo("after") == "after")
        }
    }

    @Test("a server that has stopped answering loses its connection")
    func silent() async throws {
        try await withServerConnection(change: { $0.timeouts.silence = .milliseconds(50) }) { connection, server in
            try server.freeze()
            let error = await failure { try await connection.echo("x") }
            #expect(error?.code == .connectionLost && error?.reason.contains("stopped answering") == true)
            try server.resume()
        }
    }

    @Test("an idle connection whose server has stopped answering is found out")
    func healthCheck() async throws {
        let change: (inout RedisSettings) -> Void = {
            $0.healthCheck = .milliseconds(20)
            $0.timeouts.silence = .milliseconds(50)
        }
        try await withServerConnection(change: change) { connection, server in
            try server.freeze()
            try await eventually("the end") { !connection.isOpen }
            try server.resume()
        }
    }

    @Test("too many commands at a time are refused, and nothing of them is sent")
    func queueFull() async throws {
        let change: (inout RedisSettings) -> Void = {
            $0.limits.pendingCommands = 10
            $0.limits.pendingBytes = 1000
        }
        try await withServerConnection(change: change) { connection, server in
            try server.freeze()
            let tasks = (0..<10).map { number in Task { try await connection.echo("\(number)") } }
            try await eventually("all are queued") { connection.pendingCount == 10 }
            let error = await failure { try await connection.echo("one too many") }
            #expect(error?.code == .queueFull && error?.isUnsent == true)
            try server.resume()
            for (number, task) in tasks.enumerated() { #expect(try await task.value == "\(number)") }
        }
    }

    @Test("kill -9 fails those who wait, and says of each whether its command was sent")
    func killed() async throws {
        try await withServerConnection { connection, server in
            try server.freeze()
            let sent = Task { await failure { try await connection.echo("sent") } }
            try await eventually("it is sent") { connection.pendingCount == 1 }
            await server.kill()
            let error = await sent.value
            #expect(error?.code == .connectionLost && error?.isUnsent == false)
            let after = await failure { try await connection.echo("after") }
            #expect(after?.code == .connectionLost && after?.isUnsent == true)
        }
    }
}
