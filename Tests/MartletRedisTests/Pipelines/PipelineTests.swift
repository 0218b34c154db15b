import MartletLoop
import MartletRESP
import RedisFixture
import Testing

@testable import MartletRedis

@Suite("pipelines, transactions and scripts")
struct PipelineTests {
    @Test("commands that block one after the other are waited for one after the other")
    func deadlines() {
        var timeouts = RedisTimeouts()
        timeouts.command = .seconds(10)
        timeouts.blockingGrace = .seconds(1)
        func blocking(_ time: Duration?) -> RedisCommand {
            var command = RedisCommand("BLPOP", key: "k", 0)
            command.blockingTime = time
            return command
        }
        func limit(_ commands: [RedisCommand]) -> Duration {
            let now = EventLoop.main.now
            let deadline = RedisCommand.deadline(of: commands, timeouts, from: now)
            return deadline == .distantFuture ? .seconds(Int64.max) : now.duration(to: deadline)
        }
        var slow = RedisCommand("GET", key: "k")
        slow.timeout = .seconds(40)
        let get = RedisCommand("GET", key: "k")
        #expect(limit([get, get]) == .seconds(10))
        #expect(limit([get, slow]) == .seconds(40))
        #expect(limit([blocking(.seconds(2))]) == .seconds(10))
        #expect(limit([blocking(.seconds(20)), get, blocking(.seconds(30))]) == .seconds(52))
        #expect(limit([blocking(.seconds(20)), blocking(nil)]) == .seconds(Int64.max))
        #expect(limit([blocking(nil), blocking(.seconds(20))]) == .seconds(Int64.max))
        #expect(limit(Array(repeating: blocking(.seconds(Int64.max)), count: 99)) == .seconds(Int64.max))
    }

    @Test("a pipeline that waited for its connection waits for the server as long as it was to")
    func waited() async throws {
        try await withClient(change: {
            $0.limits.dedicatedConnections = 1
            $0.timeouts.command = .seconds(4)
            $0.timeouts.blockingGrace = .seconds(1)
        }) { client, _ in
            let begun = EventLoop.main.time()
            let blocked = try await client.withConnection { _ in
                var pop = RedisCommand("BLPOP", key: "k", 4)
                pop.blockingTime = .seconds(4)
                let command = pop
                let blocked = Task { try await client.send([command, RedisCommand("PING")]) }
                try await eventually("it waits for the connection") { client.statistics.waitingForConnection == 1 }
                try await eventually("time has passed") { EventLoop.main.time() > begun + .seconds(2) }
                return blocked
            }
            #expect(try await blocked.value == [.null, .simple("PONG")])
        }
    }

    @Test("a pipeline's answers have their types, and errors are where they belong")
    func pipeline() async throws {
        try await withClient { client, _ in
            var pipeline = RedisPipeline()
            let set = pipeline.add(RedisCommand("SET", key: "n", 41))
            let incremented = pipeline.add(.incr("n"))
            let wrong = pipeline.add(RedisCommand("LPUSH", key: "n", 1), as: Int.self)
            let text = pipeline.add(.get("n"))
            let answers = try await client.send(pipeline)
            #expect(try answers[set] == .simple("OK") && answers[incremented] == 42 && answers[text] == "42")
            let error = await failure { try answers[wrong] }
            #expect(error?.serverCode == "WRONGTYPE" && error?.command == "LPUSH")
            #expect(await failure { try answers.check() }?.command == "LPUSH")
        }
    }

    @Test("ten thousand commands in one pipeline")
    func longPipeline() async throws {
        try await withClient { client, _ in
            let commands = (0..<10_000).map { RedisCommand("ECHO", $0) }
            let answers = try await client.send(commands)
            #expect(answers == (0..<10_000).map { .bulk("\($0)") })
            #expect(try await client.send([RedisCommand]()) == [])
        }
    }

    @Test("a pipeline that is cancelled leaves the connection to others")
    func cancelledPipeline() async throws {
        try await withServerConnection { connection, server in
            try server.freeze()
            let task = Task {
                await failure { try await connection.send((0..<100).map { RedisCommand("ECHO", $0) }) }
            }
            try await eventually("it is sent") { connection.pendingCount == 1 }
            task.cancel()
            #expect(await task.value?.code == .cancelled)
            try server.resume()
            #expect(try await connection.echo("after") == "after")
        }
    }

    @Test("a transaction is executed as one on the shared connection, among the commands of others")
    func transaction() async throws {
        try await withClient { client, _ in
            try await atOnce(100) { number in
                var pipeline = RedisPipeline()
                let before = pipeline.add(.incr("n"))
                let after = pipeline.add(.incr("n"))
                let answers = try await client.transaction(pipeline)
                #expect(try answers[after] == answers[before] + 1)
                #expect(try await client.echo("\(number)") == "\(number)")
            }
            #expect(try await client.get("n") == "200" && client.statistics.connectionsMade == 1)
        }
    }

    @Test("a transaction with a command that cannot be queued executes nothing, and says which it was")
    func brokenTransaction() async throws {
        try await withClient { client, _ in
            var pipeline = RedisPipeline()
            pipeline.add(.incr("n"))
            pipeline.add(RedisCommand("NONSENSE"))
            let broken = pipeline
            let error = await failure { try await client.transaction(broken) }
            #expect(error?.code == .server && error?.command == "NONSENSE")
            let value = try await client.get("n")
            #expect(value == nil)
            let echoed = try await client.echo("on")
            #expect(echoed == "on")
        }
    }

    @Test("a transaction that watches starts anew when a key has changed, and is aborted in the end")
    func watching() async throws {
        try await withClient { client, _ in
            _ = try await client.send(RedisCommand("SET", key: "n", 1))
            var attempts = 0
            let answers = try await client.transaction(watching: ["n"]) { connection in
                attempts += 1
                let value = try await connection.send(RedisCommand("GET", key: "n"), as: Int.self)
                if attempts == 1 { _ = try await client.send(RedisCommand("SET", key: "n", 10)) }
                var pipeline = RedisPipeline()
                pipeline.add(RedisCommand("SET", key: "n", value * 2))
                return pipeline
            }
            try answers.check()
            #expect(try await client.get("n") == "20" && attempts == 2)
            let error = await failure {
                try await client.transaction(watching: ["n"], attempts: 3) { _ in
                    _ = try await client.send(RedisCommand("INCR", key: "n"))
                    var pipeline = RedisPipeline()
                    pipeline.add(RedisCommand("SET", key: "n", 0))
                    return pipeline
                }
            }
            #expect(error?.code == .transactionAborted)
            #expect(try await client.get("n") == "23")
        }
    }

    @Test("a hundred tasks that count by WATCH lose nothing")
    func contention() async throws {
        try await withClient(change: { $0.limits.dedicatedConnections = 8 }) { client, _ in
            try await atOnce(20) { _ in
                let answers = try await client.transaction(watching: ["n"], attempts: 1000) { connection in
                    let value = try await connection.send(RedisCommand("GET", key: "n"), as: Int?.self)
                    var pipeline = RedisPipeline()
                    pipeline.add(RedisCommand("SET", key: "n", (value ?? 0) + 1))
                    return pipeline
                }
                try answers.check()
            }
            #expect(try await client.get("n") == "20")
        }
    }

    @Test("a build that throws executes nothing, and its connection is not lent again")
    func throwingBuild() async throws {
        struct Stop: Error {}
        try await withClient { client, _ in
            await #expect(throws: Stop.self) {
                try await client.transaction(watching: ["n"]) { _ in throw Stop() }
            }
            #expect(client.statistics.idleConnections == 0)
            let answers = try await client.transaction(watching: ["n"]) { _ in RedisPipeline() }
            #expect(answers.values.isEmpty && client.statistics.idleConnections == 1)
        }
    }

    @Test("a script is sent by its hash once the server has it, and again when it has forgotten it")
    func script() async throws {
        try await withClient { client, _ in
            let script = RedisScript("return {KEYS[1], ARGV[1], redis.call('INCRBY', KEYS[1], ARGV[1])}")
            for expected in [5, 10] {
                let answer = try await script.run(on: client, keys: ["n"], 5, as: [String].self)
                #expect(answer == ["n", "5", "\(expected)"])
            }
            let calls = try await client.send(RedisCommand("INFO", "commandstats"), as: String.self)
            #expect(calls.contains("cmdstat_eval:calls=1,") && calls.contains("cmdstat_evalsha:calls=2,"))
            _ = try await client.send(RedisCommand("SCRIPT FLUSH"))
            #expect(try await script.run(on: client, keys: ["n"], 5, as: [String].self).last == "15")
            let hash = try await client.send(RedisCommand("SCRIPT LOAD", script.source), as: String.self)
            #expect(hash == script.hash)
        }
    }

    @Test("a script that fails says so")
    func failingScript() async throws {
        try await withClient { client, _ in
            let script = RedisScript("return redis.error_reply('MYERR no')", isReadOnly: true)
            let error = await failure { try await script.run(on: client) }
            #expect(error?.serverCode == "MYERR")
        }
    }
}
