import MartletLoop
import MartletRESP
import MartletRedis
import RedisFixture
import Testing

/// Callers that ask for their own unique values while they are cancelled, run out of time and lose their connections.
private final class Callers {
    private let client: RedisClient
    private let killer: RedisClient
    private var random: SplitMix64
    private(set) var answers = 0
    private(set) var failures: [RedisError.Code: Int] = [:]

    init(_ client: RedisClient, killer: RedisClient, seed: UInt64) {
        self.client = client
        self.killer = killer
        random = SplitMix64(state: seed)
    }

    deinit {}

    func run(callers: Int, each: Int) async throws {
        try await atOnce(callers) { caller in
            for step in 0..<each {
                await self.ask("\(caller)/\(step)")
            }
        }
    }

    private func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &random) == 0 }

    private func ask(_ value: String) async {
        if chance(200) { _ = try? await killer.send(RedisCommand("CLIENT KILL", "TYPE", "normal", "SKIPME", "yes")) }
        let asking = Task { () -> Result<Void, RedisError> in
            do throws(RedisError) { return .success(try await self.askOnce(value)) } catch { return .failure(error) }
        }
        if chance(4) {
            for _ in 0..<Int.random(in: 0...6, using: &random) { await EventLoop.yield() }
            asking.cancel()
        }
        switch await asking.value {
        case .success: answers += 1
        case .failure(let error): failures[error.code, default: 0] += 1
        }
    }

    private func askOnce(_ value: String) async throws(RedisError) {
        let padding = String(repeating: "x", count: Int.random(in: 0...300, using: &random))
        let text = value + padding
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            let answers = try await client.send(
                (0..<5).map { RedisCommand("ECHO", "\(text)/\($0)", traits: .readOnly) })
            #expect(answers == (0..<5).map { .bulk("\(text)/\($0)") })
        case 1:
            var pipeline = RedisPipeline()
            let first = pipeline.add(RedisCommand("ECHO", text), as: String.self)
            let second = pipeline.add(RedisCommand("ECHO", "second " + text), as: String.self)
            let answers = try await client.transaction(pipeline)
            let (one, two) = (try answers[first], try answers[second])
            #expect(one == text && two == "second " + text)
        case 2:
            _ = try await client.send(RedisCommand("RPUSH", key: "list \(value)", text))
            let popped = try await client.send(RedisCommand("BLPOP", key: "list \(value)", 1), as: [String]?.self)
            if let popped { #expect(popped == ["list \(value)", text]) }
        case 3:
            var echo = RedisCommand("ECHO", text, traits: .readOnly)
            echo.timeout = .microseconds(Int.random(in: 0...3000, using: &random))
            #expect(try await client.send(echo, as: String.self) == text)
        case 4:
            let error = await failure { try await client.send(RedisCommand("NONSENSE\(value)")) }
            if error?.code == .server { #expect(error?.reply?.text.contains("NONSENSE\(value)") == true) }
        case 5: await spoil(value)
        case 6: try await borrow(text)
        default:
            #expect(try await client.echo(text) == text)
        }
    }

    /// What would take others' answers from them, if it were sent.
    private func spoil(_ value: String) async {
        var built = RedisCommand("client")
        built.append(contentsOf: ["reply", "skip"])
        let commands = [
            built, RedisCommand("CLIENT REPLY OFF"), RedisCommand("SUBSCRIBE \(value)"), RedisCommand("MULTI"),
            RedisCommand("REPLCONF", "ACK", 1), RedisCommand("HELLO 2"), RedisCommand("SELECT", 5),
        ]
        let command = commands[Int.random(in: 0..<commands.count, using: &random)]
        let error = await failure { try await client.send([RedisCommand("PING"), command]) }
        #expect(error?.code == .invalidCommand || error?.code == .cancelled, "\(command.name): \(error as Any)")
    }

    /// A connection of one's own, which may be given back with something to come, or changed.
    private func borrow(_ text: String) async throws(RedisError) {
        let changes = chance(3)
        let leaves = chance(3)
        do {
            let echoed = try await client.withConnection { connection in
                if changes { _ = try await connection.send(RedisCommand("SELECT", 1)) }
                if leaves {
                    var late = RedisCommand("ECHO", "left " + text)
                    late.timeout = .zero
                    _ = try? await connection.send(late)
                }
                return try await connection.send(RedisCommand("ECHO", text), as: String.self)
            }
            #expect(echoed == text)
        } catch let error as RedisError {
            throw error
        } catch {
            Issue.record("it failed otherwise: \(error)")
        }
    }

    var summary: String { "\(answers) answers, failures: \(failures.map { "\($0.rawValue) \($1)" }.sorted())" }
}

@Suite("whose answer it is")
struct AnswerOwnershipTests {
    @Test(
        "no answer ever reaches another caller, whoever is cancelled, late or cut off",
        arguments: [(seed: UInt64(1), repeats: false, version: 3), (2, true, 3), (3, true, 2)])
    func ownership(_ seed: UInt64, _ repeats: Bool, _ version: Int) async throws {
        try await RedisServer.with { server in
            let proxy = try CuttingProxy(to: server.port, seed: seed)
            var settings = try patient(proxy.url + "?protocol=\(version)")
            settings.retries = RedisRetries(attempts: 3, repeatsIdempotent: repeats)
            settings.retries.backoff = .constant(.milliseconds(1))
            settings.reconnect = .constant(.milliseconds(1))
            settings.limits.sharedConnections = 2
            settings.limits.dedicatedConnections = 8
            let client = RedisClient(settings)
            let killer = RedisClient(try patient(server.unixURL))
            proxy.cutsOneIn = 300
            let callers = Callers(client, killer: killer, seed: seed)
            try await callers.run(callers: 30, each: 60)
            // Both must have happened, or nothing has been shown.
            #expect(callers.answers > 300, "\(callers.summary)")
            #expect(callers.failures[.cancelled] ?? 0 > 10 && proxy.cuts > 3, "\(callers.summary), \(proxy.cuts) cuts")
            proxy.cutsOneIn = 0
            try await eventually("it answers") { (try? await client.echo("after")) == "after" }
            client.close()
            killer.close()
            await proxy.close()
        }
    }
}
