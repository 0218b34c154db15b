import Logging
import MartletClient
import MartletDownloads
import MartletLoop
import MartletServer

/// Fetches files for others: jobs that outlive requests, workers and machines.
///
/// Each worker has one. It takes jobs from the database that all share, as many as there may be at once in all of them, and
/// says all the while that it lives. When it drains it puts its jobs back as they are, and another goes on; when it dies,
/// another goes on as soon as its lease has passed.
public final class DownloadService {
    let settings: DownloadServiceSettings
    let store: JobStore
    private let client: HTTPClient
    private let worker: Worker
    /// What the bus calls this worker, which is told to the others when it is gone.
    private let identity: UInt64
    private let limiter: RateLimiter?
    /// By owner: a job that is cancelled and queued again may run here twice for a moment.
    private var running: [String: (job: Int, downloads: Downloads)] = [:]
    private var runs: [String: Task<Void, Never>] = [:]
    private let chance = Event()
    private let logger: Logger
    private(set) var watchers = 0

    /// The most streams of events that a worker serves: each asks the database twice a second.
    static let mostWatchers = 100
    private static let heartbeat: Duration = .seconds(1)
    private static let busyDelay = 1000
    /// Room that a file of unknown length gets ahead of what has come of it.
    private static let roomStep = 16 << 20

    init(_ settings: DownloadServiceSettings, store: JobStore, worker: Worker, client: HTTPClientSettings) {
        self.settings = settings
        self.store = store
        self.worker = worker
        logger = worker.logger
        identity = worker.bus?.identity ?? 0
        limiter = settings.rateLimit.map {
            RateLimiter(rate: max(1, $0), per: .seconds(1), burst: max(16 << 10, $0 / 10))
        }
        var client = client
        client.allowsAddress = { settings.allows(address: $0) }
        // A proxy would connect to whatever it is told.
        client.proxy = .none
        self.client = HTTPClient(client)
    }

    deinit {}

    /// Opens the database, and begins to run jobs in a worker: until it drains.
    ///
    /// - Parameters:
    ///   - settings: what it may do.
    ///   - worker: where it runs.
    ///   - client: how servers are asked; which addresses may be connected to is the settings' to say.
    /// - Throws: `SystemError` when a directory cannot be created, `SQLiteError` when the database cannot be opened.
    public static func start(
        _ settings: DownloadServiceSettings, on worker: Worker, client: HTTPClientSettings = HTTPClientSettings()
    ) async throws -> DownloadService {
        for directory in [settings.directory] + settings.directories {
            try await FileSystem.createDirectory(directory, withIntermediates: true)
        }
        let store = try await JobStore.open(settings.database)
        let service = DownloadService(settings, store: store, worker: worker, client: client)
        worker.bus?.listen(to: .downloads) { [weak service] event in service?.hear(event) }
        worker.background("downloads", until: .drain) { await service.run() }
        worker.onStop {
            await service.client.shutdown()
            await store.close()
        }
        return service
    }

    // MARK: What changes

    /// Tells everyone that there may be something to do.
    func announce() {
        chance.set()
        worker.bus?.broadcast([], to: .downloads)
    }

    /// Ends a job that runs here, or tells the others, of whom one may run it.
    func stopRunning(_ id: Int) {
        cancel(id)
        worker.bus?.broadcast(withUnsafeBytes(of: UInt64(id).littleEndian, Array.init), to: .downloads)
        chance.set()
    }

    private func cancel(_ id: Int) {
        for run in running.values where run.job == id { run.downloads.cancel() }
    }

    private func hear(_ event: WorkerBusEvent) {
        switch event {
        case .message(let bytes, from: _):
            guard bytes.count == 8 else { return chance.set() }
            cancel(Int(clamping: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }))
            chance.set()
        case .joined: break
        case .left(let identity):
            Task {
                do {
                    try await store.expire(ownersOf: "\(identity).")
                    chance.set()
                } catch {
                    logger.warning("cannot take over downloads at once", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    func watching<Value>(_ body: () async throws -> Value) async throws -> Value {
        watchers += 1
        defer { watchers -= 1 }
        return try await body()
    }

    // MARK: Running

    private func run() async {
        while !Task.isCancelled {
            chance.clear()
            do {
                try await startWhatMay()
                try await waitForChance()
            } catch is CancellationError {
                break
            } catch {
                logger.error("cannot look for downloads to run", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
        for run in running.values { run.downloads.cancel() }
        while let run = runs.values.first { await run.value }
        // Who takes the jobs over can begin now.
        worker.bus?.broadcast([], to: .downloads)
    }

    private func startWhatMay() async throws {
        while runs.count < settings.concurrency, !Task.isCancelled {
            // Each run is an owner of its own: what an earlier one still has to say of the job is not heard.
            let owner = "\(identity).\(UInt64.random(in: 0 ... .max))"
            guard let claim = try await store.claim(by: owner, settings) else { return }
            start(claim, owner)
        }
    }

    private func waitForChance() async throws {
        let next = try await store.nextChance()
        try Task.checkCancellation()
        guard let next else { return try await chance.wait() }
        // Something runs or waits: look again when a lease has passed, and soon when there was no room.
        let wait = min(max(next - JobStore.now, 200), settings.leaseMilliseconds)
        _ = try? await withTimeout(.milliseconds(wait)) { [chance] in try await chance.wait() }
        try Task.checkCancellation()
    }

    private func start(_ claim: JobStore.Claim, _ owner: String) {
        let id = claim.job.id
        var options = DownloadOptions()
        options.concurrency = max(1, settings.segments)
        options.concurrencyPerHost = max(1, settings.segments)
        options.segments = settings.segments
        options.attempts = settings.attempts
        options.existing = .number
        options.maximumSize = settings.fileSize
        options.grantsSize = { [settings, store] size, isWhole in
            let more = isWhole ? 0 : Self.roomStep
            if let room = try await store.giveRoom(id, owner: owner, size, more: more, settings) { return room }
            throw DownloadError(
                .tooLarge, url: HTTPURL.redacted(claim.url),
                "the files of all jobs may have \(settings.totalSize) bytes, and the others leave no \(size) of them")
        }
        options.limiter = limiter
        options.allowsHost = { [settings] in settings.allows(host: $0) }
        let item = DownloadItem(claim.url, name: claim.job.name, checksum: claim.job.checksum.flatMap { Checksum($0) })
        let downloads = client.download([item], to: claim.job.directory, options: options)
        running[owner] = (id, downloads)
        worker.counters?.add(.downloadsStarted)
        worker.counters?.add(.downloadsActive)
        runs[owner] = Task {
            await supervise(id, owner, downloads)
            running[owner] = nil
            runs[owner] = nil
            worker.counters?.subtract(.downloadsActive)
            chance.set()
        }
    }

    /// Says that the job is under way until it is over, and then how it went.
    private func supervise(_ id: Int, _ owner: String, _ downloads: Downloads) async {
        var counted = 0
        for await progress in downloads.progress(every: min(Self.heartbeat, settings.lease / 4)) {
            let file = progress.files[0]
            if file.bytes > counted {
                worker.counters?.add(.downloadBytes, UInt64(file.bytes - counted))
                counted = file.bytes
            }
            if file.isFinished { break }
            do {
                let isOurs = try await store.renew(
                    id, owner: owner, lease: settings.leaseMilliseconds, name: nil, bytes: file.bytes,
                    total: file.total,
                    rate: Int(file.rate), error: file.error?.reason)
                if !isOurs { downloads.cancel() }
            } catch {
                logger.warning("cannot note how far a download is", metadata: ["job": "\(id)", "error": "\(error)"])
            }
        }
        guard let result = await downloads.results().first else { return }
        do {
            try await note(id, owner, result, kept: downloads.currentProgress.files[0].bytes)
        } catch {
            logger.error("cannot note how a download went", metadata: ["job": "\(id)", "error": "\(error)"])
        }
    }

    private func note(
        _ id: Int, _ owner: String, _ result: Result<DownloadedFile, DownloadError>, kept: Int
    ) async throws {
        switch result {
        case .success(let file):
            worker.counters?.add(.downloadsSucceeded)
            let name = file.path.split(separator: "/").last.map(String.init)
            try await store.finish(id, owner: owner, .done, name: name, size: file.size)
        case .failure(let error) where error.code == .cancelled:
            // By whoever has changed its state, or because this worker ends: then it goes on elsewhere.
            try await store.finish(id, owner: owner, .queued)
        case .failure(let error) where error.code == .busy:
            try await store.finish(id, owner: owner, .queued, error: error.reason, delay: Self.busyDelay)
        case .failure(let error):
            worker.counters?.add(.downloadsFailed)
            logger.notice("a download failed", metadata: ["job": "\(id)", "error": "\(error)"])
            try await store.finish(id, owner: owner, .failed, kept: kept, error: error.reason)
        }
    }
}

extension WorkerBusService {
    /// What concerns downloads: that there are jobs, and that one is to end.
    static nonisolated let downloads = WorkerBusService(rawValue: 2)
}
