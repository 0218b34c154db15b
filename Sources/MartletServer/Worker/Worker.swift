import Logging
import MartletLoop

/// What an application keeps in one worker process for as long as it serves: state, background work, and what is to be
/// done at the end.
///
/// ```swift
/// static func start(_ worker: Worker) async throws {
///     let pool = try await DatabasePool(connections: 8)
///     worker.provide(pool)
///     worker.onStop { await pool.close() }
///     worker.background("refresh", until: .drain) {
///         while true { try await pool.refresh(); try await Task.sleep(for: .seconds(60)) }
///     }
/// }
///
/// static func routes(_ router: Router) {
///     router.get("/users/{id:int}") { request in try await request.worker[DatabasePool.self].user(...) }
/// }
/// ```
///
/// When the worker ends, in this order: work `until: .drain` is cancelled, while requests under way are answered; work
/// `until: .done` is waited for; then the stop hooks run, the last one first. What is still going on when
/// `timeouts.drain` has passed is cancelled.
public final class Worker {
    /// The place among its siblings, from 0; stable over reloads. 0 without a supervisor.
    public let slot: Int
    /// Goes up with every reload.
    public let generation: Int

    /// What rate limits count in: shared with the other workers, if there are any.
    public private(set) lazy var rateLimits = RateLimitTable.allocate()

    /// What carries messages to all other workers, and back; `nil` where there are no others: in `run --foreground` and
    /// in tests.
    public package(set) var bus: (any WorkerBus)?

    package let logger: Logger
    /// What the worker's server counts in; `nil` before there is one.
    package internal(set) var counters: Counters<HTTPCounter>?
    private var values: [ObjectIdentifier: Any] = [:]
    private var drainHooks: [@MainActor () -> Void] = []
    private var lastRequestHooks: [@MainActor () -> Void] = []
    private var stopHooks: [@MainActor () async -> Void] = []
    private var failure: String?
    private var work: [UInt64: Work] = [:]
    private var nextWork: UInt64 = 0
    private var isDraining = false
    private var isFinishing = false
    private let idle = Event()

    private struct Work {
        let until: WorkEnd
        let task: Task<Void, Never>
    }

    /// A worker that nothing is kept in yet.
    ///
    /// - Parameters:
    ///   - slot: the place among its siblings.
    ///   - generation: which reload it came with.
    ///   - rateLimits: what rate limits count in; memory of its own unless given.
    ///   - bus: what carries messages between workers, if there are others.
    ///   - logger: where to log.
    public init(
        slot: Int = 0, generation: Int = 1, rateLimits: RateLimitTable? = nil, bus: (any WorkerBus)? = nil,
        logger: Logger = Logger(label: "worker")
    ) {
        self.slot = slot
        self.generation = generation
        self.bus = bus
        self.logger = logger
        if let rateLimits { self.rateLimits = rateLimits }
    }

    deinit {}

    // MARK: State

    /// Keeps a value, one of each type, for handlers to reach. A second one of the same type takes the place of the first.
    public func provide<Value>(_ value: Value) {
        values[ObjectIdentifier(Value.self)] = value
    }

    /// The value of a type that was provided. To ask for one that was not is a mistake in the program, and ends it; see
    /// ``find(_:)``.
    public subscript<Value>(_ type: Value.Type) -> Value {
        guard let value = find(type) else {
            fatalError("nothing of type \(type) was provided; call worker.provide(…) in the application's start")
        }
        return value
    }

    /// The value of a type, if one was provided.
    public func find<Value>(_ type: Value.Type = Value.self) -> Value? {
        values[ObjectIdentifier(type)] as? Value
    }

    // MARK: Hooks

    /// Does something when the worker ends, after the last request is answered and the last work is done. The last one
    /// added is called first.
    public func onStop(_ hook: @escaping @MainActor () async -> Void) {
        stopHooks.append(hook)
    }

    /// Does something when the worker begins to drain, or now if it already does.
    package func onDrain(_ hook: @escaping @MainActor () -> Void) {
        if isDraining { hook() } else { drainHooks.append(hook) }
    }

    /// Does something when the last request is answered, or now if it already is.
    package func onLastRequest(_ hook: @escaping @MainActor () -> Void) {
        if isFinishing { hook() } else { lastRequestHooks.append(hook) }
    }

    // MARK: Failure

    /// Called once when the worker cannot go on, with the reason: it is to drain and end. At once if that is so already.
    package var onFailure: ((String) -> Void)? {
        didSet { if let failure { onFailure?(failure) } }
    }

    /// Ends the worker, which cannot go on without something that has failed. Its supervisor starts another one.
    ///
    /// - Parameter reason: for the operator: `the service "queue" ended`.
    public func fail(because reason: String) {
        guard failure == nil, !isDraining else { return }
        failure = reason
        logger.critical("the worker cannot go on", metadata: ["reason": "\(reason)"])
        onFailure?(reason)
    }

    // MARK: Background work

    /// Until when background work may go on.
    public nonisolated enum WorkEnd: Sendable {
        /// It ends by itself, and the worker waits for it: a mail that is to be sent after the response.
        case done
        /// It would go on for ever, and is cancelled when the worker begins to drain: something periodic.
        case drain
    }

    /// Does something beside the requests. What it throws is logged.
    ///
    /// - Parameters:
    ///   - name: for the log.
    ///   - until: whether it is waited for or cancelled when the worker ends. Work that is begun while it ends is waited
    ///     for if it is `.done`, and not begun if it is `.drain`.
    ///   - body: what to do.
    public func background(
        _ name: String, until: WorkEnd = .done, _ body: @escaping @MainActor () async throws -> Void
    ) {
        guard !isDraining || until == .done else { return }
        let number = nextWork
        nextWork += 1
        idle.clear()
        let task = Task {
            do {
                try await body()
            } catch is CancellationError {
            } catch {
                logger.error("background work failed", metadata: ["name": "\(name)", "error": "\(error)"])
            }
            work[number] = nil
            if work.isEmpty { idle.set() }
        }
        work[number] = Work(until: until, task: task)
    }

    /// How many pieces of background work are going on.
    public var workCount: Int { work.count }

    // MARK: The end

    /// Cancels the work that would go on for ever.
    package func beginDraining() {
        isDraining = true
        for work in work.values where work.until == .drain { work.task.cancel() }
        let hooks = drainHooks
        drainHooks = []
        for hook in hooks { hook() }
    }

    /// Waits for all work, and calls the stop hooks.
    package func finish() async {
        beginDraining()
        isFinishing = true
        let hooks = lastRequestHooks
        lastRequestHooks = []
        for hook in hooks { hook() }
        while !work.isEmpty {
            do { try await idle.wait() } catch { break }
        }
        while let hook = stopHooks.popLast() { await hook() }
    }

    /// Cancels all work.
    package func cancelWork() {
        beginDraining()
        for work in work.values { work.task.cancel() }
    }
}
