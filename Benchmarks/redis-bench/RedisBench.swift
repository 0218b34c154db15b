import Glibc
import MartletLoop
import MartletRedis

/// Loads a Redis server with MartletRedis, and prints what it did and the CPU time it took.
///
///     redis-bench get|set URL CALLERS SECONDS              callers that each have one command under way at a time
///     redis-bench pipelined-get|pipelined-set URL DEPTH SECONDS    one caller with pipelines of so many commands
///
/// Both print {"requests": …, "errors": …, "cpu": nanoseconds}.
@main
struct RedisBench {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let count = Int(arguments[3]), count > 0, let seconds = Double(arguments[4]) else {
            usage()
        }
        let load = Load(try RedisClient(url: arguments[2]))
        switch arguments[1] {
        case "get": try await load.run(callers: count, seconds) { await load.get() }
        case "set": try await load.run(callers: count, seconds) { await load.set() }
        case "pipelined-get": try await load.run(callers: 1, seconds) { await load.pipelinedGet(count) }
        case "pipelined-set": try await load.run(callers: 1, seconds) { await load.pipelinedSet(count) }
        default: usage()
        }
    }

    private static func usage() -> Never {
        print("usage: redis-bench get|set|pipelined-get|pipelined-set URL CALLERS|DEPTH SECONDS")
        exit(2)
    }
}

/// Callers that do the same over and over.
final class Load {
    private let client: RedisClient
    private var requests = 0
    private var errors = 0
    private var isOver = false

    private let key = "bench:key"
    private let value = String(repeating: "v", count: 32)

    init(_ client: RedisClient) {
        self.client = client
    }

    deinit {}

    func run(callers: Int, _ seconds: Double, _ body: @escaping @MainActor () async -> Void) async throws {
        try await client.set(key, value)
        let tasks = (0..<callers).map { _ in
            Task { await body() }
        }
        try await Task.sleep(for: .milliseconds(200))
        let (before, cpu) = (requests, Self.cpuNanoseconds())
        try await Task.sleep(for: .seconds(seconds))
        let (count, spent) = (requests - before, Self.cpuNanoseconds() - cpu)
        isOver = true
        for task in tasks { await task.value }
        client.close()
        print("{\"requests\": \(count), \"errors\": \(errors), \"cpu\": \(spent)}")
    }

    func get() async {
        while !isOver {
            do throws(RedisError) {
                if try await client.get(key)?.utf8.count != value.utf8.count { errors += 1 }
            } catch {
                errors += 1
            }
            requests += 1
        }
    }

    func set() async {
        while !isOver {
            do throws(RedisError) {
                try await client.set(key, value)
            } catch {
                errors += 1
            }
            requests += 1
        }
    }

    func pipelinedGet(_ depth: Int) async {
        while !isOver { await getPipeline(depth) }
    }

    func pipelinedSet(_ depth: Int) async {
        while !isOver { await setPipeline(depth) }
    }

    private func getPipeline(_ depth: Int) async {
        var pipeline = RedisPipeline(capacity: depth)
        for _ in 0..<depth { pipeline.add(.get(key)) }
        do throws(RedisError) {
            for answer in try await client.send(pipeline).values {
                guard case .bulk(let bytes) = answer, bytes.count == value.utf8.count else {
                    errors += 1
                    continue
                }
            }
        } catch {
            errors += 1
        }
        requests += depth
    }

    private func setPipeline(_ depth: Int) async {
        var pipeline = RedisPipeline(capacity: depth)
        for _ in 0..<depth { pipeline.add(.set(key, value)) }
        do throws(RedisError) {
            try await client.send(pipeline).check()
        } catch {
            errors += 1
        }
        requests += depth
    }

    /// Of this process, all threads together.
    private static func cpuNanoseconds() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        return seconds * 1_000_000_000 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000
    }
}
