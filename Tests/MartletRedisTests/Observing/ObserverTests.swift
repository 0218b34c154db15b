import InMemoryTracing
import MartletRedis
import MetricsTestKit
import RedisFixture
import Testing

@Suite("metrics and spans")
struct ObserverTests {
    @Test("commands are timed by their names and what they fail with")
    func metrics() async throws {
        let backend = TestMetrics()
        try await withClient(change: { $0.observers = [RedisMetrics(factory: backend)] }) { client, server in
            for _ in 0..<3 { _ = try await client.send(RedisCommand("SET", key: "k", "v")) }
            _ = await failure { try await client.send(RedisCommand("LPUSH", key: "k", "v")) }
            _ = try await client.send([RedisCommand("PING"), RedisCommand("PING")])
            let label = "db.client.operation.duration"
            for (name, error, count) in [("SET", "", 3), ("LPUSH", "WRONGTYPE", 1), ("PIPELINE", "", 1)] {
                let dimensions = [
                    ("db.system.name", "redis"), ("server.address", "127.0.0.1:\(server.port)"),
                    ("db.operation.name", name), ("error.type", error),
                ]
                #expect(try backend.expectTimer(label, dimensions).values.count == count)
            }
            #expect(backend.timers.count == 3)
        }
    }

    @Test("errors that scripts make up become no more series than there may be")
    func madeUp() async throws {
        let backend = TestMetrics()
        try await withClient(change: { $0.observers = [RedisMetrics(factory: backend)] }) { client, _ in
            let letters = Array("ABCDEFGHIJ").map(String.init)
            for code in letters.flatMap({ first in letters.map { first + $0 } }) {
                let command = RedisCommand("EVAL", "return redis.error_reply('-' .. ARGV[1] .. ' it is')", "0", code)
                #expect(await failure { try await client.send(command) }?.serverCode == code)
            }
            // 64, and one for all others.
            #expect(backend.timers.count == 65)
        }
    }

    @Test("commands are spans, children of the one that they are sent in")
    func spans() async throws {
        let tracer = InMemoryTracer()
        try await withClient(change: { $0.observers = [RedisTracing(tracer: tracer)] }) { client, server in
            try await tracer.withSpan("request") { _ in
                _ = try await client.send(RedisCommand("SET", key: "k", "secret"))
                _ = await failure { try await client.send(RedisCommand("LPUSH", key: "k", "v")) }
            }
            let spans = tracer.finishedSpans
            #expect(spans.map(\.operationName) == ["SET", "LPUSH", "request"])
            #expect(spans[0].kind == .client && spans[0].parentSpanID == spans[2].spanID && spans[0].errors.isEmpty)
            #expect(spans[0].attributes["db.operation.name"]?.toSpanAttribute() == .string("SET"))
            #expect(spans[0].attributes["server.port"]?.toSpanAttribute() == .int64(Int64(server.port)))
            #expect(spans[1].errors.count == 1 && spans[1].status?.code == .error)
            #expect(spans[1].attributes["error.type"]?.toSpanAttribute() == .string("WRONGTYPE"))
        }
    }
}
