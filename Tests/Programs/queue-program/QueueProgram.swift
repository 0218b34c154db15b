// A process that runs jobs and writes down what it does, for tests that kill it: `queue-program URL LOG`. It ends by
// SIGTERM. Each job has the milliseconds that it takes as its payload. `queue-program URL LOG COUNT` adds that many.
import Glibc
import MartletLoop
import MartletQueue

@main
struct QueueProgram {
    static func main() async throws {
        let log = open(CommandLine.arguments[2], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        var settings = QueueSettings()
        settings.visibilityTimeout = .milliseconds(1000)
        settings.logger.logLevel = .critical
        let queue = try await WorkQueue.open(CommandLine.arguments[1], settings: settings)
        if CommandLine.arguments.count > 3, let count = Int(CommandLine.arguments[3]) {
            try await add(count, to: queue)
            return await queue.close()
        }
        queue.handle("work") { context in
            write("begin", context, to: log)
            let milliseconds = Int(String(decoding: context.payload, as: UTF8.self)) ?? 0
            try await Task.sleep(for: .milliseconds(milliseconds), clock: .eventLoop)
            write("end", context, to: log)
        }
        queue.handle("poison") { context in
            write("poison", context, to: log)
            kill(getpid(), SIGKILL)
        }
        queue.schedule("tick", .every(.seconds(1)), NewJob("work", Array("0".utf8), JobOptions(priority: .urgent)))
        let work = Task { await queue.process(concurrency: 4) }
        let signal = try EventLoop.main.onSignal(SIGTERM) { work.cancel() }
        await work.value
        signal.cancel()
        await queue.close()
    }

    private static func add(_ count: Int, to queue: WorkQueue) async throws {
        var jobs = (0..<count).map { number in
            NewJob(
                "work", Array("\(20 + number % 7 * 20)".utf8),
                JobOptions(key: "key\(number % 9)", attempts: 100, backoff: .none))
        }
        jobs.append(NewJob("poison", [], JobOptions(attempts: 2, backoff: .none)))
        try await queue.enqueue(contentsOf: jobs)
    }

    /// One write for a line, so that those of several processes do not mix.
    private static func write(_ word: String, _ context: JobContext, to log: Int32) {
        var line = "\(word) \(context.id) \(context.key ?? "-") \(getpid())\n"
        line.withUTF8 { _ = Glibc.write(log, $0.baseAddress, $0.count) }
    }
}
