import MartletClient
import MartletDownloadPlan
import MartletHTTP
import MartletLoop

/// Fetches one file: opens what is there, makes passes over what is missing until nothing is, and puts it in its place.
///
/// ```
///             ┌────────────── a connection broke, the server is busy: wait ─────────────┐
///             ▼                                                                         │
///   open ── pass: one request leads, others help with segments ── complete ── checksum ── in its place
///             ▲                        │
///             └── start over: the file changed, or parts cannot be trusted
/// ```
final class FileDownload {
    let batch: Downloads
    let index: Int
    let host: String
    let item: DownloadItem
    var options: DownloadOptions { batch.options }

    var url: HTTPURL
    var request: FileRequest
    var file: PartialFile?
    var plan: SegmentPlan
    var validator = Validator(tag: nil, lastModified: nil, isDateStrong: false)
    /// Whether the server can be asked for parts of this version.
    var allowsParts = false
    /// Whether the server has shown that it answers wrongly when asked for parts.
    var distrustsParts = false
    var restarts = 0
    /// Why the bytes that are there are of no use, as one of the helpers has found out.
    var startOver: StartOver?
    var helpers: [Int: Task<Void, Never>] = [:]
    private var nextHelper = 0
    var digest: RunningDigest?
    /// How far the sum is, as far as the loop knows: its own count belongs to the thread that adds up.
    private var digestPosition = 0
    var promise: SpaceLedger.Promise?
    /// How large it may become before it asks again.
    var granted = 0
    let meter = RateMeter()
    var received = 0
    private var checkpointing: Task<Void, Never>?
    private var nextCheckpoint: EventLoop.Instant
    var name: String
    /// Set when the file that is there, under a name that the server has not chosen, is known to be another one.
    var replaces = false

    /// More changes than this while a file is fetched are no accident.
    static let mostRestarts = 3

    init(_ batch: Downloads, index: Int, host: String) {
        self.batch = batch
        self.index = index
        self.host = host
        item = batch.items[index]
        name = batch.states[index].name ?? DownloadName.fallback
        // What is no URL is told by `run`.
        let parsed = try? HTTPURL(parsing: item.url)
        url = parsed ?? "http://invalid/"
        request = FileRequest(client: batch.client, options: batch.options, item: item, url: url)
        plan = SegmentPlan(length: nil, smallest: batch.options.smallestSegment)
        nextCheckpoint = EventLoop.main.time() + batch.options.checkpointInterval
    }

    deinit {}

    /// Fetches it.
    func run() async -> Result<DownloadedFile, DownloadError> {
        let outcome: Result<DownloadedFile, DownloadError>
        do {
            outcome = .success(try await fetch())
        } catch {
            outcome = .failure(failure(error))
        }
        await settle(outcome)
        return outcome
    }

    private func fetch() async throws -> DownloadedFile {
        do {
            _ = try HTTPURL(parsing: item.url)
        } catch {
            throw DownloadError(.invalidURL, url: HTTPURL.redacted(item.url), "it is no URL: \(error.reason)")
        }
        try Task.checkCancellation()
        try await FileSystem.createDirectory(batch.directory, withIntermediates: true)
        if let there = try await existing(length: nil, isChosen: true) { return there }
        try await open()
        do {
            try await passes()
        } catch let found as ExistingFile {
            return found.file
        }
        // A record that is under way must not appear behind the file.
        await checkpointing?.value
        return try await finish()
    }

    // MARK: Beginning

    /// The partial file is named after the URL as well, so that two files of one name never meet.
    private func open() async throws {
        let part = Self.partialPath(of: url, in: batch.directory)
        guard let (file, record) = try await PartialFile.open(part) else {
            throw DownloadError(.busy, url: "\(url)", "another download is at \(part) already")
        }
        self.file = file
        if let record, record.url == "\(url)", record.validator.ifRange != nil, !record.done.isEmpty {
            plan = SegmentPlan(length: record.length, done: record.done, smallest: options.smallestSegment)
            validator = record.validator
            allowsParts = true
        } else {
            try await file.reset()
        }
        digest = plan.done.isEmpty ? item.checksum.flatMap { RunningDigest($0.algorithm) } : nil
    }

    static func partialPath(of url: HTTPURL, in directory: String) -> String {
        "\(directory)/\(DownloadName.ofTarget(url.target)).\(hash("\(url)")).part"
    }

    /// FNV-1a of 64 bits: names files apart, and is no secret.
    private static func hash(_ text: String) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    // MARK: Passes

    private func passes() async throws {
        var waits = options.backoff.waits()
        var failures = 0
        var farthest = plan.done.count
        while !plan.isComplete {
            do {
                try await pass()
            } catch {
                guard let hint = retryHint(error) else { throw error }
                // Only what is kept is progress: a server without parts could go on like that for ever.
                if allowsParts, plan.done.count > farthest {
                    farthest = plan.done.count
                    failures = 0
                    waits = options.backoff.waits()
                }
                failures += 1
                guard failures < options.attempts else { throw error }
                guard (hint ?? .zero) <= options.longestRetryAfter else { throw error }
                note(error)
                try await Task.sleep(for: max(waits.next() ?? .zero, hint ?? .zero))
            }
        }
    }

    private func note(_ error: any Error) {
        let failure = failure(error)
        batch.update(index) {
            $0.state = .retrying
            $0.failures += 1
            $0.rate = 0
            $0.error = failure
        }
    }

    /// How long to wait at least before the next attempt, `.some(nil)` when nobody says; `nil` when there is none.
    private func retryHint(_ error: any Error) -> Duration?? {
        switch error {
        case let error as RefusedAnswer: return error.mayPass ? .some(error.retryAfter) : nil
        case let error as HTTPClientError:
            switch error.code {
            case .resolution, .connection, .timeout, .connectionLost, .endedEarly, .malformedResponse, .poolExhausted,
                .proxy:
                return .some(error.retryAfter)
            default: return nil
            }
        default: return nil
        }
    }

    // MARK: Noting down

    /// Writes what has arrived, and notes down now and then what is there.
    func write(_ pieces: [[UInt8]], _ range: Range<Int>) async throws {
        guard let file else { return }
        if plan.length == .max { try await promiseSpaceForUnknown(range.count) }
        // In order, or not any more. No two writes begin at one place, so only one at a time has the sum.
        let isInOrder = digestPosition == range.lowerBound
        try await file.write(pieces, at: range.lowerBound, isInOrder ? digest : nil)
        if isInOrder { digestPosition = range.upperBound }
        plan.wrote(range)
        promise?.use(range.count)
        showProgress()
        let now = EventLoop.main.time()
        guard allowsParts, checkpointing == nil, now >= nextCheckpoint else { return }
        nextCheckpoint = now + options.checkpointInterval
        // When it cannot be noted down there is less to go on with; that nothing can be written is told by the writes.
        checkpointing = Task {
            try? await file.checkpoint(record)
            checkpointing = nil
        }
    }

    private var record: PartialRecord {
        PartialRecord(
            url: "\(url)", validator: validator, length: plan.length == .max ? nil : plan.length, done: plan.done)
    }

    /// Drops what is there.
    func discard() async throws {
        await checkpointing?.value
        try await file?.reset()
        plan = SegmentPlan(length: nil, smallest: options.smallestSegment)
        digest = item.checksum.flatMap { RunningDigest($0.algorithm) }
        digestPosition = 0
        promise?.end()
        promise = nil
        allowsParts = false
        showProgress()
    }

    /// Leaves behind what the next attempt can use, and nothing else.
    private func settle(_ outcome: Result<DownloadedFile, DownloadError>) async {
        promise?.end()
        guard let file else { return }
        await checkpointing?.value
        switch outcome {
        case .success(let result):
            // Opened before the server had said what it is called: nothing has been written.
            if result.wasThere { await file.remove() }
        case .failure(let error) where allowsParts && !plan.done.isEmpty && error.code != .checksum:
            // Whatever has been noted down before is true as well.
            try? await file.checkpoint(record)
        case .failure:
            await file.remove()
            batch.update(index) { $0.bytes = 0 }
        }
        await file.close()
    }

    // MARK: Progress

    func showProgress(_ state: FileProgress.State? = nil) {
        let (bytes, rate, requests) = (plan.done.count, meter.rate, 1 + helpers.count)
        let total = plan.length == .max ? nil : plan.length
        batch.update(index) {
            if let state { $0.state = state }
            $0.bytes = bytes
            $0.total = total
            $0.rate = rate
            $0.requests = requests
        }
    }

    func addHelper(_ body: @escaping @MainActor () async -> Void) {
        let number = nextHelper
        nextHelper += 1
        helpers[number] = Task {
            await body()
            helpers[number] = nil
        }
    }
}
