import DequeModule
import MartletClient
import MartletDownloadPlan
import MartletLoop

/// Files on their way: what `HTTPClient.download` returns.
public final class Downloads {
    /// What was asked for.
    public let items: [DownloadItem]
    /// Where the files go.
    public let directory: String

    let options: DownloadOptions
    let client: HTTPClient
    let limiter: RateLimiter?
    let meter = RateMeter()
    private(set) var states: [FileProgress]
    private var outcomes: [Result<DownloadedFile, DownloadError>?]
    private var remaining: Int
    private let finished = Event()
    private var tasks: [Int: Task<Void, Never>] = [:]
    private var isCancelled = false

    // Which are to be begun, by host: one host that is busy keeps no other waiting.
    private var pending: [String: Deque<Int>] = [:]
    private var hosts: Deque<String> = []
    private var requests: [String: Int] = [:]
    private var requestCount = 0
    private var names = Set<String>()

    init(_ items: [DownloadItem], to directory: String, options: DownloadOptions, client: HTTPClient) {
        self.items = items
        self.directory = directory
        self.options = options
        self.client = client
        limiter = options.limiter ?? options.rateLimit.map(Self.limiter)
        outcomes = Array(repeating: nil, count: items.count)
        remaining = items.count
        states = items.map { FileProgress(url: HTTPURL.redacted($0.url), name: nil) }
        for (index, item) in items.enumerated() { enqueue(index, item) }
        if remaining == 0 { finished.set() }
        startWhatMay()
    }

    deinit {}

    /// A tenth of a second's worth may come at once, so that a limit is met evenly.
    private static func limiter(_ rate: Int) -> RateLimiter {
        RateLimiter(rate: max(1, rate), per: .seconds(1), burst: max(16 << 10, rate / 10))
    }

    // MARK: Results

    /// Whether all files have arrived, or failed.
    public var isFinished: Bool { remaining == 0 }

    /// Waits until all files have arrived, or failed, and tells which, in the order of the items.
    ///
    /// Cancelling the waiting task cancels the downloads.
    public func results() async -> [Result<DownloadedFile, DownloadError>] {
        do {
            try await finished.wait()
        } catch {
            cancel()
            // They end soon now, and what they leave has to be complete.
            await Task { try? await finished.wait() }.value
        }
        return outcomes.compactMap { $0 }
    }

    /// Waits until all files have arrived, or failed.
    ///
    /// - Returns: the files, in the order of the items.
    /// - Throws: the first `DownloadError`; `CancellationError` when the waiting task is cancelled.
    public func files() async throws -> [DownloadedFile] {
        let results = await results()
        try Task.checkCancellation()
        return try results.map { try $0.get() }
    }

    /// Ends all of them. What has arrived stays, and is used the next time.
    public func cancel() {
        guard !isCancelled else { return }
        isCancelled = true
        for queue in pending.values { for index in queue { end(index, .failure(cancelled(index))) } }
        pending = [:]
        hosts = []
        for task in tasks.values { task.cancel() }
    }

    private func cancelled(_ index: Int) -> DownloadError {
        DownloadError(.cancelled, url: states[index].url, "it was cancelled before it had begun")
    }

    /// Removes what is left of a download that nobody goes on with. One that is under way is left alone.
    ///
    /// - Parameters:
    ///   - url: the file's.
    ///   - directory: where it was to go.
    /// - Throws: `SystemError`.
    public static func discardPartialFile(of url: String, in directory: String) async throws {
        guard let url = try? HTTPURL(parsing: url) else { return }
        let path = FileDownload.partialPath(of: url, in: directory)
        guard try await FileSystem.exists(path), let (file, _) = try await PartialFile.open(path) else { return }
        await file.remove()
        await file.close()
    }

    // MARK: Progress

    /// How far all files are, told a few times a second and once more at the end.
    public var progress: DownloadsProgressSequence {
        DownloadsProgressSequence(downloads: self, interval: .milliseconds(200))
    }

    /// How far all files are, told at an interval and once more at the end.
    public func progress(every interval: Duration) -> DownloadsProgressSequence {
        DownloadsProgressSequence(downloads: self, interval: interval)
    }

    /// How far all files are now.
    public var currentProgress: DownloadsProgress {
        DownloadsProgress(files: states, rate: meter.rate)
    }

    /// Waits for the end, but no longer than an interval.
    func waitForEnd(atMost interval: Duration) async {
        guard !isFinished else { return }
        _ = try? await withTimeout(interval) { [finished] in try await finished.wait() }
    }

    func update(_ index: Int, _ change: (inout FileProgress) -> Void) {
        change(&states[index])
    }

    // MARK: Starting

    private func enqueue(_ index: Int, _ item: DownloadItem) {
        // What is no URL fails when its turn comes.
        let url = try? HTTPURL(parsing: item.url)
        let host = url?.host ?? ""
        // In the order of the items, so that the same list gives the same names the next time.
        states[index].name = claim(item.name.map(DownloadName.safe) ?? DownloadName.ofTarget(url?.target ?? "/"))
        if pending[host] == nil { hosts.append(host) }
        pending[host, default: []].append(index)
    }

    private func startWhatMay() {
        var skipped = 0
        while requestCount < max(1, options.concurrency), skipped < hosts.count {
            let host = hosts.removeFirst()
            guard requests[host, default: 0] < max(1, options.concurrencyPerHost), let index = pending[host]?.popFirst()
            else {
                // Only those with something to do are in the queue.
                hosts.append(host)
                skipped += 1
                continue
            }
            skipped = 0
            if pending[host]?.isEmpty == true { pending[host] = nil } else { hosts.append(host) }
            start(index, host)
        }
    }

    private func start(_ index: Int, _ host: String) {
        take(host)
        tasks[index] = Task {
            let download = FileDownload(self, index: index, host: host)
            let outcome = await download.run()
            end(index, outcome)
            tasks[index] = nil
            release(host)
        }
    }

    /// Takes one more request of a host for a file under way, if none waits for it that has not begun.
    func takeRequest(of host: String) -> Bool {
        guard !isCancelled, requestCount < options.concurrency, pending[host] == nil,
            requests[host, default: 0] < options.concurrencyPerHost
        else { return false }
        take(host)
        return true
    }

    private func take(_ host: String) {
        requestCount += 1
        requests[host, default: 0] += 1
    }

    func release(_ host: String) {
        requestCount -= 1
        let count = requests[host, default: 1] - 1
        requests[host] = count > 0 ? count : nil
        startWhatMay()
    }

    private func end(_ index: Int, _ outcome: Result<DownloadedFile, DownloadError>) {
        guard outcomes[index] == nil else { return }
        outcomes[index] = outcome
        update(index) { $0.end(outcome) }
        remaining -= 1
        if remaining == 0 { finished.set() }
    }

    // MARK: Names

    /// Reserves a name among the files of this batch: the name itself, or it with a number.
    func claim(_ name: String) -> String {
        var claimed = name
        var number = 0
        while !names.insert(claimed).inserted {
            number += 1
            claimed = DownloadName.numbered(name, number)
        }
        return claimed
    }

    func giveUp(_ name: String) {
        names.remove(name)
    }
}
