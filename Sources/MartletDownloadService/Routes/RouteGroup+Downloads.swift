import HTTPTypes
import MartletClient
import MartletDownloads
import MartletHTTP
import MartletLoop
import MartletServer

extension RouteGroup {
    /// Adds a service that fetches files for clients, below a path.
    ///
    /// ```swift
    /// let settings = DownloadServiceSettings(directory: "/srv/mirror", hosts: [DownloadHostPattern("*.example.org")!])
    /// try router.downloads(at: "/downloads", settings)
    /// ```
    ///
    /// | request | does |
    /// |---|---|
    /// | `POST /downloads` | takes jobs: `{"url": "https://…", "checksum": "sha256:…"}`, or `{"urls": […]}`; 202 |
    /// | `GET /downloads?state=&after=&limit=` | lists jobs |
    /// | `GET /downloads/{id}` | one job |
    /// | `GET /downloads/events`, `/downloads/{id}/events` | server-sent events, one for each change |
    /// | `POST /downloads/{id}/retry` | runs one again that has failed or was cancelled |
    /// | `DELETE /downloads/{id}` | cancels it, or forgets it when it is finished |
    ///
    /// Each worker runs jobs as soon as it has started. Whoever may use the routes makes this machine connect to servers:
    /// put authentication in front, and see ``DownloadServiceSettings`` for what is never connected to.
    ///
    /// - Parameters:
    ///   - path: where, without parameters.
    ///   - settings: what it may do.
    ///   - client: how servers are asked.
    /// - Throws: `RouteError` when something else is there.
    public func downloads(
        at path: String, _ settings: DownloadServiceSettings, client: HTTPClientSettings = HTTPClientSettings()
    ) throws(RouteError) {
        let routes = DownloadRoutes(settings)
        onStart { worker in
            routes.service = try await DownloadService.start(settings, on: worker, client: client)
        }
        try add(.post, path) { request in try await routes.submit(request, path) }
        try add(.get, path) { request in try await routes.list(request) }
        try add(.get, path + "/events") { request in try await routes.events(request, of: nil) }
        try add(.get, path + "/{id:int}") { request in try await routes.show(request) }
        try add(.get, path + "/{id:int}/events") { request in try await routes.events(request, of: routes.id(request)) }
        try add(.post, path + "/{id:int}/retry") { request in try await routes.retry(request) }
        try add(.delete, path + "/{id:int}") { request in try await routes.end(request) }
    }
}

/// What the routes of a service answer.
final class DownloadRoutes {
    var service: DownloadService?
    private let settings: DownloadServiceSettings

    private static let mostListed = 1000
    private static let pollInterval: Duration = .milliseconds(500)

    init(_ settings: DownloadServiceSettings) {
        self.settings = settings
    }

    deinit {}

    /// Jobs, and where to go on.
    private nonisolated struct Page: Encodable {
        var jobs: [DownloadJob]
        /// What to give as `after` for more.
        var next: Int?
    }

    private func running() throws -> DownloadService {
        guard let service else { throw HTTPError(.serviceUnavailable, "downloads have not been started here") }
        return service
    }

    func id(_ request: Request) throws -> Int {
        guard let id = request.parameters["id"].flatMap({ Int($0) }) else { throw HTTPError(.notFound) }
        return id
    }

    private func missing(_ id: Int) -> HTTPError { HTTPError(.notFound, "there is no download \(id)") }

    // MARK: Answers

    func submit(_ request: Request, _ path: String) async throws -> Response {
        let service = try running()
        let jobs = try await request.json(DownloadSubmission.self).jobs(settings)
        let made: [DownloadJob]
        do {
            made = try await service.store.add(jobs, settings)
        } catch let refusal as JobStore.Refusal {
            request.worker.counters?.add(.downloadsRefused, UInt64(jobs.count))
            switch refusal {
            case .tooMany(let waiting):
                throw HTTPError(
                    .tooManyRequests, "\(waiting) downloads wait already, of \(settings.waiting)",
                    fields: [.retryAfter: "30"])
            case .noRoom:
                throw HTTPError(
                    HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"),
                    "the downloads have all of the \(settings.totalSize) bytes that they may have")
            }
        }
        service.announce()
        var response = try JSON(Page(jobs: made), status: .accepted).response()
        if made.count == 1 { response.fields[.location] = "\(path)/\(made[0].id)" }
        return response
    }

    func list(_ request: Request) async throws -> Response {
        let limit = try min(max(1, request.query["limit"].flatMap { Int($0) } ?? 100), Self.mostListed)
        let after = try request.query["after"].flatMap { Int($0) } ?? 0
        var state: DownloadJob.State?
        if let text = try request.query["state"] {
            state = DownloadJob.State(rawValue: text)
            guard state != nil else { throw HTTPError(.badRequest, "state is none of a download's states") }
        }
        let jobs = try await running().store.jobs(after: after, state: state, limit: limit)
        return try JSON(Page(jobs: jobs, next: jobs.count == limit ? jobs.last?.id : nil)).response()
    }

    func show(_ request: Request) async throws -> Response {
        let id = try id(request)
        guard let job = try await running().store.job(id) else { throw missing(id) }
        return try JSON(job).response()
    }

    func retry(_ request: Request) async throws -> Response {
        let service = try running()
        let id = try id(request)
        guard let job = try await service.store.move(id, from: [.failed, .cancelled], to: .queued) else {
            guard try await service.store.job(id) != nil else { throw missing(id) }
            throw HTTPError(.conflict, "download \(id) has neither failed nor been cancelled")
        }
        service.announce()
        return try JSON(job, status: .accepted).response()
    }

    func end(_ request: Request) async throws -> Response {
        let service = try running()
        let id = try id(request)
        if let job = try await service.store.move(id, from: [.queued, .running], to: .cancelled) {
            request.worker.counters?.add(.downloadsCancelled)
            service.stopRunning(id)
            return try JSON(job).response()
        }
        guard let job = try await service.store.job(id), try await service.store.remove(id) else { throw missing(id) }
        if job.state != .done { try await Downloads.discardPartialFile(of: job.url, in: job.directory) }
        return Response(status: .noContent)
    }

    /// Each change from behind the one that the client has seen last. When it has seen none: of all jobs from now on, of one
    /// job beginning with what it is.
    func events(_ request: Request, of id: Int?) async throws -> Response {
        let service = try running()
        guard service.watchers < DownloadService.mostWatchers else {
            throw HTTPError(.serviceUnavailable, "too many watch downloads already", fields: [.retryAfter: "10"])
        }
        if let id, try await service.store.job(id) == nil { throw missing(id) }
        let last = HTTPField.Name("Last-Event-ID").flatMap { request[$0] }.flatMap { Int($0) }
        let seen = if let last { last } else { id == nil ? try await service.store.revision() : 0 }
        return Response.events { events in
            try await service.watching {
                var seen = seen
                while true {
                    for job in try await service.store.changes(since: seen, of: id) {
                        seen = job.revision
                        try await events.send(
                            ServerSentEvent(
                                data: String(decoding: try ApplicationJSON.writer.write(job), as: UTF8.self),
                                event: job.state.rawValue, id: "\(job.revision)"))
                        if id != nil, job.state.isFinished { return }
                    }
                    if let id {
                        // Forgotten, or over and seen: nothing more comes.
                        guard let job = try await service.store.job(id) else { return }
                        if job.state.isFinished, job.revision <= seen { return }
                    }
                    try await Task.sleep(for: Self.pollInterval)
                }
            }
        }
    }
}
