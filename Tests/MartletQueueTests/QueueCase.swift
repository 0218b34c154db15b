import MartletLoop
import RedisFixture
import Testing

@testable import MartletQueue

/// Where the queue of a test is: what is true of one is true of the other.
nonisolated enum Store: String, CaseIterable, Sendable {
    case sqlite
    case redis
}

/// An empty place for queues, and what opens them.
struct QueueCase {
    let url: String
    private let opened = Opened()

    private final class Opened {
        var queues: [WorkQueue] = []
        deinit {}
    }

    /// Runs a test with a database or a server of its own.
    static func run(_ store: Store, _ body: @MainActor (QueueCase) async throws -> Void) async throws {
        switch store {
        case .sqlite:
            try await FileSystem.withTemporaryDirectory(prefix: "queue-") { directory in
                try await QueueCase(url: "sqlite:\(directory)/jobs.db").check(body)
            }
        case .redis:
            try await RedisServer.with { server in try await QueueCase(url: server.url).check(body) }
        }
    }

    private func check(_ body: @MainActor (QueueCase) async throws -> Void) async throws {
        do {
            try await body(self)
        } catch {
            for queue in opened.queues { await queue.close() }
            throw error
        }
        for queue in opened.queues { await queue.close() }
    }

    var path: String { String(url.dropFirst("sqlite:".count)) }

    /// A queue as another process would have it.
    func open(
        _ name: String = "default", _ settings: QueueSettings = QueueSettings(), isDurable: Bool = false
    ) async throws -> WorkQueue {
        var settings = settings
        settings.isDurable = isDurable
        settings.logger.logLevel = .critical
        let queue = try await WorkQueue.open(url, name: name, settings: settings)
        opened.queues.append(queue)
        return queue
    }
}

extension WorkQueue {
    /// Runs jobs while `body` goes on.
    @discardableResult
    func processing<Value>(
        concurrency: Int = 8, grace: Duration = .seconds(30), _ body: @MainActor () async throws -> Value
    ) async throws -> Value {
        let work = Task { await process(concurrency: concurrency, grace: grace) }
        do {
            let value = try await body()
            work.cancel()
            await work.value
            return value
        } catch {
            work.cancel()
            await work.value
            throw error
        }
    }

    /// Waits until a job is in a state.
    @discardableResult
    func wait(_ id: Int, until state: JobState) async throws -> JobStatus {
        try await eventually("job \(id) is \(state.rawValue)") {
            let status = try await self.status(of: id)
            return status?.state == state ? status : nil
        }
    }
}

/// Waits until something is there.
@discardableResult
func eventually<Value: Sendable>(
    _ what: String, _ body: @escaping @MainActor () async throws -> Value?
) async throws -> Value {
    do {
        return try await withTimeout(.seconds(60), for: what) {
            while true {
                if let value = try await body() { return value }
                try await Task.sleep(for: .milliseconds(5), clock: .eventLoop)
            }
        }
    } catch let error as TimeoutError {
        Issue.record("never: \(what)")
        throw error
    }
}

/// What is the matter with an operation that is to fail.
struct Broken: Error, CustomStringConvertible {
    let description: String

    init(_ description: String = "it is broken") { self.description = description }
}

/// The error with which a queue refuses something; a test's failure when it does not.
func refusal(
    _ body: @MainActor () async throws -> Void, location: SourceLocation = #_sourceLocation
) async -> WorkQueueError? {
    do {
        try await body()
    } catch let error as WorkQueueError {
        return error
    } catch {
        Issue.record("it was refused with something else: \(error)", sourceLocation: location)
        return nil
    }
    Issue.record("it was not refused", sourceLocation: location)
    return nil
}
