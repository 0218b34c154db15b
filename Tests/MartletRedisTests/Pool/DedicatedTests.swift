import MartletLoop
import MartletRESP
import RedisFixture
import Testing

@testable import MartletRedis

@Suite("dedicated connections")
struct DedicatedTests {
    private func blpop(_ key: String, _ wait: Duration? = .seconds(60)) -> RedisCommand {
        var command = RedisCommand("BLPOP", key: key, 60)
        command.blockingTime = wait
        return command
    }

    @Test("commands that block keep nobody waiting")
    func blocking() async throws {
        try await withClient { client, _ in
            let waiting = (0..<5).map { number in
                Task { try await client.send(blpop("queue:\(number)"), as: [String].self) }
            }
            try await eventually("all wait") { client.statistics.openConnections >= 5 }
            #expect(try await client.echo("meanwhile") == "meanwhile")
            for number in 0..<5 { _ = try await client.send(RedisCommand("RPUSH", key: "queue:\(number)", number)) }
            for (number, task) in waiting.enumerated() {
                #expect(try await task.value == ["queue:\(number)", "\(number)"])
            }
            #expect(client.statistics.idleConnections == 5)
        }
    }

    @Test("one that is cancelled closes its connection, so that what comes for it reaches nobody else")
    func cancelled() async throws {
        try await withClient { client, _ in
            let task = Task { await failure { try await client.send(blpop("q")) } }
            try await eventually("it waits") {
                try await client.send(RedisCommand("CLIENT LIST"), as: String.self).contains("cmd=blpop")
            }
            task.cancel()
            #expect(await task.value?.code == .cancelled)
            try await eventually("its connection is gone") {
                try await !client.send(RedisCommand("CLIENT LIST"), as: String.self).contains("cmd=blpop")
            }
            _ = try await client.send(RedisCommand("RPUSH", key: "q", "kept"))
            #expect(try await client.send(blpop("q"), as: [String].self) == ["q", "kept"])
        }
    }

    @Test("more than the limit wait for their turn, and more than may wait are refused")
    func limits() async throws {
        let change: (inout RedisSettings) -> Void = {
            $0.limits.dedicatedConnections = 2
            $0.limits.waitingForConnection = 1
        }
        try await withClient(change: change) { client, _ in
            let first = (0..<2).map { _ in Task { try await client.send(blpop("q"), as: [String].self) } }
            try await eventually("both wait") {
                try await client.send(RedisCommand("INFO", "clients"), as: String.self).contains("blocked_clients:2")
            }
            let third = Task { try await client.send(blpop("q"), as: [String].self) }
            try await eventually("it waits for a connection") { client.statistics.waitingForConnection == 1 }
            let error = await failure { try await client.send(blpop("q")) }
            #expect(error?.code == .poolExhausted && error?.isUnsent == true)
            _ = try await client.send(RedisCommand("RPUSH", key: "q", 1, 2, 3))
            for task in first + [third] { #expect(try await task.value.first == "q") }
            #expect(client.statistics.connectionsMade == 3)
        }
    }

    @Test("waiting for a connection ends in time")
    func waiting() async throws {
        let change: (inout RedisSettings) -> Void = {
            $0.limits.dedicatedConnections = 1
            $0.timeouts.command = .milliseconds(50)
        }
        try await withClient(change: change) { client, _ in
            let holder = Task { try await client.withConnection { _ in try await Task.sleep(for: .seconds(600)) } }
            try await eventually("it is taken") { client.statistics.openConnections == 1 }
            let error = await failure { try await client.send(blpop("q")) }
            #expect(error?.code == .poolExhausted)
            holder.cancel()
            _ = await holder.result
        }
    }

    @Test("waiting for a connection ends when it is cancelled")
    func cancelledWhileWaiting() async throws {
        try await withClient(change: { $0.limits.dedicatedConnections = 1 }) { client, _ in
            let holder = Task { try await client.withConnection { _ in try await Task.sleep(for: .seconds(600)) } }
            try await eventually("it is taken") { client.statistics.openConnections == 1 }
            let cancelled = Task { await failure { try await client.send(blpop("q")) } }
            try await eventually("it waits") { client.statistics.waitingForConnection == 1 }
            cancelled.cancel()
            #expect(await cancelled.value?.code == .cancelled)
            holder.cancel()
            _ = await holder.result
        }
    }

    @Test("a connection that was altered is not lent again, others are")
    func altered() async throws {
        try await withClient { client, _ in
            try await client.withConnection { connection in
                _ = try await connection.send(RedisCommand("SELECT", 5))
                _ = try await connection.send(RedisCommand("SET", key: "k", "v"))
            }
            #expect(client.statistics.idleConnections == 0)
            try await client.withConnection { connection in
                let value = try await connection.send(RedisCommand("GET", key: "k"))
                #expect(value == .null)
            }
            #expect(client.statistics.idleConnections == 1)
            try await client.withConnection { connection in
                let echoed = try await connection.echo("again")
                #expect(echoed == "again")
            }
            #expect(client.statistics.connectionsMade == 2)
        }
    }

    @Test("a client that is retired lets those go on who wait for the server, and takes nobody else")
    func retired() async throws {
        try await withClient { other, server in
            for isClosedThen in [false, true] {
                var settings = try patient(server.url)
                settings.timeouts.command = .seconds(1)
                let client = RedisClient(settings)
                let waiting = Task { try await client.send(RedisCommand("BLPOP", key: "q", 0), as: [String].self) }
                try await eventually("it waits") {
                    let info = try await other.send(RedisCommand("INFO", "clients"), as: String.self)
                    return info.contains("blocked_clients:1")
                }
                client.retire()
                try await eventually("its time is over") { client.isClosed }
                #expect(await failure { try await client.echo("x") }?.code == .closed)
                #expect(client.statistics.openConnections == 1)
                if isClosedThen {
                    client.close()
                    #expect(await failure { try await waiting.value }?.code == .closed)
                } else {
                    _ = try await other.send(RedisCommand("RPUSH", key: "q", "late"))
                    #expect(try await waiting.value == ["q", "late"])
                }
                #expect(client.statistics.openConnections == 0)
            }
        }
    }

    @Test("idle ones are closed when they get old")
    func idle() async throws {
        try await withClient(change: { $0.idleTimeout = .milliseconds(20) }) { client, _ in
            try await client.withConnection { connection in _ = try await connection.echo("x") }
            try await eventually("it is closed") { client.statistics.openConnections == 0 }
            try await client.withConnection { connection in _ = try await connection.echo("x") }
            #expect(client.statistics.connectionsMade == 2)
        }
    }

    @Test("one that the server closed meanwhile is not lent")
    func lost() async throws {
        try await withClient { client, server in
            try await client.withConnection { connection in _ = try await connection.echo("x") }
            await server.kill()
            try await server.start()
            try await eventually("the loss is known") { client.statistics.idleConnections == 0 }
            try await client.withConnection { connection in
                let echoed = try await connection.echo("y")
                #expect(echoed == "y")
            }
        }
    }
}
