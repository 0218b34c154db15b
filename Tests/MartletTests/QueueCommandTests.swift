import MartletLoop
import MartletQueue
import Testing

@testable import Martlet

@Suite("the subcommands of queue")
struct QueueCommandTests {
    /// An empty queue in a file.
    private func withQueue(_ body: @MainActor (WorkQueue, String) async throws -> Void) async throws {
        try await FileSystem.withTemporaryDirectory(prefix: "queue-") { directory in
            let url = "sqlite:\(directory)/jobs.db"
            let queue = try await WorkQueue.open(url)
            do { try await body(queue, url) } catch {
                await queue.close()
                throw error
            }
            await queue.close()
        }
    }

    @Test("all jobs that are named are deleted, whichever of them are not there, and those are reported")
    func deletesAll() async throws {
        try await withQueue { queue, url in
            for _ in 0..<3 { try await queue.enqueue("work") }
            let command = try QueueDeleteCommand.parse(["1", "77", "2", "78", "3", "--at", url])
            let report = try await command.perform(on: queue)
            #expect(report.text == "deleted 3 jobs")
            #expect(report.failures.map { $0.contains("no job 77") } == [true, false])
            #expect(report.failures.last?.contains("no job 78") == true)
            #expect(try await queue.counts().waiting == 0)
            let json = try QueueDeleteCommand.parse(["1", "--json", "--at", url])
            let none = try await json.perform(on: queue)
            #expect(none.text.contains("\"deleted\":0") && none.text.contains("\"failed\":1"))
            #expect(await QueueCommand.run(["delete", "1", "2", "--at", url]) == 1)
        }
    }

    @Test("all jobs that are named are retried, also behind one that waits already")
    func retriesAll() async throws {
        try await withQueue { queue, url in
            let start = JobOptions(start: .after(.seconds(3600)))
            try await queue.enqueue("now")
            for _ in 0..<2 { try await queue.enqueue("later", [], start) }
            let report = try await QueueRetryCommand.parse(["1", "2", "9", "3", "--at", url]).perform(on: queue)
            #expect(report.text == "retried 2 jobs")
            #expect(report.failures.count == 2 && report.failures.first?.contains("job 1 is waiting") == true)
            #expect(try await queue.counts().waiting == 3)
            #expect(await QueueCommand.run(["delete", "1", "2", "3", "--at", url]) == 0)
        }
    }
}
