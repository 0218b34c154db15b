import Glibc
import Martlet
import MartletJSON
import MartletQueue

/// A page that puts jobs into a queue and shows how far they are, while any worker of any machine does them.
///
/// `job-queue run` keeps the queue in `job-queue.db`, here; `MARTLET_QUEUE=redis://localhost job-queue run` in Redis, which
/// several machines may share. `martletctl queue list --at sqlite:job-queue.db` shows the same.
@main
struct JobQueueApp: Application {
    static func start(_ worker: Worker) async throws {
        let url = getenv("MARTLET_QUEUE").map { String(cString: $0) } ?? "sqlite:job-queue.db"
        let queue = try await WorkQueue.open(url)
        queue.handle(Report.self)
        queue.handle("tidy") { _ in try await queue.purge(.done) }
        queue.schedule("tidy", try .cron("0 4 * * *"), NewJob("tidy", [], JobOptions(key: "tidy", isUnique: true)))
        queue.process(on: worker, concurrency: 4)
        worker.provide(queue)
    }

    static func routes(_ router: Router) {
        router.get("/") { _ in Response.html(page) }
        let jobs = router.group("/jobs")
        jobs.get("/") { request in
            let queue = request.worker[WorkQueue.self]
            return JSON(Overview(counts: try await queue.counts(), dead: try await queue.statuses(.dead, limit: 20)))
        }
        jobs.post("/") { (request, order: Order) in
            var options = Report.options
            options.key = order.account
            options.priority = order.isUrgent == true ? .urgent : .normal
            let report = try order.report()
            let job = try await request.worker[WorkQueue.self].enqueue(report, options)
            return JSON(job, status: .accepted)
        }
        jobs.get("/{id:int}") { request in try await status(request) }
        jobs.get("/{id:int}/events") { request in
            let queue = request.worker[WorkQueue.self]
            let id = try await status(request).id
            return Response.events { events in
                for try await status in queue.changes(of: id, every: .milliseconds(100)) {
                    let text = String(decoding: try JSONWriter().write(status), as: UTF8.self)
                    try await events.send(ServerSentEvent(data: text, event: "job"))
                }
                try await events.send(ServerSentEvent(data: "", event: "end"))
            }
        }
        jobs.post("/{id:int}/retry") { request in
            let queue = request.worker[WorkQueue.self]
            let id = try await status(request).id
            do {
                try await queue.retry(id)
            } catch let error as WorkQueueError where error.code == .wrongState {
                throw HTTPError(.conflict, error.reason)
            }
            return Response(status: .accepted)
        }
    }

    private static func status(_ request: Request) async throws -> JobStatus {
        let id = try request.parameters.value("id", as: Int.self)
        guard let status = try await request.worker[WorkQueue.self].status(of: id) else {
            throw HTTPError(.notFound, "there is no job \(id)")
        }
        return status
    }
}

/// What the list says.
nonisolated struct Overview: Encodable {
    let counts: QueueCounts
    let dead: [JobStatus]
}

/// What a client wants.
nonisolated struct Order: Codable {
    var account: String?
    var pages: Int
    var isUrgent: Bool?
    var fails: Bool?

    func report() throws -> Report {
        guard (1...1000).contains(pages), account.map({ (1...64).contains($0.utf8.count) }) ?? true else {
            throw HTTPError(.unprocessableContent, "a report has 1 to 1000 pages, an account 1 to 64 bytes")
        }
        return Report(pages: pages, fails: fails ?? false)
    }
}
